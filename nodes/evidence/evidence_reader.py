"""Where nodes find places and their text: a searcher, and the store that keeps what it brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from typing_extensions import TypedDict

from ...domain import Caveat, Evidence, EvidenceStore, FileSpan, Hit, Searcher
from ..channels import Found


def none_known(_paths: Sequence[str]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a run looks through: a searcher, and the store that keeps the texts of what it brought.

    `file_hashes` gives the SHA-256 of each file as it was indexed, where that is known. It blocks.
    """

    searcher: Searcher
    store: EvidenceStore
    file_hashes: Callable[[Sequence[str]], Mapping[str, str]] = none_known


class Corpora(Protocol):
    """Every corpus that a run may look through."""

    def open(self, collections: Sequence[str]) -> Corpus:
        """That of the collections with these names; without a name the default one. Opens no file yet."""
        ...


@dataclass(frozen=True, slots=True)
class Findings:
    found: list[Found]
    caveats: list[Caveat]


class Looking(TypedDict):
    """The channels that say where a run looks, and what it searched for there."""

    collections: list[str]
    tried: list[str]


@dataclass(frozen=True, slots=True)
class EvidenceReader:
    """Finds places in the corpora and reads their text; a search brings at most `limit` places."""

    corpora: Corpora
    limit: int

    async def find(self, query: str, collections: Sequence[str]) -> Findings:
        result = await self.corpora.open(collections).searcher.search(query, limit=self.limit)
        found = [_from_hit(hit, rank) for rank, hit in enumerate(result.hits, start=1)]
        return Findings(found, ["dense_not_ready"] if result.dense_ready < 1.0 else [])

    async def read(self, found: Sequence[Found], looking: Looking) -> list[Evidence]:
        """The texts under their evidence ids, as `found` orders them. What a process took with it is searched again."""
        corpus = self.corpora.open(looking["collections"])
        ids = {place["key"]: place for place in found}
        items = await corpus.store.get(list(ids))
        if len(items) < len(ids):
            for query in looking["tried"]:
                await corpus.searcher.search(query, limit=self.limit)
            items = await corpus.store.get(list(ids))
        return [_named(item, ids[item.id]) for item in items]

    async def known_words(self, words: Sequence[str], collections: Sequence[str]) -> frozenset[str]:
        """Those that the corpus has at all."""
        return await self.corpora.open(collections).searcher.known_words(words) if words else frozenset()

    async def keep(self, items: Sequence[Evidence], collections: Sequence[str]) -> list[Found]:
        """Evidence from outside the corpus, kept beside it."""
        await self.corpora.open(collections).store.put(items)
        return [_from_evidence(item, rank) for rank, item in enumerate(items, start=1)]


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


def _from_evidence(item: Evidence, rank: int) -> Found:
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
