"""Graph stores to run one suite over."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from hydragraph.retrieval.stores.embedded_graph import EmbeddedGraph
from hydragraph.retrieval.stores.neighbourhood import GraphItem
from hydragraph.retrieval.stores.neo4j_graph import Neo4jGraph
from hydragraph.retrieval.stores.texts import Store
from hydragraph.settings import Neo4jConfig

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


def neo4j_config() -> Neo4jConfig:
    """The server that HYDRAGRAPH_TEST_NEO4J_URL names."""
    url = os.environ.get("HYDRAGRAPH_TEST_NEO4J_URL")
    if not url:
        pytest.skip("HYDRAGRAPH_TEST_NEO4J_URL names no Neo4j server")
    return Neo4jConfig(url, password=os.environ.get("HYDRAGRAPH_TEST_NEO4J_PASSWORD", "hydragraph"), timeout=120)


class OwnNeo4jGraph(Neo4jGraph):
    """A graph of its own on the server of the tests, gone when it is closed."""

    def __init__(self) -> None:
        super().__init__(neo4j_config(), uuid.uuid4().hex)

    def close(self) -> None:
        self.clear()
        super().close()
