"""What a search knows of one state of a collection. Places, words and frequencies are read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Generic, TypeVar

from ..stores.lexical import Candidate, CorpusStats
from ..stores.owed import DENSE
from ..stores.texts import Place, Store

REMEMBERED = 4_000  # chunks whose place and words are kept, some 2 KB each
KNOWN_WORDS = 50_000  # whose frequencies are kept
K = TypeVar("K")
V = TypeVar("V")


class SearchState:
    """One generation of a store. Also the source of words for BM25, which asks for the same ones again and again."""

    def __init__(self, store: Store, *, remembered: int = REMEMBERED, known_words: int = KNOWN_WORDS) -> None:
        self.identity = store.state()
        self.generation, self._grid_length = self.identity
        self._store = store
        self._stats = store.stats()
        self._places: _Kept[str, Place] = _Kept(remembered)
        self._candidates: _Kept[str, Candidate] = _Kept(remembered)
        self._frequencies: _Kept[int, int] = _Kept(known_words)

    def places(self, chunk_ids: Iterable[str]) -> Mapping[str, Place]:
        """Where these chunks stand; those of another state of the collection are left out."""
        return self._places.of(list(dict.fromkeys(chunk_ids)), self._store.places)

    @cached_property
    def embeddable(self) -> int:
        """How many chunks can have a vector."""
        return self._store.embeddable()

    @property
    def dense_ready(self) -> float:
        """The share of them that has one now."""
        return 1 - self._store.outbox.count(DENSE) / self.embeddable if self.embeddable else 0.0

    def dense_ready_of(self, chunk_ids: Sequence[str]) -> dict[str, float]:
        """The same of each class that these chunks are of and that is not embedded whole."""
        if self.dense_ready >= 1:
            return {}
        kinds = self._store.classes_of(chunk_ids)
        ready = self._store.dense_by_class()
        return {kind: done / total for kind, (done, total) in ready.items() if kind in kinds and done < total}

    # --- lexical.TermSource

    def stats(self) -> CorpusStats:
        return self._stats

    def grid_length(self) -> float:
        return self._grid_length

    def document_frequencies(self, keys: Iterable[int]) -> dict[int, int]:
        return self._frequencies.of(list(keys), self._store.document_frequencies)

    def candidates(self, chunk_ids: Sequence[str]) -> list[Candidate]:
        return list(self._candidates.of(chunk_ids, self._read_candidates).values())

    def _read_candidates(self, chunk_ids: Sequence[str]) -> dict[str, Candidate]:
        return {candidate.chunk_id: candidate for candidate in self._store.candidates(chunk_ids)}


class _Kept(Generic[K, V]):
    """Values by key, and which keys have none; up to `most`, then it begins anew. Several threads may use it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[K, V | None] = {}

    def of(self, keys: Sequence[K], read: Callable[[list[K]], Mapping[K, V]]) -> dict[K, V]:
        """The values of these keys, in their order; what is missing is read."""
        values = self._values
        missing = [key for key in keys if key not in values]
        if len(values) + len(missing) > self._most:
            self._values = values = {}
            missing = list(keys)
        if missing:
            values.update({**dict.fromkeys(missing), **read(missing)})
        return {key: value for key in keys if (value := values[key]) is not None}
