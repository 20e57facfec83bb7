"""Search over one collection: direct legs together, then seeded ones, one ranked list."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from ...domain import LEGS, Evidence, FileSpan, Hit, LegName, Placement, SearchResult
from ...errors import StoreServerError
from ...storage.locks import WAIT_SECONDS
from ..reading.text_class import PROSE
from ..stores.engines import EMBEDDED, Engines
from ..stores.texts import Place, Store
from .fusion import Kind, fuse, kind_of, seeds
from .graph import defined_in, named_in
from .index_lease import IDLE_SECONDS, IndexLease, OpenIndex
from .legs import all_legs
from .legs.dense import OpenEmbedder
from .legs.leg import NOTHING, Found, Leg, Question, Ranked, Seeds

SEEDS: Final = 10  # best chunks of the direct legs from which the seeded ones walk
FRESH_SECONDS: Final = 30.0  # for how long the count of changed files is believed

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ranking:
    """What each leg found, best first, the fused list, and where the chunks in them stand.

    `lexical_most` and `defining` are what `fuse` was told beside.
    """

    legs: Mapping[LegName, Ranked]
    fused: Ranked
    kind: Kind
    lexical_most: float = 0.0
    defining: Mapping[str, float] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)


class LocalSearcher:
    """A Searcher over the collection `name` below `home`, which it owns only while it works.

    `open_embedder` is called at the first search that needs it; without one, or where it gives None, the dense leg is
    absent. A leg is absent too where it fails in a way that it names: `trouble` then says why and how to mend it.
    """

    def __init__(
        self,
        home: Path,
        name: str,
        open_embedder: OpenEmbedder | None = None,
        *,
        idle: float = IDLE_SECONDS,
        wait: float = WAIT_SECONDS,
        engines: Engines = EMBEDDED,
    ) -> None:
        self._lease = IndexLease.of(home, name, engines)
        self._use = partial(self._lease.use, idle=idle, wait=wait)
        self._legs = all_legs(open_embedder)
        self._troubles: dict[LegName, str] = {}
        self._changed: tuple[float, str, int] | None = None

    @property
    def collection(self) -> str:
        return self._lease.collection.name

    @property
    def trouble(self) -> str:
        """Why legs were absent in the last search, empty where none failed."""
        return " ".join(dict.fromkeys(self._troubles.values()))

    def close(self) -> None:
        """Let go of the collection and of the model now."""
        for leg in self._legs:
            leg.close()
        self._lease.close()

    async def search(self, query: str, *, limit: int = 10) -> SearchResult:
        import asyncio  # the command line, which has no loop, starts 20 ms earlier without it

        return await asyncio.to_thread(self.search_now, query, limit=limit)

    async def evidence(self, chunk_ids: Sequence[str]) -> list[Evidence]:
        import asyncio

        return await asyncio.to_thread(self.evidence_now, chunk_ids)

    async def known_words(self, words: Sequence[str]) -> frozenset[str]:
        import asyncio

        return await asyncio.to_thread(self.known_words_now, words)

    def search_now(self, query: str, *, limit: int = 10) -> SearchResult:
        """The same without an event loop, for programs that have none."""
        with self._use() as index:
            ranking = self._rank(index, query, limit)
            hits = _hits(ranking, limit)
            return SearchResult(
                hits=hits,
                absent=tuple(leg for leg in LEGS if not ranking.legs[leg]),
                dense_ready=index.state.dense_ready,
                changed_files=self._changed_files(index),
                dense_by_class=index.state.dense_ready_of([hit.chunk_id for hit in hits]),
            )

    def rank_now(self, query: str, *, depth: int = 10) -> Ranking:
        """Each leg's own list and the fused one as a search for `depth` hits makes them."""
        with self._use() as index:
            return self._rank(index, query, depth)

    def paths_now(self, chunk_ids: Iterable[str]) -> dict[str, str]:
        """The file of each chunk that is there."""
        with self._use() as index:
            return {chunk_id: place.path for chunk_id, place in index.state.places(chunk_ids).items()}

    def evidence_now(self, chunk_ids: Sequence[str]) -> list[Evidence]:
        """Text and source of chunks; needs no ownership, so it never waits."""
        self._lease.collection.require()
        with Store(self._lease.collection.database) as store:
            chunks = store.chunks(chunk_ids)
        return [
            Evidence(
                id=chunk_id,
                text=chunk.text,
                source=FileSpan(chunk.path, chunk.start_line, chunk.end_line, chunk.hash, chunk.place),
                title=chunk.symbol or Path(chunk.path).name,
            )
            for chunk_id in chunk_ids
            if (chunk := chunks.get(chunk_id)) is not None
        ]

    def file_hashes_now(self, paths: Sequence[str]) -> dict[str, str]:
        """The SHA-256 of the bytes of each file that is indexed."""
        self._lease.collection.require()
        with Store(self._lease.collection.database) as store:
            return store.file_hashes(paths)

    def known_words_now(self, words: Sequence[str]) -> frozenset[str]:
        self._lease.collection.require()
        with Store(self._lease.collection.database) as store:
            return frozenset(word for word in words if store.has_word(word))

    # --- the legs

    def _rank(self, index: OpenIndex, query: str, limit: int) -> Ranking:
        if not query.strip():
            return Ranking(dict.fromkeys((leg.name for leg in self._legs), ()), (), "prose")
        question, defining = _named(index, query)
        found = self._direct(index, question, limit)
        most = max(one.most for one in found.values())
        direct = _ordered(index, {name: one.ranked for name, one in found.items()})
        forces = dict(seeds(direct, SEEDS))
        seeded = {
            leg.name: self._find(index, question, limit, leg, forces).ranked for leg in self._legs if leg.is_seeded
        }
        legs = direct | _ordered(index, seeded)
        places = index.state.places(chunk_id for ranked in legs.values() for chunk_id, _ in ranked)
        kind = kind_of(named=bool(question.named), code_share=_code_share(places, direct.values()))
        fused = fuse(legs, kind, lexical_most=most, defining=defining)
        return Ranking(legs, _sorted(places, fused.items()), kind, most, defining, places)

    def _direct(self, index: OpenIndex, question: Question, limit: int) -> dict[LegName, Found]:
        """The direct legs together: where a server answers, all but the last in threads of their own."""
        *others, last = [leg for leg in self._legs if not leg.is_seeded]
        jobs = {leg.name: index.beside(partial(self._find, index, question, limit, leg)) for leg in others}
        here = self._find(index, question, limit, last)
        return {name: result() for name, result in jobs.items()} | {last.name: here}

    def _find(self, index: OpenIndex, question: Question, limit: int, leg: Leg, forces: Seeds = NOTHING) -> Found:
        try:
            found = leg.find(index, question, forces, max(leg.depth, limit))
        except leg.absent_on as error:
            if str(error) != self._troubles.get(leg.name):
                _log.warning("%s leg absent: %s", leg.name, error)
            self._troubles[leg.name] = str(error)
            return Found()
        self._troubles.pop(leg.name, None)
        return found

    def _changed_files(self, index: OpenIndex) -> int:
        now, generation = time.monotonic(), index.state.generation
        known = self._changed
        if known is None or known[1] != generation or now - known[0] > FRESH_SECONDS:
            known = self._changed = (now, generation, count_changed(index.store))
        return known[2]


