"""The outbox of a collection: what each store does not have yet, in the same transactions as what it is about."""

from __future__ import annotations

from collections.abc import Iterable

from .database import Database
from .owed import Action, Owed


class OutboxTable:
    """What stores are owed, by store and item: a later action takes the place of an earlier one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def owe(self, store: str, owed: Iterable[Owed]) -> None:
        """A reweigh is owed only where nothing else is: a put brings the weights of today, too."""
        rows = [(store, one.item, one.action, one.priority) for one in owed]
        replacing, adding = [row for row in rows if row[2] != "reweigh"], [row for row in rows if row[2] == "reweigh"]
        self._database.executemany("INSERT OR REPLACE INTO outbox VALUES (?,?,?,?)", replacing)
        self._database.executemany("INSERT OR IGNORE INTO outbox VALUES (?,?,?,?)", adding)

    def owed(self, store: str, limit: int) -> list[Owed]:
        """The next ones: the lowest priority first, then by item."""
        sql = "SELECT item, action, priority FROM outbox WHERE store = ? ORDER BY priority, item LIMIT ?"
        return [Owed(*row) for row in self._database.execute(sql, (store, limit))]

    def done(self, store: str, owed: Iterable[Owed]) -> None:
        """The store has them safely. What has since been owed otherwise stays."""
        rows = [(store, one.item, one.action) for one in owed]
        self._database.executemany("DELETE FROM outbox WHERE store = ? AND item = ? AND action = ?", rows)

    def drop(self, store: str, items: Iterable[str] | None = None) -> None:
        """Owe the store nothing any more of these items, or nothing at all."""
        if items is None:
            self._database.execute("DELETE FROM outbox WHERE store = ?", (store,))
        else:
            rows = [(store, item) for item in items]
            self._database.executemany("DELETE FROM outbox WHERE store = ? AND item = ?", rows)

    def counts(self, store: str) -> dict[Action, int]:
        """How much of each action is owed."""
        return dict(
            self._database.execute("SELECT action, COUNT(*) FROM outbox WHERE store = ? GROUP BY action", (store,))
        )

    def count(self, store: str) -> int:
        return int(self._database.one("SELECT COUNT(*) FROM outbox WHERE store = ?", (store,)))
