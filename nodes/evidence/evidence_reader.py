"""Where nodes find places and their text: a searcher, and the store that keeps what it brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...domain import Caveat, Evidence, EvidenceStore, FileSpan, Hit, Searcher
from ...text.words import stem, stems
from ..channels import Found

PROBE = 10


@dataclass(frozen=True, slots=True)
class Findings:
    found: list[Found]
    caveats: list[Caveat]


@dataclass(frozen=True, slots=True)
class Library:
    searcher: Searcher
    store: EvidenceStore

    async def find(self, query: str, *, limit: int) -> Findings:
        result = await self.searcher.search(query, limit=limit)
        found = [_from_hit(hit, rank) for rank, hit in enumerate(result.hits, start=1)]
        return Findings(found, ["dense_not_ready"] if result.dense_ready < 1.0 else [])

    async def read(self, found: Sequence[Found], tried: Sequence[str], *, limit: int) -> list[Evidence]:
        """The texts under their evidence ids, as `found` orders them. What a process took with it is searched again."""
        ids = {place["key"]: place for place in found}
        items = await self.store.get(list(ids))
        if len(items) < len(ids):
            for query in tried:
                await self.searcher.search(query, limit=limit)
            items = await self.store.get(list(ids))
        return [_named(item, ids[item.id]) for item in items]

    async def knows(self, word: str, token: str) -> bool:
        """Whether the corpus has the word at all, which the question writes as (a part of) `token`."""
        result = await self.searcher.search(token, limit=PROBE)
        if word == token.lower() and any("bm25" in hit.legs for hit in result.hits):
            return True
        texts = await self.store.get([hit.chunk_id for hit in result.hits])
        return any(stem(word) in stems(item.text) for item in texts)


def _from_hit(hit: Hit, rank: int) -> Found:
    dense = hit.legs.get("dense")
    return {
        "key": hit.chunk_id,
        "id": "",
        "path": hit.path,
        "start": hit.start_line,
        "end": hit.end_line,
        "place": hit.place,
        "title": hit.symbol,
        "score": float(hit.score),
        "rank": rank,
        "cosine": None if dense is None else float(dense.score),
    }


def from_evidence(item: Evidence, rank: int) -> Found:
    """A place outside the corpus, as a web search brings it."""
    span = item.source if isinstance(item.source, FileSpan) else None
    return {
        "key": item.id,
        "id": "",
        "path": span.path if span else str(item.source),
        "start": span.start if span else 0,
        "end": span.end if span else 0,
        "place": span.place if span else "",
        "title": item.title,
        "score": item.score,
        "rank": rank,
        "cosine": None,
    }


def _named(item: Evidence, place: Found) -> Evidence:
    return replace(item, id=place["id"], title=item.title or place["title"], score=place["score"])


def in_reading_order(found: Sequence[Found]) -> list[Found]:
    """The best of every query first: rank by rank, the higher score before the lower."""
    return sorted(found, key=lambda place: (place["rank"], -place["score"], place["path"], place["start"]))


def spot(place: Found) -> str:
    """`path:L10-L32`, with page or cell; a source outside the files as it is."""
    if not place["start"]:
        return place["path"]
    lines = f"{place['path']}:L{place['start']}-L{place['end']}"
    return f"{lines} ({place['place']})" if place["place"] else lines
