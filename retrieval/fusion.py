"""One ranked list from several: calibrated convex fusion, with one table of weights per kind of question.

Each leg's scores are put on 0..1 (min-max over what it found), bent by the leg's exponent, and added with the weights
of the question's kind. A leg that found nothing is left out and the others share its weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from ..domain import Leg

Ranked = Sequence[tuple[str, float]]  # chunk id and score, best first
Kind = Literal["code", "code_named", "prose", "prose_named"]

WEIGHTS: Final[Mapping[Kind, Mapping[Leg, float]]] = {
    "code": {"dense": 0.72, "bm25": 0.26, "graph": 0.02},
    "code_named": {"dense": 0.55, "bm25": 0.30, "graph": 0.15},
    "prose": {"dense": 0.50, "bm25": 0.30, "graph": 0.20},
    "prose_named": {"dense": 0.16, "bm25": 0.09, "graph": 0.75},
}
# PageRank falls off like a power law, cosines crowd together below the best: one is flattened, the other sharpened.
EXPONENTS: Final[Mapping[Leg, float]] = {"dense": 2.0, "bm25": 1.0, "graph": 1 / 3}
CODE_SHARE: Final = 0.5


def kind_of(*, named: bool, code_share: float) -> Kind:
    """What a question is about: `named` where it names something of the graph, code where most candidates are code."""
    if code_share > CODE_SHARE:
        return "code_named" if named else "code"
    return "prose_named" if named else "prose"


def calibrated(ranked: Ranked, exponent: float) -> dict[str, float]:
    """Scores on 0..1 in the same order. Powers come first: PageRank's scores span orders of magnitude."""
    if not ranked:
        return {}
    best, worst = ranked[0][1], ranked[-1][1]
    if best <= worst:
        return dict.fromkeys((chunk_id for chunk_id, _ in ranked), 1.0)
    if exponent < 1:
        low, high = max(worst, 0.0) ** exponent, max(best, 0.0) ** exponent
        return {chunk_id: (max(score, 0.0) ** exponent - low) / (high - low) for chunk_id, score in ranked}
    return {chunk_id: ((score - worst) / (best - worst)) ** exponent for chunk_id, score in ranked}


def fuse(legs: Mapping[Leg, Ranked], kind: Kind) -> dict[str, float]:
    """The fused score of every chunk that a leg found, from 0 to 1."""
    present = {leg: WEIGHTS[kind][leg] for leg, ranked in legs.items() if ranked}
    total = sum(present.values())
    fused: dict[str, float] = {}
    for leg, weight in present.items():
        for chunk_id, score in calibrated(legs[leg], EXPONENTS[leg]).items():
            fused[chunk_id] = fused.get(chunk_id, 0.0) + weight / total * score
    return fused
