"""A whole index, search and forget with the vectors on Qdrant: the same hits as embedded, and nothing left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from hydragraph.errors import StoreServerError
from hydragraph.evals.index_state import read_state
from hydragraph.retrieval.indexing.forget import forget_collection, forget_path
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection, list_collections
from hydragraph.retrieval.stores.engines import EMBEDDED, Engines, hosts
from hydragraph.settings import Neo4jConfig, QdrantConfig, StoresSettings
from qdrant_http import QdrantServer, qdrant_server


@pytest.fixture
def server() -> Iterator[QdrantServer]:
    with qdrant_server() as like:
        yield like


def on(server: QdrantServer) -> Engines:
    return Engines(StoresSettings(vectors="qdrant"), QdrantConfig(url=server.url))


def hits(collection: Collection, embedder) -> list[tuple[str, float]]:
    searcher = LocalSearcher(collection.home, collection.name, lambda: embedder, idle=0, engines=collection.engines)
    return [(hit.chunk_id, pytest.approx(hit.score, abs=1e-5)) for hit in searcher.search_now("open a session").hits]


def test_the_same_hits_from_a_server_the_local_mode_and_edge(server, home, tree, write, make_embedder) -> None:
    embedder = make_embedder()
    folder = Engines(StoresSettings(vectors="qdrant"), QdrantConfig(path=str(home / "qdrant")))
    found = []
    for name, engines in (("edge", EMBEDDED), ("server", on(server)), ("folder", folder)):
        collection = Collection(home, name, engines)
        assert index(collection, [tree], embedder).dense_ready == 1
        first = hits(collection, embedder)
        write(tree / "app.py", f"def close_session(path):\n    return {name!r}\n")
        index(collection, [tree], embedder)
        assert hits(collection, embedder) != first
        write(tree / "app.py", "import os\n\n\ndef open_session(path):\n    return os.path.join(path, 'session')\n")
        index(collection, [tree], embedder)
        found.append(hits(collection, embedder))
        assert found[-1] == found[0]
        assert bool(list(collection.folder.glob("vectors-*"))) == (name == "edge")
    assert os.listdir(home / "qdrant") != []


def test_the_engine_is_the_one_that_the_collection_records(server, home, tree, make_embedder) -> None:
    embedder = make_embedder()
    index(Collection(home, "docs", on(server)), [tree], embedder)
    elsewhere = Engines(qdrant=QdrantConfig(url=server.url))
    assert hits(Collection(home, "docs", elsewhere), embedder)
    with pytest.raises(StoreServerError, match=r"has its vectors on 'qdrant'.*Set qdrant\.url"):
        hits(Collection(home, "docs"), embedder)
    index(Collection(home, "more"), [tree], embedder)
    assert hits(Collection(home, "more", on(server)), embedder)
    assert [info.trouble for info in list_collections(home)] == ["", ""]


def test_what_lies_on_another_machine_is_said_with_its_host(server, home, tree, make_embedder) -> None:
    docs, more = Collection(home, "docs", on(server)), Collection(home, "more")
    index(docs, [tree], make_embedder())
    index(more, [tree], make_embedder())
    assert hosts(docs.engines, docs.database) == {"vectors": server.url.removeprefix("http://").split(":")[0]}
    assert hosts(docs.engines, more.database) == {}
    assert hosts(docs.engines, home / "nothing" / "index.db") == {}


def test_forget_deletes_on_the_server_too(server, home, tree, make_embedder) -> None:
    docs, other = Collection(home, "docs", on(server)), Collection(home, "other", on(server))
    for collection in (docs, other):
        index(collection, [tree], make_embedder())
    before = read_state(other)
    chunks = len(read_state(docs).sparse)
    forget_path(docs, tree / "guide.md")
    assert len(read_state(docs).sparse) < chunks
    forget_collection(docs)
    assert len(server.client.get_collections().collections) == 1
    assert read_state(other) == before


def test_with_the_server_away_forget_says_so_and_removes_nothing(server, home, tree, make_embedder) -> None:
    docs = Collection(home, "docs", on(server))
    index(docs, [tree], make_embedder())
    away = Collection(home, "docs", Engines(qdrant=QdrantConfig(url="http://127.0.0.1:1")))
    with pytest.raises(StoreServerError, match="is away"):
        forget_collection(away)
    assert hits(docs, make_embedder())


def test_vectors_that_are_gone_from_the_server_are_made_again(server, home, tree, make_embedder) -> None:
    docs, embedder = Collection(home, "docs", on(server)), make_embedder()
    index(docs, [tree], embedder)
    found = hits(docs, embedder)
    for item in server.client.get_collections().collections:
        server.client.delete_collection(item.name)
    embedded = embedder.embedded
    report = index(docs, [tree], embedder)
    assert (report.embedded, hits(docs, embedder)) == (0, found)
    assert embedder.embedded == embedded + 1  # the question


@pytest.mark.parametrize(
    "engines",
    [
        Engines(StoresSettings(vectors="qdrant"), QdrantConfig(url="http://127.0.0.1:9", timeout=1.0)),
        Engines(StoresSettings(graph="neo4j"), neo4j=Neo4jConfig(url="bolt://127.0.0.1:9", timeout=1.0)),
    ],
)
def test_a_first_index_whose_server_is_away_leaves_no_collection_behind(engines, home, tree) -> None:
    """One was left that could not be forgotten either, because its server did not answer."""
    with pytest.raises(StoreServerError):
        index(Collection(home, "docs", engines), [tree], None)
    assert not Collection(home, "docs").folder.exists()
    assert index(Collection(home, "docs"), [tree], None).files == 3
