"""Where the texts of evidence are kept: in memory, or in the collection that they come from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from ...domain import Evidence, Searcher


class InMemoryEvidence:
    """The last `most` pieces of evidence by key. What is gone is searched again."""

    def __init__(self, *, most: int = 5_000) -> None:
        self._items: OrderedDict[str, Evidence] = OrderedDict()
        self._most = most

    async def put(self, items: Sequence[Evidence]) -> None:
        for item in items:
            self._items[item.id] = item
            self._items.move_to_end(item.id)
        while len(self._items) > self._most:
            self._items.popitem(last=False)

    async def get(self, ids: Sequence[str]) -> list[Evidence]:
        return [self._items[key] for key in ids if key in self._items]


class CorpusEvidence:
    """Texts of chunks come from the collection, all others (a web page) from memory."""

    def __init__(self, searcher: Searcher, foreign: InMemoryEvidence | None = None) -> None:
        self._searcher = searcher
        self._foreign = foreign or InMemoryEvidence()

    async def put(self, items: Sequence[Evidence]) -> None:
        await self._foreign.put(items)

    async def get(self, ids: Sequence[str]) -> list[Evidence]:
        known = {item.id: item for item in await self._foreign.get(ids)}
        asked = [key for key in ids if key not in known]
        if asked:
            known |= {item.id: item for item in await self._searcher.evidence(asked)}
        return [known[key] for key in ids if key in known]
