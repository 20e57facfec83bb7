"""Which threads there are, which of them have seen a file, and how one is forgotten so that no byte of it stays.

A thread's checkpoints hold what the person was told: questions, answers with their quotes, and where these stand.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...storage.faults import translated
from ...storage.private import close_home
from .saver import FILE, broken
from .store import Thread, ThreadStore

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite import SqliteSaver

BUSY_SECONDS = 10.0


def list_threads(home: Path) -> list[tuple[Thread, int]]:
    """Every thread with the number of its questions."""
    from langgraph.checkpoint.sqlite import SqliteSaver

    with _opened(home) as connection:
        if connection is None:
            return []
        saver = SqliteSaver(connection)
        return [(thread, _questions(saver, thread)) for thread in ThreadStore(connection).threads()]


def threads_of(home: Path, collection: str | None) -> list[Thread]:
    """Those over one collection, or over any."""
    with _opened(home) as connection:
        return [] if connection is None else ThreadStore(connection).threads(collection)


def threads_with(home: Path, collection: str | None, paths: Iterable[str]) -> list[Thread]:
    """Those that have seen one of the paths or something below it, be it only among the places that were found."""
    wanted = list(paths)
    with _opened(home) as connection:
        if connection is None:
            return []
        store = ThreadStore(connection)
        return [thread for thread in store.threads(collection) if store.has_seen(thread, wanted)]


def forget_threads(home: Path, threads: Sequence[Thread]) -> None:
    """Wipe them. Raises IndexBusyError while another process has threads open."""
    if not threads:
        return
    from langgraph.checkpoint.sqlite import SqliteSaver

    with _opened(home) as connection:
        if connection is None:
            return
        store, saver = ThreadStore(connection), SqliteSaver(connection)
        saver.setup()  # before the pragmas: it sets the journal mode itself
        # out of the write-ahead log and overwritten in place: no kill from here on leaves what was deleted
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA journal_mode = DELETE")
        for thread in threads:
            connection.execute("BEGIN IMMEDIATE")
            store.forget(thread)
            saver.delete_thread(thread.id)  # it commits
        connection.execute("VACUUM")


@contextmanager
def _opened(home: Path) -> Iterator[sqlite3.Connection | None]:
    """The database of the threads, or None where there has never been one."""
    path = home / FILE
    close_home(home)
    with translated(path, broken):
        try:
            path.stat()
        except FileNotFoundError:
            yield None
            return
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()


def _questions(saver: SqliteSaver, thread: Thread) -> int:
    kept = saver.get_tuple({"configurable": {"thread_id": thread.id, "checkpoint_ns": ""}})
    values = kept.checkpoint["channel_values"] if kept else {}
    return sum(message.type == "human" for message in values.get("messages", ()))
