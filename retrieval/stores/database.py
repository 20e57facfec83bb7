"""Statements on one SQLite file: its errors come as our own, and a transaction is all or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, cast

from ...storage.faults import damaged, translated
from .schema import connect

SLICE = 500  # parameters in one statement


class Rows:
    """What a statement gave. A damaged page may show only when its row is read."""

    __slots__ = ("_cursor", "_path")

    def __init__(self, path: Path, cursor: sqlite3.Cursor) -> None:
        self._path = path
        self._cursor = cursor

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def fetchone(self) -> Any:
        with translated(self._path, damaged):
            return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        with translated(self._path, damaged):
            return self._cursor.fetchall()

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid


class Database:
    """The database of one collection. One thread writes; any number may read."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._connection = connect(path, create=create)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        with translated(self.path, damaged):
            return Rows(self.path, self._connection.execute(sql, cast(Any, parameters)))

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        with translated(self.path, damaged):
            self._connection.executemany(sql, cast(Any, rows))

    def one(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """The only value of the only row."""
        return self.execute(sql, parameters).fetchone()[0]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what is inside reaches the disk when the block ends, or leaves no trace."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def in_slices(self, sql: str, values: Collection[object]) -> Iterator[tuple[Any, ...]]:
        """Rows of `sql`, whose one `{}` takes the placeholders of a slice of the values."""
        remaining = list(values)
        for start in range(0, len(remaining), SLICE):
            part = remaining[start : start + SLICE]
            yield from self.execute(sql.format(",".join("?" * len(part))), part)

    def compact(self) -> bool:
        """Leave no byte of what was deleted; False where another program reads and the log could not be emptied."""
        self.execute("VACUUM")
        return self.empty_log()

    def empty_log(self) -> bool:
        return not self.one("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def size(self) -> int:
        return self.path.stat().st_size
