"""Search over one embedded collection: dense, BM25 and graph legs, one ranked list."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ...domain import LEGS, Embedder, Evidence, FileSpan, Hit, Language, Leg, Placement, SearchResult
from ...errors import EmbedderError
from ..indexing.outbox import stamp_of
from ..stores.collection import WAIT_SECONDS
from ..stores.lexical import LexicalQuery, search_bm25
from ..stores.texts import Store
from .fusion import Kind, Ranked, fuse, kind_of, seeds
from .graph import defined_in, named_in, walk
from .index_lease import IDLE_SECONDS, Session, SharedSession
from .search_state import Snapshot

DEPTH: Final[Mapping[Leg, int]] = {"dense": 30, "bm25": 20, "graph": 30}  # more ranks no better
SEEDS: Final = 10  # best chunks of the other legs from which the graph walks too
FRESH_SECONDS: Final = 30.0  # for how long the count of changed files is believed

PROSE: Final[frozenset[Language]] = frozenset({"markdown", "rst", "html", "pdf", "notebook", "text"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ranking:
    """What each leg found, best first, and the fused list.

    `lexical_most` and `defining` are what `fuse` was told beside.
    """

    legs: Mapping[Leg, Ranked]
    fused: Ranked
    kind: Kind
    lexical_most: float = 0.0
    defining: Mapping[str, float] = field(default_factory=dict)


class LocalSearcher:
    """A Searcher over the collection `name` below `home`, which it owns only while it works.

    `open_embedder` is called at the first search; without one, or where it gives None, the dense leg is absent. It is
    absent too where the embedder fails: `trouble` then says why and how to mend it.
    """

    def __init__(
        self,
        home: Path,
        name: str,
        open_embedder: Callable[[], Embedder | None] | None = None,
        *,
        idle: float = IDLE_SECONDS,
        wait: float = WAIT_SECONDS,
    ) -> None:
        self._shared = SharedSession(home, name, idle=idle, wait=wait)
        self._open_embedder = open_embedder
        self._opened_embedder: Embedder | None = None
        self._embedder_lock = threading.Lock()
        self.trouble = ""
        self._legs = ThreadPoolExecutor(max_workers=4, thread_name_prefix="hydragraph-leg")
        self._changed: tuple[float, str, int] | None = None

    @property
    def collection(self) -> str:
        return self._shared.collection.name

    def close(self) -> None:
        """Let go of the collection now."""
        self._shared.close()

    async def search(self, query: str, *, limit: int = 10) -> SearchResult:
        import asyncio  # the command line, which has no loop, starts 20 ms earlier without it

        return await asyncio.to_thread(self.search_now, query, limit=limit)

    async def evidence(self, chunk_ids: Sequence[str]) -> list[Evidence]:
        import asyncio

        return await asyncio.to_thread(self.evidence_now, chunk_ids)

    def search_now(self, query: str, *, limit: int = 10) -> SearchResult:
        """The same without an event loop, for programs that have none."""
        with self._shared.use() as session:
            ranking = self._rank(session, query, limit)
            return SearchResult(
                hits=_hits(session.snapshot, ranking, limit),
                absent=tuple(leg for leg in LEGS if not ranking.legs[leg]),
                dense_ready=_dense_ready(session),
                changed_files=self._changed_files(session),
            )

    def rank_now(self, query: str, *, depth: int = 10) -> Ranking:
        """Each leg's own list and the fused one as a search for `depth` hits makes them."""
        with self._shared.use() as session:
            return self._rank(session, query, depth)

    def paths_now(self, chunk_ids: Iterable[str]) -> dict[str, str]:
        """The file of each chunk that is there."""
        with self._shared.use() as session:
            places, positions = session.snapshot.places, session.snapshot.positions
            return {chunk_id: places[positions[chunk_id]].path for chunk_id in chunk_ids if chunk_id in positions}

    def evidence_now(self, chunk_ids: Sequence[str]) -> list[Evidence]:
        """Text and source of chunks; needs no ownership, so it never waits."""
        self._shared.collection.require()
        with Store(self._shared.collection.database) as store:
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

    # --- the legs

    def _rank(self, session: Session, query: str, limit: int) -> Ranking:
        if not query.strip():
            return Ranking({leg: () for leg in LEGS}, (), "prose")
        snapshot = session.snapshot
        dense_job = self._legs.submit(self._dense, session, query, max(DEPTH["dense"], limit))
        words = LexicalQuery.read(query, snapshot)
        bm25 = search_bm25(snapshot, session.shard, words, max(DEPTH["bm25"], limit))
        named = named_in(snapshot.graph, query)
        dense = _ordered(snapshot, dense_job.result())
        direct: dict[Leg, Ranked] = {"dense": dense, "bm25": bm25}
        code_share = _code_share(snapshot, direct.values())
        kind = kind_of(named=bool(named), code_share=code_share)
        legs: dict[Leg, Ranked] = {**direct, "graph": _graph(snapshot, named, direct, max(DEPTH["graph"], limit))}
        defining = defined_in(snapshot.graph, query)
        fused = fuse(legs, kind, lexical_most=words.most, defining=defining)
        return Ranking(legs, _ordered(snapshot, fused.items()), kind, words.most, defining)

    def _dense(self, session: Session, query: str, limit: int) -> Ranked:
        try:
            embedder = self._embedder()
            if embedder is None:
                return ()
            vector = embedder.embed([query])[0]
        except EmbedderError as error:
            if str(error) != self.trouble:
                _log.warning("dense leg absent: %s", error)
            self.trouble = str(error)
            return ()
        return session.shard.search_dense(stamp_of(embedder), vector, limit)

    def _embedder(self) -> Embedder | None:
        with self._embedder_lock:
            if self._opened_embedder is None and self._open_embedder is not None:
                self._opened_embedder = self._open_embedder()
            return self._opened_embedder

    def _changed_files(self, session: Session) -> int:
        now, generation = time.monotonic(), session.snapshot.generation
        known = self._changed
        if known is None or known[1] != generation or now - known[0] > FRESH_SECONDS:
            known = self._changed = (now, generation, count_changed(session.store))
        return known[2]


