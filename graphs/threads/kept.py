"""Which threads there are, which of them mention a file, and how one is forgotten so that no byte of it stays.

A thread's checkpoints hold what the person was told: questions, answers with their quotes, and where these stand.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...storage.faults import translated
from ...storage.private import close_home
from .saver import FILE, broken

BUSY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation over one collection, whose name has no slash; `last` is when it last went on."""

    collection: str
    name: str
    questions: int = 0
    last: str = ""

    @property
    def id(self) -> str:
        return f"{self.collection}/{self.name}"


def list_threads(home: Path) -> list[Thread]:
    """Every thread with the number of its questions."""
    from langgraph.checkpoint.sqlite import SqliteSaver

    with _opened(home) as connection:
        if connection is None:
            return []
        saver = SqliteSaver(connection)
        found = []
        for name in _ids(connection):
            kept = saver.get_tuple({"configurable": {"thread_id": name, "checkpoint_ns": ""}})
            values = kept.checkpoint["channel_values"] if kept else {}
            asked = sum(message.type == "human" for message in values.get("messages", ()))
            collection, _, called = name.partition("/")
            found.append(Thread(collection, called, asked, kept.checkpoint["ts"] if kept else ""))
        return found


def threads_of(home: Path, collection: str | None) -> list[Thread]:
    """Those over one collection, or over any."""
    with _opened(home) as connection:
        return [] if connection is None else _over(connection, collection)


def threads_with(home: Path, collection: str | None, paths: Iterable[str]) -> list[Thread]:
    """Those that hold one of the paths or something below it, be it only in a place that was found."""
    pattern = re.compile(b"|".join(re.escape(os.fsencode(path.rstrip("/"))) + rb"(?![\w-])" for path in paths))
    with _opened(home) as connection:
        threads = [] if connection is None else _over(connection, collection)
        return [
            thread
            for thread in threads
            if connection and any(pattern.search(blob) for blob in _blobs(connection, thread.id))
        ]


def forget_threads(home: Path, threads: Sequence[Thread]) -> None:
    """Wipe them. Raises IndexBusyError while another process has threads open."""
    if not threads:
        return
    with _opened(home) as connection:
        if connection is None:
            return
        # out of the write-ahead log and overwritten in place: no kill from here on leaves what was deleted
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN IMMEDIATE")
        for table in ("checkpoints", "writes"):
            sql = f"DELETE FROM {table} WHERE thread_id = ?"  # noqa: S608 - one of two names of ours
            connection.executemany(sql, [(thread.id,) for thread in threads])
        connection.execute("COMMIT")
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


def _ids(connection: sqlite3.Connection) -> list[str]:
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'checkpoints'").fetchone():
        return []
    sql = "SELECT thread_id FROM checkpoints UNION SELECT thread_id FROM writes"
    return [str(name) for (name,) in connection.execute(sql) if "/" in name]


def _over(connection: sqlite3.Connection, collection: str | None) -> list[Thread]:
    parts = [name.partition("/") for name in _ids(connection)]
    return [Thread(over, called) for over, _, called in parts if collection in (None, over)]


def _blobs(connection: sqlite3.Connection, name: str) -> Iterator[bytes]:
    for sql in ("SELECT checkpoint, metadata FROM checkpoints", "SELECT value, NULL FROM writes"):
        for row in connection.execute(f"{sql} WHERE thread_id = ?", (name,)):
            yield from (value if isinstance(value, bytes) else value.encode() for value in row if value)