def _named(index: OpenIndex, query: str) -> tuple[Question, Mapping[str, float]]:
    """What the question speaks of, and the chunks that define it; nothing where the graph's server is away."""
    try:
        return Question(query, named_in(index.graph, query)), defined_in(index.graph, query)
    except StoreServerError:  # the graph leg says so
        return Question(query), {}


def count_changed(store: Store) -> int:
    """Indexed files whose size or time differs from what was indexed, or that are gone."""
    return sum(_differs(*row) for row in store.changed_files())


def _differs(path: str, size: int, mtime_ns: int) -> bool:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return True
    return (found.st_size, found.st_mtime_ns) != (size, mtime_ns)


def _ordered(index: OpenIndex, legs: Mapping[LegName, Ranked]) -> dict[LegName, Ranked]:
    """Each list with its ties by path and line; chunks of another state of the collection are left out."""
    places = index.state.places(chunk_id for ranked in legs.values() for chunk_id, _ in ranked)
    return {name: _sorted(places, ranked) for name, ranked in legs.items()}


def _sorted(places: Mapping[str, Place], found: Iterable[tuple[str, float]]) -> Ranked:
    present = [
        (-score, place.path, place.start_line, chunk_id)
        for chunk_id, score in found
        if (place := places.get(chunk_id)) is not None
    ]
    present.sort()
    return [(chunk_id, -score) for score, _, _, chunk_id in present]


def _code_share(places: Mapping[str, Place], ranked: Iterable[Ranked]) -> float:
    best = [chunk_id for leg in ranked for chunk_id, _ in leg[:SEEDS]]
    code = sum(places[chunk_id].language not in PROSE for chunk_id in best)
    return code / len(best) if best else 0.0


def _hits(ranking: Ranking, limit: int) -> tuple[Hit, ...]:
    wanted = {chunk_id for chunk_id, _ in ranking.fused[:limit]}
    placements: dict[str, dict[LegName, Placement]] = {chunk_id: {} for chunk_id in wanted}
    for leg, ranked in ranking.legs.items():
        for rank, (chunk_id, score) in enumerate(ranked, start=1):
            if chunk_id in wanted:
                placements[chunk_id][leg] = Placement(rank, score)
    return tuple(
        _hit(ranking.places[chunk_id], score, placements[chunk_id]) for chunk_id, score in ranking.fused[:limit]
    )


def _hit(place: Place, score: float, legs: Mapping[LegName, Placement]) -> Hit:
    return Hit(
        chunk_id=place.chunk_id,
        path=place.path,
        start_line=place.start_line,
        end_line=place.end_line,
        symbol=place.symbol,
        score=score,
        legs=legs,
        place=place.place,
    )
