"""The machines: state, wiring and what a host needs to embed them. Names are loaded when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .hosting.retriever import open_retriever as open_retriever
    from .hosting.services import DEFAULT as DEFAULT
    from .hosting.services import RagServices as RagServices
    from .hosting.services import RagSettings as RagSettings
    from .rag.machine import build_rag_graph as build_rag_graph

_HOMES = {
    "DEFAULT": "hosting.services",
    "RagServices": "hosting.services",
    "RagSettings": "hosting.services",
    "build_rag_graph": "rag.machine",
    "open_retriever": "hosting.retriever",
}
__all__ = ["DEFAULT", "RagServices", "RagSettings", "build_rag_graph", "open_retriever"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
