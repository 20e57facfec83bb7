"""How the fusion's weights stand up: `python -m hydragraph.evals.weights FOLDER... [--folds K] [--work DIR] [--json]`.

Each FOLDER is a test collection as for `hydragraph.evals.retrieval`. Each query is searched once; then what the legs
found is fused with every point of a grid of weights. For each fold and each kind of question, the point with the best
nDCG@10 on the other folds, each data set counting the same, scores the fold. Printed are the table in force, that
cross-validated choice and each single leg, and the weights that the whole data would choose beside the table in force.
Those fit the very queries that they are scored on, and where the optimum is flat many do as well: a table that is not
the arg-max is no worse for it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ..domain import LEGS, LegName
from ..errors import UsageError
from ..models.embedders.open import open_embedder
from ..retrieval.search.fusion import WEIGHTS, Kind
from .console import print_result, say
from .corpora import read_corpus
from .corpus_index import indexed
from .metrics import Estimate, bootstrap, paired
from .weight_grid import Scored, Weights, best_point, cross_validated, make_grid, mean_by_point, score_all

KINDS: Final[Sequence[Kind]] = tuple(WEIGHTS)
FLAT: Final = 0.005  # points of the grid that are less than this below the best do as well


@dataclass(frozen=True, slots=True)
class SetReport:
    """nDCG@10 on one data set, and how far the table in force is above the cross-validated choice and the best leg."""

    queries: int
    in_force: float
    cross_validated: float
    legs: Mapping[LegName, float | None]
    best_leg: LegName
    less_cross_validated: Estimate
    less_best_leg: Estimate


@dataclass(frozen=True, slots=True)
class KindReport:
    """The weights of one kind of question: in force, and the best for all its queries together.

    `flat` are the least and the most weight of each leg among the points that do as well as the best.
    """

    queries: Mapping[str, int]
    in_force: Weights
    best: Weights
    best_less_in_force: Estimate
    flat: Mapping[LegName, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Report:
    folds: int
    points: int
    sets: Mapping[str, SetReport]
    kinds: Mapping[Kind, KindReport]  # those that some query is of


def summarise(data: Sequence[Scored], grid: Sequence[Weights], folds: int) -> Report:
    values = cross_validated(data, KINDS, folds)
    kinds = {kind: _describe_kind(data, kind, grid) for kind in KINDS if any(it.of_kind(kind).any() for it in data)}
    sets = {scored.name: _describe_set(scored, them.tolist()) for scored, them in zip(data, values, strict=True)}
    return Report(folds, len(grid), sets, kinds)


def _describe_set(scored: Scored, chosen: Sequence[float]) -> SetReport:
    in_force = scored.in_force.tolist()
    legs = {leg: None if values is None else float(values.mean()) for leg, values in scored.legs.items()}
    best_leg = max(LEGS, key=lambda leg: legs[leg] or 0.0)
    alone = scored.legs[best_leg]
    return SetReport(
        queries=len(in_force),
        in_force=float(np.mean(in_force)),
        cross_validated=float(np.mean(chosen)),
        legs=legs,
        best_leg=best_leg,
        less_cross_validated=paired(in_force, chosen),
        less_best_leg=paired(in_force, [0.0] * len(in_force) if alone is None else alone.tolist()),
    )


def _describe_kind(data: Sequence[Scored], kind: Kind, grid: Sequence[Weights]) -> KindReport:
    means = mean_by_point(data, kind, [np.ones(len(scored.kinds), dtype=bool) for scored in data])
    assert means is not None
    best = best_point(means)
    equals = [point for point, mean in zip(grid, means, strict=True) if mean > means[best] - FLAT]
    return KindReport(
        queries={scored.name: int(scored.of_kind(kind).sum()) for scored in data},
        in_force=WEIGHTS[kind],
        best=grid[best],
        best_less_in_force=_gain(data, kind, best),
        flat={leg: (min(point[leg] for point in equals), max(point[leg] for point in equals)) for leg in LEGS},
    )


def _gain(data: Sequence[Scored], kind: Kind, point: int) -> Estimate:
    """How far a point is above the table in force on the queries of a kind, each data set as a whole alike."""
    gains, weights = [], []
    for scored in data:
        of_kind = scored.of_kind(kind)
        gains += (scored.points[of_kind, point] - scored.in_force[of_kind]).tolist()
        weights += [1 / len(scored.kinds)] * int(of_kind.sum())
    mean_weight = sum(weights) / len(weights)
    return bootstrap([gain * weight / mean_weight for gain, weight in zip(gains, weights, strict=True)])


def as_json(report: Report) -> str:
    return json.dumps(asdict(report), indent=2)


def as_table(report: Report) -> str:
    """Figures in per cent; weights as they are."""
    lines = [
        f"nDCG@10 in per cent; {report.folds} folds, a grid of {report.points} weights; differences with 95 % paired"
        " intervals by bootstrap",
        f"{'':12}{'queries':>8}{'in force':>10}{'cross-val.':>12}"
        + "".join(f"{leg:>8}" for leg in LEGS)
        + f"{'in force less cross-val.':>27}{'in force less the best leg':>30}",
    ]
    lines += [_set_line(name, it) for name, it in report.sets.items()]
    lines += [_mean_line(report), ""]
    lines.append(f"{'weights':12}{'queries':>8}  {'in force':18}{'best of all':18}{'best less in force':>20}  as good")
    lines += [_kind_line(kind, it) for kind, it in report.kinds.items()]
    lines.append(
        f"weights of {', '.join(LEGS)}; as good: from the least to the most weight of each among the points of the grid"
        f" within {100 * FLAT} of the best"
    )
    return "\n".join(lines)


def _set_line(name: str, it: SetReport) -> str:
    return (
        f"{name:12}{it.queries:8}{100 * it.in_force:10.1f}{100 * it.cross_validated:12.1f}"
        + "".join(f"{_percent(it.legs[leg]):>8}" for leg in LEGS)
        + f"{_cell(it.less_cross_validated):>27}{it.best_leg:>9} {_cell(it.less_best_leg):>20}"
    )


def _mean_line(report: Report) -> str:
    sets = report.sets.values()
    in_force, chosen = (
        float(np.mean(them)) for them in zip(*((it.in_force, it.cross_validated) for it in sets), strict=True)
    )
    legs = [[it.legs[leg] for it in sets] for leg in LEGS]
    means = [None if None in values else float(np.mean([value or 0.0 for value in values])) for values in legs]
    return f"{'mean':20}{100 * in_force:10.1f}{100 * chosen:12.1f}" + "".join(f"{_percent(mean):>8}" for mean in means)


def _kind_line(kind: Kind, it: KindReport) -> str:
    flat = "  ".join(f"{leg} {low:.2f}-{high:.2f}" for leg, (low, high) in it.flat.items())
    return (
        f"{kind:12}{sum(it.queries.values()):8}  {_weights(it.in_force):18}{_weights(it.best):18}"
        f"{_cell(it.best_less_in_force):>20}  {flat}"
    )


def _weights(weights: Weights) -> str:
    return " ".join(f"{weights[leg]:.2f}" for leg in LEGS)


def _percent(value: float | None) -> str:
    return "n/a" if value is None else f"{100 * value:.1f}"


def _cell(it: Estimate) -> str:
    return f"{100 * it.value:+.1f} [{100 * it.low:+.1f}, {100 * it.high:+.1f}]"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hydragraph.evals.weights", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--folds", type=int, default=5, metavar="K", help="parts to cross-validate over (default 5)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--embedder", default="minilm", help="minilm, sentence-transformers:NAME or none")
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="keep each FOLDER's index in DIR/NAME and use it again"
    )
    options = parser.parse_args(arguments)
    if options.folds < 2:
        parser.error(f"--folds: expected 2 or more, got {options.folds}")
    return print_result(lambda: _measure(options))


def _measure(options: argparse.Namespace) -> str:
    grid = make_grid()
    data = []
    corpora = {name: read_corpus(folder) for name, folder in _by_name(options.folders).items()}
    with ExitStack() as stack:
        above = options.work or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hydragraph-")))
        for name, corpus in corpora.items():
            say(name)
            with indexed(corpus, open_embedder(options.embedder, above / name / "models"), above / name) as index:
                data.append(score_all(name, index, grid))
    report = summarise(data, grid, options.folds)
    return as_json(report) if options.json else as_table(report)


def _by_name(folders: Sequence[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for folder in folders:
        other = named.setdefault(folder.resolve().name, folder)
        if other is not folder:
            raise UsageError(f"expected folders of different names, got {other} and {folder}.")
    return named


if __name__ == "__main__":
    sys.exit(main())
