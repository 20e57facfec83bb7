"""A whole index, search and forget with the graph on Neo4j: the same hits as embedded, and nothing left behind."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hydragraph.errors import StoreServerError
from hydragraph.retrieval.indexing.forget import forget_collection, forget_path
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection, list_collections
from hydragraph.retrieval.stores.engines import EMBEDDED, Engines, graph_server
from hydragraph.retrieval.stores.texts import Store
from hydragraph.settings import Neo4jConfig, QdrantConfig, StoresSettings

Write = Callable[[Path, str], Path]
AWAY = Engines(StoresSettings(graph="neo4j"), neo4j=Neo4jConfig("bolt://127.0.0.1:9", password="x", timeout=0.1))
QUESTION = "Where is open_session?"


@pytest.fixture
def engines(home: Path) -> Engines:
    """Vectors in qdrant-client's local mode, the graph on the server that HYDRAGRAPH_TEST_NEO4J_URL names."""
    url = os.environ.get("HYDRAGRAPH_TEST_NEO4J_URL")
    if not url:
        pytest.skip("HYDRAGRAPH_TEST_NEO4J_URL names no Neo4j server")
    password = os.environ.get("HYDRAGRAPH_TEST_NEO4J_PASSWORD", "hydragraph")
    stores = StoresSettings(vectors="qdrant", graph="neo4j")
    return Engines(stores, QdrantConfig(path=str(home / "qdrant")), Neo4jConfig(url, password=password, timeout=120))


@pytest.fixture
def code(tree: Path, write: Write) -> Path:
    for name in ("one", "two", "three"):
        write(tree / f"{name}.py", f"from app import open_session\n\n\ndef {name}(path):\n    open_session(path)\n")
    return tree


def hits(collection: Collection, question: str = QUESTION) -> list[tuple[str, object, list[str]]]:
    searcher = LocalSearcher(collection.home, collection.name, idle=0, engines=collection.engines)
    found = searcher.search_now(question).hits
    searcher.close()
    return [(hit.chunk_id, pytest.approx(hit.score, abs=1e-6), sorted(hit.legs)) for hit in found]


def total(collection: Collection) -> int:
    """The chunks that the server has."""
    with Store(collection.database) as store:
        server = graph_server(collection.engines, store)
        assert server is not None
        found = server.frequencies(()).total
        server.close()
    return found


def clear(collection: Collection) -> None:
    """As if the server had lost everything."""
    with Store(collection.database) as store:
        server = graph_server(collection.engines, store)
        assert server is not None
        server.clear()
        server.close()


@pytest.fixture
def served(home: Path, engines: Engines) -> Iterator[Collection]:
    collection = Collection(home, "served", engines)
    yield collection
    if collection.exists():
        forget_collection(collection)


@pytest.mark.service
def test_the_hits_are_those_of_the_embedded_graph_and_follow_the_files(
    home: Path, code: Path, served: Collection, write: Write
) -> None:
    embedded = Collection(home, "embedded", EMBEDDED)
    for collection in (embedded, served):
        index(collection, [code], None)
    assert hits(served) == hits(embedded)
    assert any("graph" in legs for _, _, legs in hits(served))
    write(code / "one.py", "def one():\n    return 1\n")
    (code / "two.py").unlink()
    for collection in (embedded, served):
        index(collection, [code], None)
    assert hits(served) == hits(embedded)
    forget_path(served, code / "three.py")
    forget_path(embedded, code / "three.py")
    assert hits(served) == hits(embedded)
    assert total(served) == len(served_chunks(served))
    forget_collection(served)
    assert [info.name for info in list_collections(home)] == ["embedded"]
    assert os.listdir(home / "qdrant") == []


def served_chunks(collection: Collection) -> list[str]:
    with Store(collection.database) as store:
        return store.chunk_ids()


@pytest.mark.service
def test_a_server_that_lost_everything_is_filled_again(code: Path, served: Collection) -> None:
    index(served, [code], None)
    before = hits(served)
    clear(served)
    assert total(served) == 0
    index(served, [code], None)
    assert hits(served) == before


@pytest.mark.service
def test_with_the_server_away_a_search_goes_on_an_index_is_owed_and_forget_removes_nothing(
    home: Path, code: Path, served: Collection, write: Write
) -> None:
    index(served, [code], None)
    away = Collection(home, "served", replace(served.engines, neo4j=AWAY.neo4j))
    searcher = LocalSearcher(home, "served", idle=0, engines=away.engines)
    found = searcher.search_now(QUESTION)
    assert (found.hits != (), "graph" in found.absent) == (True, True)
    assert "does not answer" in searcher.trouble
    searcher.close()
    with pytest.raises(StoreServerError, match="does not answer"):
        forget_path(away, code / "one.py")
    with pytest.raises(StoreServerError, match="does not answer"):
        forget_collection(away)
    assert {Path(path).name for path in paths(away)} >= {"one.py", "app.py"}
    write(code / "one.py", "def other():\n    return 1\n")
    with pytest.raises(StoreServerError, match="does not answer"):
        index(away, [code], None)
    index(served, [code], None)
    assert total(served) == len(served_chunks(served))


def paths(collection: Collection) -> set[str]:
    with sqlite3.connect(collection.database) as connection:
        return {path for (path,) in connection.execute("SELECT path FROM files")}
