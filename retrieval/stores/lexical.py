"""BM25 as `rank_bm25.BM25Okapi` defines it, over sparse vectors in a vector store.

A score is the sum over the query's words of `idf(word) * weight(word, chunk)`. The query's vector carries the idf times
the word's count, a chunk's vector carries the weights, so the store's dot product is the score. Weights contain the
average length, which every insert moves: stored weights use the nearest step of a fixed geometric grid, a pure function
of the content, and what the store finds with them is scored again with the true average.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...text.tokenizer import tokenize

if TYPE_CHECKING:
    from numpy.typing import NDArray

K1, B, EPSILON = 1.5, 0.75, 0.25
GRID = 1.05
CANDIDATES = 2  # times as many as asked for are scored exactly
FEW_WORDS = 16  # up to this many, comparing with each is quicker than a search
TIE_DIGITS = 9
WIDER = (1, 4, 16)  # and more where the grid's error could still hide one
TERM = np.dtype([("key", "<i8"), ("count", "<u4")])
SPARSE_IDS = 0xFFFFFFFF

SparseVector = tuple[list[int], list[float]]


@dataclass(frozen=True, slots=True)
class CorpusStats:
    """What idf and weights need to know of all chunks. `idf_sum` is over the distinct words, before any floor."""

    chunks: int
    tokens: int
    terms: int
    idf_sum: float

    @property
    def average_length(self) -> float:
        return self.tokens / self.chunks if self.tokens else 1.0

    @property
    def average_idf(self) -> float:
        return self.idf_sum / self.terms if self.terms else 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk as far as exact scoring needs it; `terms` is what `pack_terms` made."""

    chunk_id: str
    path: str
    start_line: int
    length: int
    terms: bytes


class TermSource(Protocol):
    """The chunk store, as far as BM25 reads it."""

    def stats(self) -> CorpusStats: ...
    def grid_length(self) -> float: ...
    def document_frequencies(self, keys: Iterable[int]) -> dict[int, int]: ...
    def candidates(self, chunk_ids: Sequence[str]) -> list[Candidate]: ...


class SparseSearch(Protocol):
    def search_sparse(self, vector: SparseVector, limit: int) -> list[tuple[str, float]]: ...


@lru_cache(maxsize=1 << 16)
def term_key(token: str) -> int:
    """A fixed signed 64-bit hash: two words of one corpus that share it are not to be expected (1e-9 at 200,000)."""
    digest = hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def pack_terms(tokens: Sequence[str]) -> bytes:
    """Word counts of a text as sorted (key, count) pairs of 12 bytes."""
    counts = sorted(Counter(map(term_key, tokens)).items())
    return np.array(counts, dtype=TERM).tobytes()


def unpack_terms(terms: bytes) -> NDArray[np.void]:
    return np.frombuffer(terms, dtype=TERM)


def grid_length(average: float) -> float:
    """The step of the geometric grid that is nearest to an average length."""
    return float(GRID ** round(math.log(max(average, 1e-9), GRID)))


def raw_idf(n: int, chunks: int) -> float:
    return math.log(chunks - n + 0.5) - math.log(n + 0.5)


def idf(n: int, stats: CorpusStats) -> float:
    """BM25Okapi's idf with its epsilon floor; positive where BM25Okapi's degenerates to zero or below."""
    if n == 0:
        return 0.0
    value = raw_idf(n, stats.chunks)
    if stats.average_idf <= 0 or value == 0:
        return math.log1p((stats.chunks - n + 0.5) / (n + 0.5))
    return value if value > 0 else EPSILON * stats.average_idf


def weights(counts: NDArray[np.float64], lengths: NDArray[np.float64] | float, average: float) -> NDArray[np.float64]:
    return counts * (K1 + 1) / (counts + K1 * (1 - B + B * lengths / average))


