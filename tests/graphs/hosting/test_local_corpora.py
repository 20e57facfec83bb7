"""The collections of a home as corpora: opened once, a bounded number at a time, with one embedder for all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hydragraph.domain import Embedder
from hydragraph.errors import EmbedderError, UsageError
from hydragraph.graphs.hosting.local_corpora import LocalCorpora, Once
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.stores.collection import Collection


@pytest.fixture
def home(own_home: Path, corpus: list[Path]) -> Path:
    for path in corpus:
        index(Collection(own_home, path.stem), [path], None)
    return own_home


def corpora(home: Path, most: int = 8) -> LocalCorpora:
    return LocalCorpora(home, "session", lambda: None, most=most)


async def test_a_collection_is_opened_once(home: Path) -> None:
    opened = corpora(home)

    assert opened.open(["pool"]) is opened.open(["pool"])
    assert opened.open(()) is opened.open(["session"])
    assert opened.open(()).searcher.collection == "session"
    result = await opened.open(["pool"]).searcher.search("checkout")
    assert [Path(hit.path).name for hit in result.hits][:1] == ["pool.py"]
    await opened.aclose()


async def test_the_least_recently_used_is_let_go_of_and_still_serves_who_has_it(home: Path) -> None:
    opened = corpora(home, most=2)
    first = opened.open(["session"])
    pool = opened.open(["pool"])
    opened.open(["session"])
    opened.open(["guide"])

    assert opened.open(["session"]) is first
    assert opened.open(["pool"]) is not pool
    result = await pool.searcher.search("checkout")
    assert [item.source.path for item in await pool.store.get([result.hits[0].chunk_id])] == [result.hits[0].path]
    await opened.aclose()


async def test_what_is_closed_holds_no_index(home: Path) -> None:
    opened = corpora(home)
    await opened.open(["pool"]).searcher.search("checkout")
    await opened.aclose()

    with Collection.open(home, "pool", wait=0.1) as free:
        assert free.store.counts().files == 1


def test_several_collections_at_once_are_refused(home: Path) -> None:
    with pytest.raises(UsageError, match="expected one, got pool, guide"):
        corpora(home).open(["pool", "guide"])


async def test_the_words_of_a_collection(home: Path) -> None:
    searcher = corpora(home).open(["pool"]).searcher

    assert await searcher.known_words(["connections", "QueuePool", "mapper", "max_overflow"]) == {
        "connections", "QueuePool", "max_overflow",
    }  # fmt: skip


def test_an_embedder_is_opened_once_and_again_where_it_failed() -> None:
    tries: list[int] = []

    def opening() -> Embedder | None:
        tries.append(1)
        if len(tries) == 1:
            raise EmbedderError("no weights")
        return None

    once = Once(opening)
    with pytest.raises(EmbedderError):
        once()
    assert (once(), once(), len(tries)) == (None, None, 2)


async def test_the_hashes_of_indexed_files(home: Path, corpus: list[Path]) -> None:
    pool = next(path for path in corpus if path.stem == "pool")
    hashes = corpora(home).open(["pool"]).file_hashes([str(pool), "/nowhere"])

    assert hashes == {str(pool): hashlib.sha256(pool.read_bytes()).hexdigest()}
