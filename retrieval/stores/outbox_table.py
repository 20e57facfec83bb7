"""The outbox of a collection: what each store does not have yet, in the same transactions as what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ..reading.text_class import TextClass

if TYPE_CHECKING:
    from .texts import Store

Action = Literal["put", "reweigh", "delete"]

SPARSE, DENSE = "sparse", "dense"
SPARSE_PRIORITY: Final[Mapping[Action, int]] = {"delete": 0, "put": 1, "reweigh": 1}
DENSE_PRIORITY: Final[Mapping[TextClass, int]] = {"source": 0, "documentation": 1, "tests": 2, "other": 3, "data": 3}


@dataclass(frozen=True, slots=True)
class Owed:
    """What is to be done with one item in a store."""

    item: str
    action: Action
    priority: int = 0


class OutboxTable:
    """What stores are owed, by store and item: a later action takes the place of an earlier one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def owe(self, store: str, owed: Iterable[Owed]) -> None:
        """A reweigh is owed only where nothing else is: a put brings the weights of today, too."""
        rows = [(store, one.item, one.action, one.priority) for one in owed]
        replacing, adding = [row for row in rows if row[2] != "reweigh"], [row for row in rows if row[2] == "reweigh"]
        self._store.executemany("INSERT OR REPLACE INTO outbox VALUES (?,?,?,?)", replacing)
        self._store.executemany("INSERT OR IGNORE INTO outbox VALUES (?,?,?,?)", adding)

    def owed(self, store: str, limit: int) -> list[Owed]:
        """The next ones: the lowest priority first, then by item."""
        sql = "SELECT item, action, priority FROM outbox WHERE store = ? ORDER BY priority, item LIMIT ?"
        return [Owed(*row) for row in self._store.execute(sql, (store, limit))]

    def done(self, store: str, owed: Iterable[Owed]) -> None:
        """The store has them safely. What has since been owed otherwise stays."""
        rows = [(store, one.item, one.action) for one in owed]
        self._store.executemany("DELETE FROM outbox WHERE store = ? AND item = ? AND action = ?", rows)

    def drop(self, store: str, items: Iterable[str] | None = None) -> None:
        """Owe the store nothing any more of these items, or nothing at all."""
        if items is None:
            self._store.execute("DELETE FROM outbox WHERE store = ?", (store,))
        else:
            rows = [(store, item) for item in items]
            self._store.executemany("DELETE FROM outbox WHERE store = ? AND item = ?", rows)

    def counts(self, store: str) -> dict[Action, int]:
        """How much of each action is owed."""
        return dict(
            self._store.execute("SELECT action, COUNT(*) FROM outbox WHERE store = ? GROUP BY action", (store,))
        )

    def count(self, store: str) -> int:
        return int(self._store.execute("SELECT COUNT(*) FROM outbox WHERE store = ?", (store,)).fetchone()[0])
