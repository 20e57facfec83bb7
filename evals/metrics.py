"""Measures of a ranked list against what is relevant, and how sure their means are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 5000
SEED = 20240229
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval."""

    value: float
    low: float
    high: float


def ndcg(ranked: Sequence[str], relevant: Mapping[str, float], k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first k; gains are the relevances themselves."""
    ideal = _dcg(sorted(relevant.values(), reverse=True)[:k])
    return _dcg([relevant.get(document, 0.0) for document in ranked[:k]]) / ideal if ideal else 0.0


def _dcg(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def recall(ranked: Sequence[str], relevant: Mapping[str, float], k: int = 5) -> float:
    """The share of what is relevant that stands in the first k."""
    wanted = {document for document, gain in relevant.items() if gain > 0}
    return len(wanted.intersection(ranked[:k])) / len(wanted) if wanted else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Mapping[str, float]) -> float:
    """One over the rank of the first relevant document; 0 where none was found."""
    return next((1 / rank for rank, document in enumerate(ranked, start=1) if relevant.get(document, 0.0) > 0), 0.0)


def bootstrap(values: Sequence[float], *, resamples: int = RESAMPLES, seed: int = SEED) -> Estimate:
    """The mean and the percentile interval of resampled means.

    Values of different systems over the same queries are resampled alike (same seed), so the interval of their
    differences is the paired one.
    """
    sample = np.asarray(values, dtype=np.float64)
    if not len(sample):
        raise ValueError("expected at least one value")
    random = np.random.default_rng(seed)
    means = np.concatenate(
        [_resampled_means(sample, min(CHUNK, resamples - start), random) for start in range(0, resamples, CHUNK)]
    )
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(sample.mean()), float(low), float(high))


def _resampled_means(sample: NDArray[np.float64], count: int, random: np.random.Generator) -> NDArray[np.float64]:
    means: NDArray[np.float64] = sample[random.integers(0, len(sample), (count, len(sample)))].mean(axis=1)
    return means


def paired(first: Sequence[float], second: Sequence[float], *, seed: int = SEED) -> Estimate:
    """How much the first is above the second over the same queries."""
    return bootstrap([a - b for a, b in zip(first, second, strict=True)], seed=seed)
