"""The graphs that langgraph.json names, for LangGraph Studio and LangGraph Server. Importing has no effect."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .rag.machine import Rag


def rag(config: dict[str, Any]) -> AbstractAsyncContextManager[Rag]:
    """The RAG machine over the collection that the settings in force here name, without a checkpointer."""
    return _rag()


@asynccontextmanager
async def _rag() -> AsyncIterator[Rag]:
    yield await asyncio.to_thread(_built)


_graphs: dict[str, Rag] = {}


def _built() -> Rag:
    """Once a process: the server asks for the graph at every request, and reading settings blocks. Its services are
    open for as long as the process lives."""
    from ..settings import load_settings
    from .hosting.from_settings import open_services, rag_settings
    from .rag.machine import build_rag_graph

    if "rag" not in _graphs:
        settings = load_settings().settings
        _graphs["rag"] = build_rag_graph(open_services(settings, AsyncExitStack()), rag_settings(settings))
    return _graphs["rag"]
