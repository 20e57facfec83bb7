"""The collections of a home as corpora: each opened once a process, the least recently used let go of."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...domain import Embedder
from ...errors import UsageError
from ...nodes.evidence.evidence_reader import Corpus
from .evidence_stores import CorpusEvidence

if TYPE_CHECKING:
    from ...retrieval.search.searcher import LocalSearcher
    from ...retrieval.stores.engines import Engines

MOST_OPEN = 8


class LocalCorpora:
    """At most `most` searchers, which share one embedder. One that is let go of while a run still searches with it
    serves that run to its end."""

    def __init__(
        self,
        home: Path,
        default: str,
        open_embedder: Callable[[], Embedder | None],
        *,
        most: int = MOST_OPEN,
        engines: Engines | None = None,
    ) -> None:
        self._engines = engines
        self._home = home
        self._default = default
        self._embedder = Once(open_embedder)
        self._most = most
        self._open: OrderedDict[str, tuple[LocalSearcher, Corpus]] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, collections: Sequence[str]) -> Corpus:
        if len(collections) > 1:
            raise UsageError(f"collections: expected one, got {', '.join(collections)}; ask each of them by itself")
        name = collections[0] if collections else self._default
        with self._lock:
            if name not in self._open:
                self._open[name] = self._new(name)
            self._open.move_to_end(name)
            gone = [self._open.popitem(last=False)[1][0] for _ in range(len(self._open) - self._most)]
            _, corpus = self._open[name]
        for searcher in gone:  # it may wait for a search to end, and an event loop may not
            threading.Thread(target=searcher.close, name="hydragraph-let-go", daemon=True).start()
        return corpus

    async def aclose(self) -> None:
        """Let go of all; what is opened later is opened anew."""
        with self._lock:
            gone = [searcher for searcher, _ in self._open.values()]
            self._open.clear()
        for searcher in gone:
            await asyncio.to_thread(searcher.close)

    def _new(self, name: str) -> tuple[LocalSearcher, Corpus]:
        from ...retrieval.search.searcher import LocalSearcher
        from ...retrieval.stores.engines import EMBEDDED

        searcher = LocalSearcher(self._home, name, self._embedder, engines=self._engines or EMBEDDED)
        return searcher, Corpus(searcher, CorpusEvidence(searcher), searcher.file_hashes_now)


class Once:
    """An embedder opened at the first call and given to all; where that fails, the next call tries again."""

    def __init__(self, open_embedder: Callable[[], Embedder | None]) -> None:
        self._open_embedder = open_embedder
        self._opened: tuple[Embedder | None] | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Embedder | None:
        with self._lock:
            if self._opened is None:
                self._opened = (self._open_embedder(),)
            return self._opened[0]