def count_changed(store: Store) -> int:
    """Indexed files whose size or time differs from what was indexed, or that are gone."""
    return sum(_differs(*row) for row in store.changed_files())


def _differs(path: str, size: int, mtime_ns: int) -> bool:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return True
    return (found.st_size, found.st_mtime_ns) != (size, mtime_ns)


def _ordered(snapshot: Snapshot, found: Iterable[tuple[str, float]]) -> Ranked:
    """Best first, ties by path and line; chunks of another state of the collection are left out."""
    positions = snapshot.positions
    present = [(-score, at, chunk_id) for chunk_id, score in found if (at := positions.get(chunk_id)) is not None]
    present.sort()
    return [(chunk_id, -score) for score, _, chunk_id in present]


def _code_share(snapshot: Snapshot, ranked: Iterable[Ranked]) -> float:
    best = [chunk_id for leg in ranked for chunk_id, _ in leg[:SEEDS]]
    code = sum(snapshot.places[snapshot.positions[chunk_id]].language not in PROSE for chunk_id in best)
    return code / len(best) if best else 0.0


def _graph(snapshot: Snapshot, named: Mapping[str, float], direct: Mapping[Leg, Ranked], limit: int) -> Ranked:
    found = walk(snapshot.graph, named, dict(seeds(direct, SEEDS)), limit)
    return [(chunk_id, score) for chunk_id, score in found if chunk_id in snapshot.positions]


def _dense_ready(session: Session) -> float:
    return session.store.dense_ready()


def _hits(snapshot: Snapshot, ranking: Ranking, limit: int) -> tuple[Hit, ...]:
    wanted = {chunk_id for chunk_id, _ in ranking.fused[:limit]}
    placements: dict[str, dict[Leg, Placement]] = {chunk_id: {} for chunk_id in wanted}
    for leg, ranked in ranking.legs.items():
        for rank, (chunk_id, score) in enumerate(ranked, start=1):
            if chunk_id in wanted:
                placements[chunk_id][leg] = Placement(rank, score)
    return tuple(_hit(snapshot, chunk_id, score, placements[chunk_id]) for chunk_id, score in ranking.fused[:limit])


def _hit(snapshot: Snapshot, chunk_id: str, score: float, legs: Mapping[Leg, Placement]) -> Hit:
    place = snapshot.places[snapshot.positions[chunk_id]]
    return Hit(
        chunk_id=chunk_id,
        path=place.path,
        start_line=place.start_line,
        end_line=place.end_line,
        symbol=place.symbol,
        score=score,
        legs=legs,
        place=place.place,
    )
