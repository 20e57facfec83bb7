"""What the vectors of an index depend on."""

from __future__ import annotations

from ...domain import Embedder


def stamp_of(embedder: Embedder) -> str:
    return f"{embedder.name}:{embedder.dimension}"
