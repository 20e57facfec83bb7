"""The graph leg: personalised PageRank from the names in a question over chunks and the names that they share.

Chunks and names are the two sides of the graph, a reference (chunk, kind, name) is an edge. Nothing else is stored:
what refers to what follows from the references that are there, so taking a file out restores the graph from before it.
A walk starts at the names in the question and, with a small share, at the best chunks of the other legs. A chunk's
score is what reaches it through edges: that it was a start itself counts for nothing, the other legs say that already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ...domain import ReferenceKind
from ...text.entities import entities, fold
from ..stores.edges import EDGE_WEIGHTS, keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NAME_SHARE: Final = 0.9  # of the start; the rest goes to the best chunks of the other legs
DAMPING: Final = 0.85  # of each step from one side to the other
STEPS: Final = 6
HUB_SHARE: Final = 0.05  # a name in more than this share of the chunks says nothing
FAN_OUT: Final = 30  # chunks that one name leads to
NEAR_CHUNKS: Final = 80  # that the names lead to, beside the chunks that were given
FAR_EDGES: Final = 500  # that the names of those lead on by, the rarest first
LONGEST_NAME: Final = 8  # words of a question that are tried as one name
MOST_DEFINERS: Final = 5  # what more chunks define is no name that one can mean
_WRITTEN = re.compile(r"[\w.:]+(?:\(\))?")
_INNER = re.compile(r"[^\W_][._]+[^\W_]|::|[a-z0-9][A-Z]|[A-Z]{2}[a-z]|\(\)$")


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Rows of weighted neighbours: those of `i` stand at `starts[i]`..`starts[i + 1]`, the strongest first."""

    starts: Ints
    ends: Ints
    weights: Floats

    @classmethod
    def of(cls, sources: Ints, targets: Ints, weights: Floats, size: int) -> Adjacency:
        order = np.lexsort((-weights, sources))
        starts = np.zeros(size + 1, dtype=np.int64)
        np.cumsum(np.bincount(sources, minlength=size), out=starts[1:])
        return cls(starts, targets[order], weights[order])

    def degree(self, rows: Ints) -> Ints:
        return self.starts[rows + 1] - self.starts[rows]

    def edges(self, rows: Ints, sizes: Ints | None = None) -> tuple[Ints, Ints]:
        """The places of the edges of these rows (the first `sizes`), and for each the position of its row in `rows`."""
        sizes = self.degree(rows) if sizes is None else sizes
        owners = np.repeat(np.arange(len(rows)), sizes)
        offsets = np.repeat(self.starts[rows] - np.cumsum(sizes) + sizes, sizes)
        return np.arange(len(owners)) + offsets, owners


