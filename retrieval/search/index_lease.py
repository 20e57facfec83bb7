"""Holding an embedded collection only while there is work, for there is one owner at a time and others wait."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..stores.collection import WAIT_SECONDS, Collection
from ..stores.edge_vectors import EdgeVectors
from ..stores.texts import Store
from .search_state import Snapshot

IDLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Session:
    """An open collection and the state of it that this search sees."""

    store: Store
    shard: EdgeVectors
    snapshot: Snapshot


class SharedSession:
    """Opens a collection for whoever works on it, and lets go when nobody has for a moment.

    While an index or forget runs, it lets go at once, so that a stream of searches cannot starve it.
    """

    def __init__(self, home: Path, name: str, *, idle: float = IDLE_SECONDS, wait: float = WAIT_SECONDS) -> None:
        self.collection = Collection(home, name)
        self._idle = idle
        self._wait = wait
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._opened: tuple[Store, EdgeVectors] | None = None
        self._stack = ExitStack()
        self._snapshot: Snapshot | None = None
        self._users = 0
        self._last_use = 0.0

    @contextmanager
    def use(self) -> Iterator[Session]:
        with self._lock:
            session = self._enter()
            self._users += 1
        try:
            yield session
        finally:
            with self._lock:
                self._users -= 1
                self._last_use = time.monotonic()
                if not self._users and (not self._idle or is_being_written(self.collection)):
                    self._release()

    def close(self) -> None:
        """Let go now, unless somebody still works: then when they are done and idle."""
        with self._lock:
            if not self._users:
                self._release()

    def _enter(self) -> Session:
        if self._opened is None:
            opened = self._stack.enter_context(
                Collection.open(self.collection.home, self.collection.name, wait=self._wait)
            )
            self._opened = (opened.store, opened.shard)
            if self._idle:
                work = partial(self._release_when_idle, self._opened)
                threading.Thread(target=work, name="hydragraph-release", daemon=True).start()
        store, shard = self._opened
        generation, grid = store.state()
        if self._snapshot is None or self._snapshot.generation != generation:
            self._snapshot = Snapshot(store)
        self._snapshot.resume(store, grid)
        return Session(store, shard, self._snapshot)

    def _release(self) -> None:
        self._opened = None
        self._stack.close()
        self._changed.notify_all()

    def _release_when_idle(self, opened: tuple[Store, EdgeVectors]) -> None:
        with self._changed:
            while self._opened is opened:
                left = self._last_use + self._idle - time.monotonic()
                if not self._users and left <= 0:
                    self._release()
                else:
                    self._changed.wait(max(left, self._idle / 4))


def is_being_written(collection: Collection) -> bool:
    """Does an index or forget run now?"""
    try:
        descriptor = os.open(collection.folder / "writer.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
