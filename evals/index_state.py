"""What an index holds, in a form that two indexes can be compared by: no times, no row numbers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from ..retrieval.stores.collection import Collection
from ..retrieval.stores.edges import keys
from ..retrieval.stores.embedded_graph import EmbeddedGraph
from ..retrieval.stores.engines import graph_server
from ..retrieval.stores.lexical import SparseVector
from ..retrieval.stores.texts import Store

DENSE_TOLERANCE = 1e-5
TABLES = {
    "files": "SELECT path, root, size, hash, reading, secrets, counter, status, reason, withheld FROM files"
    " ORDER BY path",
    "roots": "SELECT path FROM roots ORDER BY path",
    "chunks": "SELECT id, path, start_line, end_line, symbol, language, place, length, header, text, terms,"
    " class FROM chunks JOIN texts USING (num) ORDER BY id",
    "references": "SELECT id, kind, name FROM refs JOIN chunks ON chunk = num ORDER BY id, kind, name",
    "document frequencies": "SELECT term, n FROM terms ORDER BY term",
    "extracts": "SELECT path, text FROM extracts ORDER BY path",
    "kept vectors": "SELECT model, content FROM vectors ORDER BY model, content",
    "edges": "SELECT id, packed FROM edges JOIN chunks ON chunk = num ORDER BY id",
    "outbox": "SELECT store, item, action, priority FROM outbox ORDER BY store, item",
    "stamps": "SELECT key, value FROM meta WHERE key IN ('embedder', 'grid', 'scrub') AND value <> '' ORDER BY key",
}


@dataclass(frozen=True, slots=True)
class IndexState:
    """Rows of each table, and each point's vectors by chunk id."""

    tables: Mapping[str, list[tuple[Any, ...]]]
    sparse: Mapping[str, SparseVector]
    dense: Mapping[str, list[float] | None]


def read_state(collection: Collection) -> IndexState:
    with Collection.open(collection.home, collection.name, engines=collection.engines) as opened:
        tables = {name: opened.store.execute(sql).fetchall() for name, sql in TABLES.items()}
        tables |= _graph(collection, opened.store)
        points = list(opened.shard.points(opened.store.embedder))
    return IndexState(
        tables,
        {chunk_id: sparse for chunk_id, sparse, _ in points},
        {chunk_id: dense for chunk_id, _, dense in points},
    )


def _graph(collection: Collection, store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """What the engine of the graph knows: how many references of each kind, and how many chunks have each name."""
    names = store.execute("SELECT DISTINCT kind, name FROM refs").fetchall()
    asked = sorted({key for kind, name in names for key in keys(kind, name)})
    with closing(graph_server(collection.engines, store) or EmbeddedGraph(store)) as graph:
        return {
            "graph": sorted(graph.counts().items()),
            "names of the graph": sorted(graph.frequencies(asked).chunks.items()),
        }


def differences(expected: IndexState, found: IndexState) -> list[str]:
    """One line for each part that differs; empty where the two are the same index."""
    lines = []
    for name in expected.tables:
        left, right = expected.tables[name], found.tables[name]
        if left != right:
            missing, extra = len(set(left) - set(right)), len(set(right) - set(left))
            lines.append(f"{name}: {missing} missing, {extra} too many")
    wrong = [key for key in expected.sparse if expected.sparse[key] != found.sparse.get(key)]
    if wrong or len(expected.sparse) != len(found.sparse):
        lines.append(f"sparse vectors: {len(wrong)} differ, {len(found.sparse)} of {len(expected.sparse)} points")
    worst = dense_distance(expected, found)
    if worst > DENSE_TOLERANCE:
        lines.append(f"dense vectors: differ by {worst:.1e}")
    return lines


def dense_distance(expected: IndexState, found: IndexState) -> float:
    """The largest difference of any component; infinite where a vector is missing or one too many."""
    if expected.dense.keys() != found.dense.keys():
        return float("inf")
    worst = 0.0
    for key, left in expected.dense.items():
        right = found.dense[key]
        if left is None or right is None:
            worst = worst if left is right else float("inf")
        else:
            worst = max([worst, *(abs(a - b) for a, b in zip(left, right, strict=True))])
    return worst
