"""Holding a collection open only while there is work: one process at a time may have its vector store open.

All who search a collection in one process share one lease, so none waits for the lock of another.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, TypeVar
from weakref import WeakValueDictionary

from ...storage.locks import WAIT_SECONDS
from ..stores.collection import Collection
from ..stores.engines import EMBEDDED, Engines, graph_for_search
from ..stores.protocols import NearGraph, VectorIndex
from ..stores.texts import Store
from .search_state import SearchState

IDLE_SECONDS = 0.5
POOL = "hydragraph-leg"
GRAPH_PATIENCE = 1.0  # seconds for which a search tries a graph's server
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenIndex:
    """An open collection and the state of it that one search sees.

    `beside` runs a call in a thread of its own where that can save time: while a server answers. What this process does
    itself, two threads do no sooner than one.
    """

    store: Store
    shard: VectorIndex
    graph: NearGraph
    state: SearchState
    pool: ThreadPoolExecutor | None

    def beside(self, call: Callable[[], T]) -> Callable[[], T]:
        """How to get the result, and meanwhile its start."""
        return self.pool.submit(call).result if self.pool else call


class IndexLease:
    """Opens a collection for whoever works on it, and lets go of it, threads and memory included, when nobody has for
    `idle` seconds. While an index or forget runs it lets go at once, so that a stream of searches cannot starve it.

    Use `IndexLease.of`: one lease a collection and process.
    """

    _leases: ClassVar[WeakValueDictionary[Path, IndexLease]] = WeakValueDictionary()
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._changed = threading.Condition()
        self._index: OpenIndex | None = None
        self._stack = ExitStack()
        self._is_opening = False
        self._users = 0
        self._until = 0.0  # kept open so long, by the clock of time.monotonic

    @classmethod
    def of(cls, home: Path, name: str, engines: Engines = EMBEDDED) -> IndexLease:
        """The lease of a collection in this process; raises UsageError for a name that none can have."""
        collection = Collection(home, name, engines)
        key = Path(os.path.abspath(collection.folder))
        with cls._guard:
            lease = cls._leases.get(key)
            if lease is None:
                lease = cls._leases[key] = cls(collection)
            return lease

    @contextmanager
    def use(self, *, idle: float = IDLE_SECONDS, wait: float = WAIT_SECONDS) -> Iterator[OpenIndex]:
        """The collection, open for as long as the block runs and `idle` seconds more."""
        index = self._enter(idle, wait)
        try:
            yield index
        finally:
            with self._changed:
                self._users -= 1
                self._until = max(self._until, time.monotonic() + idle)
                if not self._users and (not idle or self.collection.is_being_written()):
                    self._release()

    def close(self) -> None:
        """Let go now, unless somebody still works: then when they are done and idle."""
        with self._changed:
            if not self._users:
                self._release()

    def _enter(self, idle: float, wait: float) -> OpenIndex:
        until = time.monotonic() + wait
        with self._changed:
            while self._is_opening:
                self._changed.wait()  # who opens gives up in time
            self._users += 1
            self._is_opening = must_open = self._index is None
        try:
            if must_open:
                self._open(idle, max(0.0, until - time.monotonic()))
            return self._current()
        except BaseException:
            with self._changed:
                self._users -= 1
            raise

    def _open(self, idle: float, wait: float) -> None:
        """The lock is waited for without keeping those out who only look."""
        stack, index = ExitStack(), None
        try:
            found = self.collection
            opened = stack.enter_context(Collection.open(found.home, found.name, wait=wait, engines=found.engines))
            is_remote = not opened.shard.is_exclusive
            pool = stack.enter_context(ThreadPoolExecutor(4, thread_name_prefix=POOL)) if is_remote else None
            graph = stack.enter_context(closing(graph_for_search(found.engines, opened.store, GRAPH_PATIENCE)))
            index = OpenIndex(opened.store, opened.shard, graph, SearchState(opened.store), pool)
        except BaseException:
            stack.close()
            raise
        finally:
            with self._changed:
                self._is_opening = False
                if index is not None:
                    self._index, self._stack = index, stack
                self._changed.notify_all()
        if idle:
            threading.Thread(
                target=self._release_when_idle, args=(index,), name="hydragraph-release", daemon=True
            ).start()

    def _current(self) -> OpenIndex:
        """The open collection with the state that it has now."""
        with self._changed:
            index = self._index
            assert index is not None
            if index.store.state() != index.state.identity:
                index = self._index = replace(index, state=SearchState(index.store))
            return index

    def _release(self) -> None:
        self._index, self._until = None, 0.0
        self._stack.close()
        self._changed.notify_all()

    def _release_when_idle(self, opened: OpenIndex) -> None:
        with self._changed:
            while self._index is not None and self._index.store is opened.store:
                left = self._until - time.monotonic()
                if not self._users and left <= 0:
                    self._release()
                else:
                    self._changed.wait(max(left, IDLE_SECONDS / 4))
