"""The vectors of a collection as its database keeps them, so that nothing is embedded twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .database import Database

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]


class KeptVectors:
    """By the stamp of an embedder and the content key of a chunk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, model: str, keys: Iterable[bytes]) -> dict[bytes, Vector]:
        """Those that are there."""
        sql = "SELECT vector FROM vectors WHERE model = ? AND content = ?"
        found = {key: self._database.execute(sql, (model, key)).fetchone() for key in keys}
        return {key: np.frombuffer(row[0], dtype=np.float32) for key, row in found.items() if row}

    def keep(self, model: str, vectors: Mapping[bytes, Vector] | Sequence[tuple[bytes, Vector]]) -> None:
        items = vectors.items() if isinstance(vectors, Mapping) else vectors
        rows = [(model, key, vector.tobytes()) for key, vector in items]
        with self._database.transaction():
            self._database.executemany("INSERT OR REPLACE INTO vectors VALUES (?,?,?)", rows)

    def drop_unused(self) -> None:
        """Drop those of no chunk that is there."""
        sql = "DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.content = vectors.content)"
        with self._database.transaction():
            self._database.execute(sql)

    def has_others(self, model: str) -> bool:
        """Are there vectors of another embedder?"""
        return bool(self._database.one("SELECT EXISTS (SELECT 1 FROM vectors WHERE model <> ?)", (model,)))

    def drop_others(self, model: str) -> None:
        self._database.execute("DELETE FROM vectors WHERE model <> ?", (model,))
