"""The dense leg: chunks whose vector is near that of the question."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from ....domain import Embedder, LegName
from ....errors import EmbedderError
from ...stores.stamps import stamp_of
from .leg import Found, Question, Seeds

if TYPE_CHECKING:
    from ..index_lease import OpenIndex

OpenEmbedder = Callable[[], Embedder | None]


class DenseLeg:
    """`open_embedder` is called at the first search of a collection that has vectors; no embedder, no leg."""

    name: ClassVar[LegName] = "dense"
    depth: ClassVar[int] = 30  # more ranks no better
    is_seeded: ClassVar[bool] = False
    absent_on: ClassVar[tuple[type[Exception], ...]] = (EmbedderError,)

    def __init__(self, open_embedder: OpenEmbedder | None) -> None:
        self._open_embedder = open_embedder
        self._embedder: Embedder | None = None
        self._lock = threading.Lock()

    def find(self, index: OpenIndex, question: Question, seeds: Seeds, limit: int) -> Found:
        if not index.store.embedder or (embedder := self._opened()) is None:
            return Found()
        vector = embedder.embed([question.text])[0]
        return Found(index.shard.search_dense(stamp_of(embedder), vector, limit))

    def close(self) -> None:
        """Let go of the model."""
        with self._lock:
            self._embedder = None

    def _opened(self) -> Embedder | None:
        with self._lock:
            if self._embedder is None and self._open_embedder is not None:
                self._embedder = self._open_embedder()
            return self._embedder
