"""A lease is shared in a process, keeps nobody waiting for its own lock, and leaves nothing behind when it lets go."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hydragraph.errors import IndexBusyError
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.search.index_lease import IndexLease
from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection

if TYPE_CHECKING:
    from conftest import CountingEmbedder

Write = Callable[[Path, str], Path]
OURS = ("hydragraph-leg", "hydragraph-release")


@pytest.fixture
def indexed(docs: Collection, tree: Path, make_embedder: type[CountingEmbedder]) -> Collection:
    index(docs, [tree], make_embedder())
    return docs


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(OURS)]


def wait_until(done: Callable[[], bool]) -> None:
    for _ in range(1000):
        if done():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to be")


def test_who_searches_the_same_collection_shares_one_lease(indexed: Collection) -> None:
    lease = IndexLease.of(indexed.home, indexed.name)
    assert IndexLease.of(indexed.home, indexed.name) is lease
    assert IndexLease.of(indexed.home / "other", indexed.name) is not lease


def test_a_second_searcher_of_the_process_does_not_wait_for_the_first(
    indexed: Collection, make_embedder: type[CountingEmbedder]
) -> None:
    first = LocalSearcher(indexed.home, indexed.name, make_embedder, idle=60.0)
    second = LocalSearcher(indexed.home, indexed.name, make_embedder, idle=60.0, wait=0.0)
    assert first.search_now("zebra").hits == second.search_now("zebra").hits
    first.close()
    second.close()


def test_those_who_look_do_not_wait_for_one_who_opens_in_vain(indexed: Collection) -> None:
    waiting = LocalSearcher(indexed.home, indexed.name, wait=0.3)
    with indexed.owner(), pytest.raises(IndexBusyError, match="is in use by process"):
        waiting.search_now("zebra")
    assert waiting.search_now("zebra").hits  # and a failed opening is no state to be stuck in


def test_closing_ends_its_threads_and_lets_go_of_the_state(
    indexed: Collection, make_embedder: type[CountingEmbedder]
) -> None:
    wait_until(lambda: not threads())  # of tests before
    searcher = LocalSearcher(indexed.home, indexed.name, make_embedder, idle=60.0)
    searcher.search_now("zebra")
    lease = IndexLease.of(indexed.home, indexed.name)
    with lease.use() as opened:
        state = weakref.ref(opened.state)
    del opened
    assert threads() == ["hydragraph-release"]
    searcher.close()
    wait_until(lambda: not threads())
    gc.collect()
    assert state() is None


def test_it_lets_go_by_itself_when_idle(indexed: Collection) -> None:
    searcher = LocalSearcher(indexed.home, indexed.name, idle=0.05)
    searcher.search_now("zebra")
    wait_until(lambda: not threads())
    with indexed.owner(wait=0.0):
        pass


def test_a_search_sees_what_was_indexed_since(indexed: Collection, tree: Path, write: Write) -> None:
    searcher = LocalSearcher(indexed.home, indexed.name, idle=60.0)
    assert searcher.search_now("walrus").hits == ()
    searcher.close()
    write(tree / "new.txt", "The walrus and the carpenter.\n")
    index(indexed, [tree], None)
    assert [Path(hit.path).name for hit in searcher.search_now("walrus").hits] == ["new.txt"]
    searcher.close()
