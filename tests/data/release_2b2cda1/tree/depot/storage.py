"""Parcels on shelves: a small warehouse in a SQLite file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from .retry import RetryPolicy, with_retry

SHELF_LIMIT = 40


class ShelfFullError(Exception):
    """A shelf holds at most SHELF_LIMIT parcels."""


class Storage:
    """Every parcel has a label and stands on one shelf."""

    def __init__(self, path: Path, policy: RetryPolicy | None = None) -> None:
        self._connection = sqlite3.connect(path)
        self._policy = policy or RetryPolicy()
        self._connection.execute("CREATE TABLE IF NOT EXISTS parcels (label TEXT PRIMARY KEY, shelf INTEGER NOT NULL)")

    def put(self, label: str, shelf: int) -> None:
        """Place a parcel; raises ShelfFullError where the shelf has no room left."""
        if self.count(shelf) >= SHELF_LIMIT:
            raise ShelfFullError(f"shelf {shelf} is full")
        with self._connection:
            self._connection.execute("INSERT INTO parcels VALUES (?, ?)", (label, shelf))

    def take(self, label: str) -> int:
        """Remove a parcel and return the shelf on which it stood; KeyError for an unknown label."""
        row = self._connection.execute("SELECT shelf FROM parcels WHERE label = ?", (label,)).fetchone()
        if row is None:
            raise KeyError(label)
        with self._connection:
            self._connection.execute("DELETE FROM parcels WHERE label = ?", (label,))
        return int(row[0])

    def count(self, shelf: int) -> int:
        row = self._connection.execute("SELECT count(*) FROM parcels WHERE shelf = ?", (shelf,)).fetchone()
        return int(row[0])

    def announce(self, label: str, carrier: "Carrier") -> None:
        """Tell the carrier that a parcel is ready, with the retry policy of this storage."""
        with_retry(lambda: carrier.notify(label), self._policy)

    def close(self) -> None:
        """Close the database; open transactions are rolled back."""
        self._connection.close()


class Carrier:
    """Whoever collects parcels. Subclasses send the message."""

    def notify(self, label: str) -> None:
        raise NotImplementedError