@dataclass(frozen=True, slots=True)
class Graph:
    """The graph of one state of a collection. Chunks are numbered from 0 in the order they were given in."""

    names: Mapping[str, int]
    idf: Floats
    to_names: Adjacency  # names that only one chunk has lead nowhere and are left out
    to_chunks: Adjacency
    definers: Mapping[str, tuple[int, ...]]  # the chunks that define a name

    @classmethod
    def build(cls, references: Iterable[tuple[int, ReferenceKind, str]], chunks: int) -> Graph:
        names: dict[str, int] = {}
        edges: dict[tuple[int, int], float] = {}
        definers: dict[str, tuple[int, ...]] = {}
        for chunk, kind, name in references:
            weight = float(EDGE_WEIGHTS[kind])
            for key in keys(kind, name):
                if kind == "defines":
                    definers[key] = (*definers.get(key, ())[:MOST_DEFINERS], chunk)
                edge = (chunk, names.setdefault(key, len(names)))
                if edges.get(edge, 0.0) < weight:
                    edges[edge] = weight
        pairs = np.array(list(edges), dtype=np.int64).reshape(-1, 2)
        out, back, idf = _connected(len(names), pairs, np.fromiter(edges.values(), np.float64), chunks)
        return cls(names, idf, out, back, definers)

    def named_in(self, question: str) -> dict[int, float]:
        """The names of the graph that a question speaks of, weighted by how rare they are."""
        found = _longest([name for name in candidates(question) if name in self.names])
        weights = {self.names[name]: float(self.idf[self.names[name]]) for name in found}
        total = sum(weights.values())
        return {name: weight / total for name, weight in weights.items() if weight > 0}

    def defined_in(self, question: str) -> dict[int, float]:
        """The chunks that define what the question writes as code, and one over how many define it."""
        found: dict[int, float] = {}
        for name in written_as_code(question):
            key = list(keys("defines", name))[-1:]
            chunks = self.definers.get(key[0], ()) if key else ()
            if len(chunks) <= MOST_DEFINERS:
                found.update((chunk, max(found.get(chunk, 0.0), 1 / len(chunks))) for chunk in chunks)
        return found

    def walk(self, names: Mapping[int, float], chunks: Mapping[int, float], limit: int) -> list[tuple[int, float]]:
        """The chunks that a walk from these names and chunks reaches most, and how much; none where no edge leads on.

        Best first, equal ones in the order of their numbers.
        """
        total = sum(chunks.values())
        if not names and not total:
            return []
        share = NAME_SHARE if names and total else float(bool(names))
        start_names = {name: share * weight for name, weight in names.items()}
        start_chunks = {chunk: (1 - share) * weight / total for chunk, weight in chunks.items()}
        return Neighbourhood.around(self, start_names, start_chunks).walk(limit)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The part of a graph within two hops of the starts, with its own numbering."""

    chunks: Ints
    start_chunks: Floats
    start_names: Floats
    out: tuple[Ints, Ints, Floats]  # chunk, name, share
    back: tuple[Ints, Ints, Floats]  # name, chunk, share

    @classmethod
    def around(cls, graph: Graph, names: Mapping[int, float], chunks: Mapping[int, float]) -> Neighbourhood:
        named = np.fromiter(names, np.int64, len(names))
        seeds = np.fromiter(chunks, np.int64, len(chunks))
        near = _distinct(np.concatenate([seeds, _neighbours(graph, named, NEAR_CHUNKS)]))
        all_names = _distinct(np.concatenate([named, graph.to_names.ends[graph.to_names.edges(near)[0]]]))
        far = _neighbours(graph, all_names, FAR_EDGES)
        all_chunks = _distinct(np.concatenate([near, far]))
        out = _restricted(graph.to_names, all_chunks, all_names)
        back = _restricted(graph.to_chunks, all_names, all_chunks)
        start_chunks = np.zeros(len(all_chunks))
        start_chunks[np.searchsorted(all_chunks, seeds)] = np.fromiter(chunks.values(), np.float64, len(chunks))
        start_names = np.zeros(len(all_names))
        start_names[np.searchsorted(all_names, named)] = np.fromiter(names.values(), np.float64, len(names))
        return cls(all_chunks, start_chunks, start_names, out, back)

    def walk(self, limit: int) -> list[tuple[int, float]]:
        chunks, names = self.start_chunks, self.start_names
        reached = chunks
        for _ in range(STEPS):
            reached = DAMPING * _spread(names, self.back, len(chunks))
            names = (1 - DAMPING) * self.start_names + DAMPING * _spread(chunks, self.out, len(names))
            chunks = (1 - DAMPING) * self.start_chunks + reached
        best = np.argsort(-reached, kind="stable")[:limit]
        found = best[reached[best] > 0]
        return list(zip(self.chunks[found].tolist(), reached[found].tolist(), strict=True))


def _connected(names: int, pairs: Ints, weights: Floats, chunks: int) -> tuple[Adjacency, Adjacency, Floats]:
    """Chunks to names, names to chunks, and the idf of the names, from (chunk, name) pairs."""
    rows, columns = pairs[:, 0], pairs[:, 1]
    frequency = np.bincount(columns, minlength=names)
    idf = np.log1p(chunks / np.maximum(frequency, 1))
    idf[frequency > max(HUB_SHARE * chunks, 10)] = 0.0
    weights = weights * idf[columns]
    linking = (frequency[columns] > 1) & (weights > 0)
    leaving = np.bincount(rows[linking], weights=weights[linking], minlength=chunks)
    entering = np.bincount(columns, weights=weights, minlength=names)
    shares = weights[linking] / leaving[rows[linking]]
    out = Adjacency.of(rows[linking], columns[linking], shares, chunks)
    back = Adjacency.of(columns, rows, weights / np.maximum(entering[columns], 1e-12), names)
    return out, back, idf


def _spread(mass: Floats, edges: tuple[Ints, Ints, Floats], size: int) -> Floats:
    sources, targets, shares = edges
    return np.asarray(np.bincount(targets, weights=mass[sources] * shares, minlength=size), dtype=np.float64)


def _neighbours(graph: Graph, names: Ints, limit: int) -> Ints:
    """Chunks of these names, the rarest names and the strongest edges first, up to `limit` edges."""
    rarest = names[np.argsort(-graph.idf[names], kind="stable")]
    sizes = np.minimum(graph.to_chunks.degree(rarest), FAN_OUT)
    fitting = np.cumsum(sizes) <= limit
    places, _ = graph.to_chunks.edges(rarest[fitting], sizes[fitting])
    return graph.to_chunks.ends[places]


def _distinct(numbers: Ints) -> Ints:
    """Each of these numbers (none is negative) once, sorted. np.unique would load numpy.ma, 10 ms of a cold search."""
    ordered = np.sort(numbers)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def _restricted(adjacency: Adjacency, rows: Ints, columns: Ints) -> tuple[Ints, Ints, Floats]:
    """The edges from these rows to these columns (both sorted), by their positions."""
    places, owners = adjacency.edges(rows)
    ends = adjacency.ends[places]
    positions = np.minimum(np.searchsorted(columns, ends), max(len(columns) - 1, 0))
    kept = columns[positions] == ends if len(columns) else np.zeros(0, dtype=bool)
    return owners[kept], positions[kept], adjacency.weights[places][kept]


def written_as_code(question: str) -> list[str]:
    """Names that cannot be plain words: `Session.send`, `read_file`, `HTTPAdapter`, `walk()`."""
    words = (word.strip(".:") for word in _WRITTEN.findall(question))
    return list(dict.fromkeys(word.removesuffix("()") for word in words if _INNER.search(word)))


def candidates(question: str) -> list[str]:
    """What in a question could be a name: what looks like one, and every run of two or more words."""
    words = fold(question).split()
    runs = [
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 2, min(start + LONGEST_NAME, len(words)) + 1)
    ]
    return list(dict.fromkeys([*entities(question), *runs]))


def _longest(names: list[str]) -> list[str]:
    """Those that are no part of a longer one."""
    return [name for name in names if not any(name != other and f" {name} " in f" {other} " for other in names)]
