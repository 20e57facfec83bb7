"""What a search needs to know of one state of a collection, read once: where chunks stand, their words, their graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from .bm25 import Candidate, CorpusStats
from .graph import Graph
from .store import Place, Store

REMEMBERED = 20_000  # chunks whose words are kept; a larger collection is read again in parts
KNOWN_WORDS = 200_000  # whose frequencies are kept


class Snapshot:
    """The chunks of one generation of a store, in the order of path and line.

    Also the source of words for BM25, which asks for the same chunks' words again and again: a first search reads what
    it needs, a second one reads all of a collection that is not too large, so that later ones read nothing.
    """

    def __init__(self, store: Store, *, remembered: int = REMEMBERED, known_words: int = KNOWN_WORDS) -> None:
        self._remembered, self._known_words = remembered, known_words
        self.generation = store.meta("generation")
        sql = "SELECT num, id, path, start_line, end_line, symbol, language, place FROM chunks"
        rows = store.execute(f"{sql} ORDER BY path, start_line, id").fetchall()
        self.places: list[Place] = [Place(*row[1:]) for row in rows]
        self.positions: Mapping[str, int] = {place.chunk_id: at for at, place in enumerate(self.places)}
        self._numbers = {row[0]: at for at, row in enumerate(rows)}
        self._stats = store.stats()
        self._candidates: dict[str, Candidate] = {}
        self._frequencies: dict[int, int] = {}
        self._searches = 0
        self._grid_length = store.grid_length()
        self.store = store

    def resume(self, store: Store, grid_length: float) -> None:
        """Go on with a store that was opened again; its weights may have been settled on another average length."""
        self.store, self._grid_length = store, grid_length

    @cached_property
    def graph(self) -> Graph:
        rows = self.store.execute("SELECT chunk, kind, name FROM refs").fetchall()
        numbers = self._numbers
        edges = ((numbers[chunk], kind, name) for chunk, kind, name in rows if chunk in numbers)
        return Graph.build(edges, len(self.places))

    # --- bm25.TermSource

    def stats(self) -> CorpusStats:
        return self._stats

    def grid_length(self) -> float:
        return self._grid_length

    def document_frequencies(self, keys: Iterable[int]) -> dict[int, int]:
        self._searches += 1
        wanted, known = list(keys), self._frequencies
        missing = [key for key in wanted if key not in known]
        if missing and self._searches == 2 and self._stats.terms <= self._known_words:
            known.update(self.store.all_document_frequencies())
        elif len(known) + len(missing) > self._known_words:
            self._frequencies = known = {}
            missing = wanted
        missing = [key for key in missing if key not in known]
        if missing:
            known.update(dict.fromkeys(missing, 0) | self.store.document_frequencies(missing))
        return {key: count for key in wanted if (count := known[key])}

    def candidates(self, chunk_ids: Sequence[str]) -> list[Candidate]:
        known = self._candidates
        missing = [chunk_id for chunk_id in chunk_ids if chunk_id not in known]
        if missing and self._searches == 2 and len(self.places) <= self._remembered:
            known.update((candidate.chunk_id, candidate) for candidate in self.store.all_candidates())
            missing = []
        elif len(known) + len(missing) > self._remembered:
            self._candidates = known = {}
            missing = list(chunk_ids)
        if missing:
            known.update((candidate.chunk_id, candidate) for candidate in self.store.candidates(missing))
        return [known[chunk_id] for chunk_id in chunk_ids if chunk_id in known]
