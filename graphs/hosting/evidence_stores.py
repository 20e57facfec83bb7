"""Where the texts of evidence are kept: in memory, or in the collection that they come from."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from ...domain import Evidence, Searcher


class InMemoryEvidence:
    """The last `most` pieces of evidence by key, each for so many seconds. What is gone is searched again."""

    def __init__(
        self, *, most: int = 5_000, seconds: float = float("inf"), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._items: OrderedDict[str, tuple[float, Evidence]] = OrderedDict()
        self._most = most
        self._seconds = seconds
        self._clock = clock

    async def put(self, items: Sequence[Evidence]) -> None:
        until = self._clock() + self._seconds
        for item in items:
            self._items[item.id] = (until, item)
            self._items.move_to_end(item.id)
        while len(self._items) > self._most:
            self._items.popitem(last=False)

    async def get(self, ids: Sequence[str]) -> list[Evidence]:
        self._drop_old()
        return [self._items[key][1] for key in ids if key in self._items]

    def _drop_old(self) -> None:
        now = self._clock()
        while self._items and next(iter(self._items.values()))[0] <= now:
            self._items.popitem(last=False)


class CorpusEvidence:
    """Texts of chunks come from the collection, all others (a web page) from memory.

    The nodes of a run ask for the same chunks one after another: they are read once. A chunk's id is a hash over its
    text, so what is remembered is never wrong; it is remembered for a minute, for it may be forgotten meanwhile.
    """

    def __init__(
        self, searcher: Searcher, foreign: InMemoryEvidence | None = None, recent: InMemoryEvidence | None = None
    ) -> None:
        self._searcher = searcher
        self._foreign = foreign or InMemoryEvidence()
        self._recent = recent or InMemoryEvidence(most=256, seconds=60.0)

    async def put(self, items: Sequence[Evidence]) -> None:
        await self._foreign.put(items)

    async def get(self, ids: Sequence[str]) -> list[Evidence]:
        known = {item.id: item for item in [*await self._recent.get(ids), *await self._foreign.get(ids)]}
        asked = [key for key in ids if key not in known]
        if asked:
            read = await self._searcher.evidence(asked)
            await self._recent.put(read)
            known |= {item.id: item for item in read}
        return [known[key] for key in ids if key in known]
