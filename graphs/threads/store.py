"""The table of the threads: what each is called, which collections it is over, which files it has seen, and when.

It stands in the database of the checkpoints, which hold the state of each step and nothing that could be asked for.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FOUND = "found"  # the channel with the places that a run found
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS thread_paths (thread TEXT, path BLOB, PRIMARY KEY (thread, path)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS threads (id TEXT PRIMARY KEY, name TEXT NOT NULL, collections TEXT NOT NULL,"
    " created TEXT NOT NULL, last TEXT NOT NULL) WITHOUT ROWID",
)
GO_ON = "INSERT INTO threads VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET last = excluded.last"
SEE = "INSERT OR IGNORE INTO thread_paths VALUES (?, ?)"


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation over collections; `last` is when it last went on. `id` is what its checkpoints are kept under."""

    id: str
    name: str
    collections: tuple[str, ...]
    created: str = ""
    last: str = ""

    @classmethod
    def called(cls, name: str, collections: Sequence[str]) -> Thread:
        """No collection's name has a plus or a slash."""
        now = datetime.now(UTC).isoformat()
        return cls(f"{'+'.join(collections)}/{name}", name, tuple(collections), now, now)

    @property
    def over(self) -> str:
        return ", ".join(self.collections)

    def row(self) -> tuple[str, ...]:
        return self.id, self.name, json.dumps(self.collections), self.created, self.last


class ThreadStore:
    """Over an open connection in autocommit mode. The first one over a database takes over the threads of releases
    that had no table."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        if not self._has("threads"):
            taken = list(_old_threads(connection)) if self._has("checkpoints") else []
            self._make(taken)

    def threads(self, collection: str | None = None) -> list[Thread]:
        """Those over one collection, or all."""
        rows = self._connection.execute("SELECT id, name, collections, created, last FROM threads ORDER BY id")
        every = [Thread(key, name, tuple(json.loads(over)), created, last) for key, name, over, created, last in rows]
        return [thread for thread in every if collection is None or collection in thread.collections]

    def has_seen(self, thread: Thread, paths: Iterable[str]) -> bool:
        """Whether one of the paths, or something below it, was found in the thread."""
        sql = "SELECT EXISTS (SELECT 1 FROM thread_paths WHERE thread = ? AND (path = ? OR substr(path, 1, ?) = ?))"
        for path in paths:
            at = os.fsencode(path.rstrip("/"))
            if self._connection.execute(sql, (thread.id, at, len(at) + 1, at + b"/")).fetchone()[0]:
                return True
        return False

    def forget(self, thread: Thread) -> None:
        """Inside the caller's transaction."""
        self._connection.execute("DELETE FROM thread_paths WHERE thread = ?", (thread.id,))
        self._connection.execute("DELETE FROM threads WHERE id = ?", (thread.id,))

    def _has(self, table: str) -> bool:
        sql = "SELECT 1 FROM sqlite_schema WHERE name = ?"
        return self._connection.execute(sql, (table,)).fetchone() is not None

    def _make(self, taken: Sequence[tuple[Thread, frozenset[str]]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            self._connection.execute(statement)
        for thread, paths in taken:
            self._connection.execute(GO_ON, thread.row())
            self._connection.executemany(SEE, seen_rows(thread.id, paths))
        self._connection.execute("COMMIT")


def seen_rows(thread: str, paths: Iterable[str]) -> list[tuple[str, bytes]]:
    return [(thread, os.fsencode(path)) for path in paths]


def paths_in(found: Any) -> frozenset[str]:
    """The files of a written value of the channel `found`."""
    places = getattr(found, "value", found)
    return frozenset(place["path"] for place in places or () if isinstance(place, Mapping) and "path" in place)


def _old_threads(connection: sqlite3.Connection) -> Iterator[tuple[Thread, frozenset[str]]]:
    """A thread of these releases was called `collection/name` in its checkpoints, and what it saw stands there only."""
    from langgraph.checkpoint.sqlite import SqliteSaver

    saver = SqliteSaver(connection)
    for (key,) in connection.execute(
        "SELECT DISTINCT thread_id FROM checkpoints WHERE thread_id LIKE '%/%'"
    ).fetchall():
        kept = list(saver.list({"configurable": {"thread_id": key}}))  # the newest first
        collection, _, name = key.partition("/")
        times = sorted(step.checkpoint["ts"] for step in kept)
        values = [step.checkpoint["channel_values"].get(FOUND) for step in kept]
        values += [value for step in kept for _, channel, value in step.pending_writes or () if channel == FOUND]
        yield Thread(key, name, (collection,), times[0], times[-1]), frozenset().union(*map(paths_in, values))
