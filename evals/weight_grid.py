"""What each point of a grid of weights would score on each query, and which points do best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from ..domain import LEGS, LegName
from ..retrieval.search.fusion import Kind, fuse
from .corpus_index import Found, IndexedCorpus
from .metrics import ndcg

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

STEPS: Final = 20
DIGITS: Final = 12  # what differs by less is the noise of adding up in another order
Weights = Mapping[LegName, float]


def make_grid(steps: int = STEPS) -> tuple[Weights, ...]:
    """Every sharing of one among the legs in equal steps, the more even ones first: of equals the first is chosen."""
    points = [point for point in product(range(steps + 1), repeat=len(LEGS)) if sum(point) == steps]
    return tuple(
        {leg: step / steps for leg, step in zip(LEGS, point, strict=True)}
        for point in sorted(points, key=lambda point: (sum(step**2 for step in point), point))
    )


@dataclass(frozen=True, slots=True)
class Scored:
    """nDCG@10 by query of one data set: of search as it is, of each leg alone, of each point (queries x points)."""

    name: str
    kinds: tuple[Kind, ...]
    in_force: Numbers
    legs: Mapping[LegName, Numbers | None]  # None where the leg found nothing for any query
    points: Numbers

    def of_kind(self, kind: Kind) -> NDArray[np.bool_]:
        return np.array([it == kind for it in self.kinds])


def score_all(name: str, index: IndexedCorpus, grid: Sequence[Weights]) -> Scored:
    """Search for each query once, and weigh what was found in every way."""
    kinds, in_force, points = [], [], []
    legs: dict[LegName, list[float]] = {leg: [] for leg in LEGS}
    silent = set(LEGS)
    for found in index.search():
        kinds.append(found.ranking.kind)
        in_force.append(ndcg(index.ranked_documents(found, found.ranking.fused), found.query.relevant))
        points.append(_score_points(index, found, grid))
        for leg, ranked in found.ranking.legs.items():
            legs[leg].append(ndcg(index.ranked_documents(found, ranked), found.query.relevant))
            silent -= {leg} if ranked else set()
    alone = {leg: None if leg in silent else np.array(values) for leg, values in legs.items()}
    return Scored(name, tuple(kinds), np.array(in_force), alone, np.array(points))


def _score_points(index: IndexedCorpus, found: Found, grid: Sequence[Weights]) -> list[float]:
    ranking, paths = found.ranking, found.paths
    values = []
    for weights in grid:
        fused = fuse(
            ranking.legs, ranking.kind, lexical_most=ranking.lexical_most, defining=ranking.defining, weights=weights
        )
        ranked = sorted(fused.items(), key=lambda pair: (-pair[1], paths[pair[0]]))  # ties by path, as search has it
        values.append(ndcg(index.ranked_documents(found, ranked), found.query.relevant))
    return values


def folds_of(scored: Scored, folds: int) -> NDArray[np.int64]:
    """The fold of each query: dealt out in turn, kind by kind, so that each fold has some of each."""
    dealt = np.zeros(len(scored.kinds), dtype=np.int64)
    order = sorted(range(len(scored.kinds)), key=lambda at: scored.kinds[at])
    dealt[order] = np.arange(len(order)) % folds
    return dealt


def mean_by_point(data: Sequence[Scored], kind: Kind, included: Sequence[NDArray[np.bool_]]) -> Numbers | None:
    """nDCG@10 of each point over the included queries of a kind, each data set counting the same as a whole."""
    total, weight = np.zeros(data[0].points.shape[1]), 0.0
    for scored, mask in zip(data, included, strict=True):
        chosen = mask & scored.of_kind(kind)
        if chosen.any():
            total += scored.points[chosen].sum(axis=0) / mask.sum()
            weight += chosen.sum() / mask.sum()
    return total / weight if weight else None


def best_point(means: Numbers) -> int:
    return int(np.argmax(means.round(DIGITS)))


def cross_validated(data: Sequence[Scored], kinds: Sequence[Kind], folds: int) -> list[Numbers]:
    """nDCG@10 of each query with the weights that do best on the other folds; search as it is where there are none."""
    dealt = [folds_of(scored, folds) for scored in data]
    values = [scored.in_force.copy() for scored in data]
    for fold, kind in product(range(folds), kinds):
        means = mean_by_point(data, kind, [numbers != fold for numbers in dealt])
        if means is None:
            continue
        for scored, numbers, them in zip(data, dealt, values, strict=True):
            held_out = (numbers == fold) & scored.of_kind(kind)
            them[held_out] = scored.points[held_out, best_point(means)]
    return values
