"""The machines: state, wiring and what a host needs to embed them. Names are loaded when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .rag import build_rag_graph as build_rag_graph
    from .retriever import open_retriever as open_retriever
    from .services import DEFAULT as DEFAULT
    from .services import RagServices as RagServices
    from .services import RagSettings as RagSettings

_HOMES = {
    "DEFAULT": "services",
    "RagServices": "services",
    "RagSettings": "services",
    "build_rag_graph": "rag",
    "open_retriever": "retriever",
}
__all__ = ["DEFAULT", "RagServices", "RagSettings", "build_rag_graph", "open_retriever"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
