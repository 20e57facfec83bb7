"""One ranked list from several: calibrated convex fusion, with one table of weights per kind of question.

Each leg's scores are put on 0..1 in its own way and added with the weights of the question's kind. A leg that found
nothing is left out and the others share its weight.

- dense: min-max over what was found. Cosines have no natural zero.
- bm25: the share of the most that any chunk could score for this question. Its best hit counts in full only where it
  has the whole question; min-max would trust the best of a bad list just as much.
- graph: min-max of cube roots. PageRank falls off like a power law, and the second hop must still count.

On top of that, BM25's best hit gains by its lead over the second. Who searches for words that he remembers gets the
one place that has them; in a question over several hops the hit that stands out is a hop. And what a question names as
code (`Session.send`) is found where it is defined.

Weights and calibration were chosen over questions on code, on single facts and over several hops.
`python -m hydragraph.evals.weights` holds the table against weights that are cross-validated over a grid.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, Literal

from ...domain import LegName
from .legs.leg import NOTHING, Ranked

Kind = Literal["code", "code_named", "prose", "prose_named"]

WEIGHTS: Final[Mapping[Kind, Mapping[LegName, float]]] = {
    "code": {"dense": 0.87, "bm25": 0.13, "graph": 0.0},
    "code_named": {"dense": 0.65, "bm25": 0.30, "graph": 0.05},
    "prose": {"dense": 0.45, "bm25": 0.15, "graph": 0.40},
    "prose_named": {"dense": 0.18, "bm25": 0.10, "graph": 0.72},
}
CODE_SHARE: Final = 0.5
FLATTEN: Final = 1 / 3
LEAD_WEIGHT: Final = 2.0
DEFINED_WEIGHT: Final = 2.0
SEED_WEIGHTS: Final[Mapping[LegName, float]] = {"dense": 0.6, "bm25": 0.4}


def kind_of(*, named: bool, code_share: float) -> Kind:
    """What a question is about: `named` where it names something of the graph, code where most candidates are code."""
    if code_share > CODE_SHARE:
        return "code_named" if named else "code"
    return "prose_named" if named else "prose"


def min_max(ranked: Ranked) -> dict[str, float]:
    """From 0 for the last to 1 for the first; all 1 where there is no difference."""
    if not ranked:
        return {}
    best, worst = ranked[0][1], ranked[-1][1]
    if best <= worst:
        return dict.fromkeys((chunk_id for chunk_id, _ in ranked), 1.0)
    return {chunk_id: (score - worst) / (best - worst) for chunk_id, score in ranked}


def share_of(ranked: Ranked, most: float) -> dict[str, float]:
    """Shares of the most that could be scored."""
    return {chunk_id: min(score / most, 1.0) for chunk_id, score in ranked} if most > 0 else min_max(ranked)


def fuse(
    legs: Mapping[LegName, Ranked],
    kind: Kind,
    *,
    lexical_most: float,
    defining: Mapping[str, float] = NOTHING,
    weights: Mapping[LegName, float] | None = None,
) -> dict[str, float]:
    """The fused score, 0 to 1, of every chunk that a leg found; `lexical_most` is the most that BM25 could give.

    `defining` are the chunks that define what the question names as code, and how surely it means them (0..1).
    `weights` stand in for those of the table.
    """
    calibrated = calibrate(legs, lexical_most)
    fused: dict[str, float] = {}
    for leg, share in shares(weights or WEIGHTS[kind], calibrated.keys()).items():
        for chunk_id, score in calibrated[leg].items():
            fused[chunk_id] = fused.get(chunk_id, 0.0) + share * score
    for chunk_id, gain in lead(legs.get("bm25", ())).items():
        fused[chunk_id] += LEAD_WEIGHT * gain
    for chunk_id in fused.keys() & defining.keys():
        fused[chunk_id] += DEFINED_WEIGHT * defining[chunk_id]
    most = max(fused.values(), default=1.0)
    return {chunk_id: score / most for chunk_id, score in fused.items()} if most > 1 else fused


def lead(ranked: Ranked) -> dict[str, float]:
    """By how much of its own score the first is ahead of the second; in full where it is the only one."""
    scores = [max(score, 0.0) for _, score in ranked[:2]] + [0.0]
    return {ranked[0][0]: 1 - scores[1] / scores[0]} if ranked and scores[0] else {}


def calibrate(legs: Mapping[LegName, Ranked], lexical_most: float) -> dict[LegName, dict[str, float]]:
    """Each leg's scores on 0..1; a leg that found nothing is left out."""
    return {leg: _calibrated(leg, ranked, lexical_most) for leg, ranked in legs.items() if ranked}


def shares(weights: Mapping[LegName, float], present: Collection[LegName]) -> dict[LegName, float]:
    """What each leg that found something counts: its part of the weight that is there, or the same where none is."""
    known = {leg: weights.get(leg, 0.0) for leg in present}
    total = sum(known.values())
    return {leg: weight / total if total else 1 / len(present) for leg, weight in known.items()}


def seeds(legs: Mapping[LegName, Ranked], most: int) -> list[tuple[str, float]]:
    """The chunks that the direct legs together put first: where seeded ones walk from, the first with most force."""
    scores: dict[str, float] = {}
    for leg, ranked in legs.items():
        for chunk_id, score in min_max(ranked).items():
            scores[chunk_id] = scores.get(chunk_id, 0.0) + SEED_WEIGHTS.get(leg, 0.0) * score
    best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return [(chunk_id, score**2) for chunk_id, score in best]


def _flattened(ranked: Ranked, most: float) -> dict[str, float]:
    return min_max([(chunk_id, max(score, 0.0) ** FLATTEN) for chunk_id, score in ranked])


# How a leg's scores become 0..1, from its ranked list and the most it could have given; min-max where nothing is said.
CALIBRATIONS: Final[Mapping[LegName, Callable[[Ranked, float], dict[str, float]]]] = {
    "bm25": share_of,
    "graph": _flattened,
}


def _calibrated(leg: LegName, ranked: Ranked, most: float) -> dict[str, float]:
    calibration = CALIBRATIONS.get(leg)
    return calibration(ranked, most) if calibration else min_max(ranked)
