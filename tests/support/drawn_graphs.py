"""Small graphs from (chunk, kind, name), with chunks numbered so that their ids keep that order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hydragraph.domain import ReferenceKind
from hydragraph.retrieval.stores.edges import pack_edges
from hydragraph.retrieval.stores.graph_arrays import ChunkEdges, GraphArrays
from hydragraph.retrieval.stores.live_graph import LiveGraph

Said = tuple[int, ReferenceKind, str]


def chunk_id(number: int) -> str:
    return f"{number:016x}{number + 7:016x}"


def packed(references: Iterable[Said], chunks: Iterable[int]) -> list[ChunkEdges]:
    said = list(references)
    return [
        (number, chunk_id(number), pack_edges((kind, name) for chunk, kind, name in said if chunk == number))
        for number in chunks
    ]


def live_graph(references: Sequence[Said], chunks: int) -> LiveGraph:
    """All of it in saved arrays."""
    by_chunk: dict[int, list[tuple[ReferenceKind, str]]] = {number: [] for number in range(chunks)}
    for chunk, kind, name in references:
        by_chunk[chunk].append((kind, name))
    rows = [(number, chunk_id(number), pack_edges(pairs)) for number, pairs in by_chunk.items()]
    return LiveGraph.of(GraphArrays.build(rows), [], [])
