"""The graph leg: personalised PageRank from the names in a question over chunks and the names that they share.

A walk starts at the names in the question and, with a small share, at the best chunks of the other legs. A chunk's
score is what reaches it through edges: that it was a start itself counts for nothing, the other legs say that already.

Personalised PageRank: Page, Brin, Motwani and Winograd, The PageRank Citation Ranking (1999), section 6. From the names
in a question, for questions over several hops: HippoRAG (Gutiérrez et al., arXiv:2405.14831), section 2.3. Here it runs
a fixed number of steps over the part of the graph that an engine finds near by; mass that no edge leads on is lost.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ...text.entities import entities, fold
from ..stores.edges import key_hash, keys
from ..stores.graph_arrays import find
from ..stores.neighbourhood import MOST_DEFINERS, Neighbourhood, most_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..stores.protocols import NearGraph

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Shares = tuple[Ints, Ints, Floats]  # from, to, share

NAME_SHARE: Final = 0.9  # of the start; the rest goes to the best chunks of the other legs
DAMPING: Final = 0.85  # of each step from one side to the other
STEPS: Final = 6
LONGEST_NAME: Final = 8  # words of a question that are tried as one name
_WRITTEN = re.compile(r"[\w.:]+(?:\(\))?")
_INNER = re.compile(r"[^\W_][._]+[^\W_]|::|[a-z0-9][A-Z]|[A-Z]{2}[a-z]|\(\)$")


def named_in(graph: NearGraph, question: str) -> dict[str, float]:
    """The names of the graph that a question speaks of, weighted by how rare they are."""
    known = graph.frequencies(candidates(question))
    most = most_chunks(known.total)
    found = _longest(list(known.chunks))
    rarity = {name: float(np.log1p(known.total / known.chunks[name])) for name in found if known.chunks[name] <= most}
    total = sum(rarity.values())
    return {name: weight / total for name, weight in rarity.items()}


def defined_in(graph: NearGraph, question: str) -> dict[str, float]:
    """The chunks that define what the question writes as code, and one over how many define it."""
    asked = [key for name in written_as_code(question) for key in list(keys("defines", name))[-1:]]
    found: dict[str, float] = {}
    for chunk_ids in graph.definers(asked).values() if asked else ():
        if len(chunk_ids) <= MOST_DEFINERS:
            found.update((chunk_id, max(found.get(chunk_id, 0.0), 1 / len(chunk_ids))) for chunk_id in chunk_ids)
    return found


def walk(
    graph: NearGraph, names: Mapping[str, float], seeds: Mapping[str, float], limit: int
) -> list[tuple[str, float]]:
    """The chunks that a walk from these names and chunks reaches most, and how much; none where no edge leads on.

    Best first, equal ones in the order of their ids.
    """
    total = sum(seeds.values())
    if not names and not total:
        return []
    share = NAME_SHARE if names and total else float(bool(names))
    near = graph.neighbourhood(list(names), list(seeds))
    start_names = {key_hash(name): share * weight for name, weight in names.items()}
    start_chunks = {chunk_id: (1 - share) * force / total for chunk_id, force in seeds.items()} if total else {}
    return Walk.over(near, start_names, start_chunks).best(limit)


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a walk starts, and which share of what is at one side each edge carries to the other."""

    chunk_ids: Sequence[str]
    start_chunks: Floats
    start_names: Floats
    out: Shares  # chunk, name
    back: Shares  # name, chunk

    @classmethod
    def over(cls, near: Neighbourhood, names: Mapping[int, float], chunks: Mapping[str, float]) -> Walk:
        """An edge counts with its weight times the name's idf; names that only one chunk has lead nowhere."""
        links = near.links
        weights = links.weights * np.log1p(near.total / links.degrees)
        leading = (links.degrees > 1) & (links.degrees <= most_chunks(near.total))
        leaving = np.bincount(links.chunks[leading], weights=weights[leading], minlength=len(near.chunks))
        places, inside = find(near.names, links.names)
        on = leading & inside
        out = (links.chunks[on], places[on], weights[on] / leaving[links.chunks[on]])
        back = (places[inside], links.chunks[inside], links.weights[inside] / near.sums[places[inside]])
        start_chunks = np.zeros(len(near.chunks))
        for chunk_id, force in chunks.items():
            at = bisect_left(near.chunks, chunk_id)
            if at < len(near.chunks) and near.chunks[at] == chunk_id:
                start_chunks[at] = force
        start_names = np.array([names.get(name, 0.0) for name in near.names.tolist()])
        return cls(near.chunks, start_chunks, start_names, out, back)

    def best(self, limit: int, steps: int = STEPS) -> list[tuple[str, float]]:
        reached = self.reached(steps)
        order = np.argsort(-reached, kind="stable")[:limit]
        return [(self.chunk_ids[at], float(reached[at])) for at in order.tolist() if reached[at] > 0]

    def reached(self, steps: int = STEPS) -> Floats:
        """What edges bring to each chunk in the last of these steps."""
        chunks, names = self.start_chunks, self.start_names
        reached = chunks
        for _ in range(steps):
            reached = DAMPING * _spread(names, self.back, len(chunks))
            names = (1 - DAMPING) * self.start_names + DAMPING * _spread(chunks, self.out, len(names))
            chunks = (1 - DAMPING) * self.start_chunks + reached
        return reached


def _spread(mass: Floats, shares: Shares, size: int) -> Floats:
    sources, targets, parts = shares
    return np.asarray(np.bincount(targets, weights=mass[sources] * parts, minlength=size), dtype=np.float64)


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