def sparse_ids(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    return keys & SPARSE_IDS


def document_vector(terms: bytes, length: int, average: float) -> SparseVector:
    """A chunk's sparse vector. Words that share a 32-bit id add up: only the exact score tells them apart."""
    pairs = unpack_terms(terms)
    values = weights(pairs["count"].astype(np.float64), length, average)
    return merged(sparse_ids(pairs["key"]), values)


def merged(ids: NDArray[np.int64], values: NDArray[np.float64]) -> SparseVector:
    unique, places = np.unique(ids, return_inverse=True)
    if len(unique) < len(ids):
        values = np.bincount(places, weights=values, minlength=len(unique)).astype(np.float64)
    else:
        values = values[np.argsort(ids)]
    return unique.tolist(), values.astype(np.float32).tolist()


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """The known words of a query with idf times count, sorted by key."""

    keys: NDArray[np.int64]
    values: NDArray[np.float64]
    stats: CorpusStats

    @classmethod
    def read(cls, text: str, source: TermSource) -> LexicalQuery:
        counts = Counter(map(term_key, tokenize(text)))
        stats = source.stats()
        frequencies = source.document_frequencies(counts)
        known = sorted(frequencies)
        values = [idf(frequencies[key], stats) * counts[key] for key in known]
        return cls(np.array(known, dtype=np.int64), np.array(values, dtype=np.float64), stats)

    @property
    def vector(self) -> SparseVector:
        return merged(sparse_ids(self.keys), self.values)

    @property
    def most(self) -> float:
        """What a chunk would score that had every word without end: more than any chunk has."""
        return float(self.values.sum()) * (K1 + 1)

    def scores(self, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
        """The exact BM25 score of each candidate."""
        pairs = unpack_terms(b"".join(candidate.terms for candidate in candidates))
        sizes = [len(candidate.terms) // TERM.itemsize for candidate in candidates]
        lengths = np.array([candidate.length for candidate in candidates], dtype=np.float64)
        found, places = _matches(np.ascontiguousarray(pairs["key"]), self.keys)
        owners = np.repeat(np.arange(len(candidates)), sizes)[found]
        weight = weights(pairs["count"][found].astype(np.float64), lengths[owners], self.stats.average_length)
        parts = self.values[places] * weight
        return np.bincount(owners, weights=parts, minlength=len(candidates)).astype(np.float64)


def _matches(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where in `keys` a wanted one (they are sorted) stands, in order, and which one it is."""
    if len(wanted) <= FEW_WORDS:
        found, places = np.nonzero(keys[:, None] == wanted)
        return found, places
    places = np.searchsorted(wanted, keys)
    places[places == len(wanted)] = 0
    found = np.flatnonzero(wanted[places] == keys)
    return found, places[found]


def search_bm25(source: TermSource, shard: SparseSearch, query: LexicalQuery, limit: int) -> list[tuple[str, float]]:
    """The best chunks by BM25 with their scores: best first, ties by path and line."""
    if not len(query.keys):
        return []
    error = max(1.0, query.stats.average_length / source.grid_length()) * (1 + 1e-5)
    ranked: list[tuple[str, float]] = []
    for factor in WIDER:
        wanted = limit * CANDIDATES * factor
        found = shard.search_sparse(query.vector, wanted)
        candidates = source.candidates([chunk_id for chunk_id, _ in found])
        ranked = rank(candidates, query.scores(candidates) if candidates else np.zeros(0))[:limit]
        if len(found) < wanted or (len(ranked) == limit and found[-1][1] * error < ranked[-1][1]):
            break
    return ranked


def rank(candidates: Sequence[Candidate], scores: NDArray[np.float64]) -> list[tuple[str, float]]:
    """Positive scores, best first, ties by path and line. Sums that differ in their last bits are ties."""
    pairs = [pair for pair in zip(scores.tolist(), candidates, strict=True) if pair[0] > 0]
    pairs.sort(key=lambda pair: (-round(pair[0], TIE_DIGITS), pair[1].path, pair[1].start_line, pair[1].chunk_id))
    return [(candidate.chunk_id, score) for score, candidate in pairs]


def rank_small(texts: Sequence[str], query: str) -> list[tuple[int, float]]:
    """Positions and scores of the texts that share a word with the query: best first, ties in the order given.

    For sets that fit into memory and live for one question; the index does the same over stored vectors.
    """
    corpus = [tokenize(text) for text in texts]
    if not any(corpus):
        return []
    from rank_bm25 import BM25Okapi

    model = BM25Okapi(corpus, k1=K1, b=B, epsilon=EPSILON)
    frequencies = Counter(word for words in corpus for word in set(words))
    stats = stats_of(frequencies.values(), len(corpus), sum(map(len, corpus)))
    model.idf.update({word: idf(n, stats) for word, n in frequencies.items()})
    scores = model.get_scores(tokenize(query)).tolist()
    found = [(position, score) for position, score in enumerate(scores) if score > 0]
    return sorted(found, key=lambda pair: (-round(pair[1], TIE_DIGITS), pair[0]))


def stats_of(frequencies: Iterable[int], chunks: int, tokens: int) -> CorpusStats:
    """Statistics from the document frequency of each distinct word."""
    histogram: Mapping[int, int] = Counter(frequencies)
    return stats_from_histogram(histogram, chunks, tokens)


def stats_from_histogram(histogram: Mapping[int, int], chunks: int, tokens: int) -> CorpusStats:
    """Statistics from how many words occur in n chunks, for each n."""
    idf_sum = math.fsum(words * raw_idf(n, chunks) for n, words in sorted(histogram.items()))
    return CorpusStats(chunks=chunks, tokens=tokens, terms=sum(histogram.values()), idf_sum=idf_sum)
