"""What a search needs to know of one state of a collection, read once: where chunks stand, their words, their graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Generic, TypeVar

from ..stores.edges import pack_edges
from ..stores.graph_arrays import GraphArrays
from ..stores.lexical import Candidate, CorpusStats
from ..stores.live_graph import LiveGraph
from ..stores.texts import Place, Store

REMEMBERED = 20_000  # chunks whose words are kept; a larger collection is read again in parts
KNOWN_WORDS = 200_000  # whose frequencies are kept
K = TypeVar("K")
V = TypeVar("V")


class Snapshot:
    """The chunks of one generation of a store, in the order of path and line.

    Also the source of words for BM25, which asks for the same chunks' words again and again: a first search reads what
    it needs, a second one reads all of a collection that is not too large, so that later ones read nothing.
    """

    def __init__(self, store: Store, *, remembered: int = REMEMBERED, known_words: int = KNOWN_WORDS) -> None:
        self.generation, self._grid_length = store.state()
        sql = "SELECT num, id, path, start_line, end_line, symbol, language, place FROM chunks"
        rows = store.execute(f"{sql} ORDER BY path, start_line, id").fetchall()
        self.places: list[Place] = [Place(*row[1:]) for row in rows]
        self.positions: Mapping[str, int] = {place.chunk_id: at for at, place in enumerate(self.places)}
        self._numbers = {row[0]: at for at, row in enumerate(rows)}
        self._stats = store.stats()
        self._candidates: _Kept[str, Candidate] = _Kept(remembered)
        self._frequencies: _Kept[int, int] = _Kept(known_words)
        self._searches = 0
        self.store = store

    def resume(self, store: Store, grid_length: float) -> None:
        """Go on with a store that was opened again; its weights may have been settled on another average length."""
        self.store, self._grid_length = store, grid_length

    @cached_property
    def graph(self) -> LiveGraph:
        rows = self.store.execute("SELECT chunk, kind, name FROM refs ORDER BY chunk")
        packed = {chunk: pack_edges(row[1:] for row in group) for chunk, group in groupby(rows, key=itemgetter(0))}
        chunks = [(num, self.places[at].chunk_id, packed.get(num, b"")) for num, at in self._numbers.items()]
        return LiveGraph.of(GraphArrays.build(chunks), [], [])

    # --- bm25.TermSource

    def stats(self) -> CorpusStats:
        return self._stats

    def grid_length(self) -> float:
        return self._grid_length

    def document_frequencies(self, keys: Iterable[int]) -> dict[int, int]:
        self._searches += 1
        all_at_once = self._searches == 2 and self._stats.terms <= self._frequencies.most
        read_all = self.store.all_document_frequencies if all_at_once else None
        return self._frequencies.of(list(keys), self.store.document_frequencies, read_all)

    def candidates(self, chunk_ids: Sequence[str]) -> list[Candidate]:
        all_at_once = self._searches == 2 and len(self.places) <= self._candidates.most
        read_all = self._all_candidates if all_at_once else None
        return list(self._candidates.of(chunk_ids, self._read_candidates, read_all).values())

    def _read_candidates(self, chunk_ids: Sequence[str]) -> dict[str, Candidate]:
        return {candidate.chunk_id: candidate for candidate in self.store.candidates(chunk_ids)}

    def _all_candidates(self) -> dict[str, Candidate]:
        return {candidate.chunk_id: candidate for candidate in self.store.all_candidates()}


class _Kept(Generic[K, V]):
    """Values by key, and which keys have none; up to `most`, then it begins anew."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: dict[K, V | None] = {}

    def of(
        self, keys: Sequence[K], read: Callable[[list[K]], dict[K, V]], read_all: Callable[[], dict[K, V]] | None
    ) -> dict[K, V]:
        """The values of these keys, in their order; what is missing is read, or everything where that is allowed."""
        values = self._values
        missing = [key for key in keys if key not in values]
        if missing and read_all is not None:
            values.update(read_all())
            missing = [key for key in missing if key not in values]
        elif len(values) + len(missing) > self.most:
            self._values = values = {}
            missing = list(keys)
        if missing:
            values.update(dict.fromkeys(missing))
            values.update(read(missing))
        return {key: value for key in keys if (value := values[key]) is not None}
