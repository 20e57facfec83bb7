"""Graph stores to run one suite over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hydragraph.retrieval.stores.embedded_graph import EmbeddedGraph
from hydragraph.retrieval.stores.neighbourhood import GraphItem
from hydragraph.retrieval.stores.texts import Store

CHUNK = (
    "INSERT OR IGNORE INTO chunks (id, path, start_line, end_line, symbol, language, place, length, content, class)"
    " VALUES (?, '/t/a', 1, 1, '', 'text', '', 1, x'00', 'other')"
)


class LedgerGraph(EmbeddedGraph):
    """Writes as the manifest does, which knows a chunk before its edges and counts its generations."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path, create=True)
        super().__init__(self.store)

    def put(self, items: Sequence[GraphItem]) -> None:
        self.store.executemany(CHUNK, [(item.chunk_id,) for item in items])
        super().put(items)

    def close(self) -> None:
        super().close()
        self.store.close()
