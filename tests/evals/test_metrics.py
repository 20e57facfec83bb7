from __future__ import annotations

import math

import pytest

from hydragraph.evals.metrics import Estimate, bootstrap, ndcg, paired, recall, reciprocal_rank

RELEVANT = {"a": 3.0, "b": 2.0, "c": 1.0}


def test_ndcg_by_hand() -> None:
    found = 2 / math.log2(2) + 3 / math.log2(4)  # b first, a third
    ideal = 3 / math.log2(2) + 2 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(["b", "x", "a"], RELEVANT) == pytest.approx(found / ideal)
    assert found / ideal == pytest.approx(0.7350, abs=5e-5)


def test_ndcg_of_the_ideal_order_is_one_and_of_nothing_found_zero() -> None:
    assert ndcg(["a", "b", "c", "x"], RELEVANT) == pytest.approx(1)
    assert ndcg(["x", "y"], RELEVANT) == 0
    assert ndcg([], RELEVANT) == 0


def test_ndcg_looks_at_the_first_k_and_asks_no_more_than_fits_there() -> None:
    assert ndcg(["x", "a"], {"a": 1.0}, k=1) == 0
    assert ndcg(["a", "b"], {"a": 1.0, "b": 1.0, "c": 1.0}, k=2) == pytest.approx(1)
    tenth, eleventh = [*"123456789", "a"], [*"1234567890", "a"]
    assert ndcg(tenth, {"a": 1.0}) == pytest.approx(1 / math.log2(11))
    assert ndcg(eleventh, {"a": 1.0}) == 0


def test_where_nothing_is_relevant_every_measure_is_zero() -> None:
    for relevant in ({}, {"a": 0.0}):
        assert (ndcg(["a"], relevant), recall(["a"], relevant), reciprocal_rank(["a"], relevant)) == (0, 0, 0)


def test_recall_is_the_share_of_the_relevant_in_the_first_k() -> None:
    assert recall(["a", "x", "b"], RELEVANT) == pytest.approx(2 / 3)
    assert recall(["a", "x", "b"], RELEVANT, k=2) == pytest.approx(1 / 3)
    assert recall([*"12345", "a"], {"a": 1.0}) == 0
    assert recall(["a", "z"], {"a": 1.0, "z": 0.0}) == 1


def test_reciprocal_rank_is_that_of_the_first_relevant_document_however_far_down() -> None:
    assert reciprocal_rank(["x", "c", "a"], RELEVANT) == 1 / 2
    assert reciprocal_rank([*(str(number) for number in range(99)), "a"], RELEVANT) == 1 / 100
    assert reciprocal_rank(["x"], RELEVANT) == 0


def test_bootstrap_is_the_same_each_time() -> None:
    values = [math.sin(number) for number in range(50)]
    assert bootstrap(values) == bootstrap(values)
    assert bootstrap(values) != bootstrap(values, seed=1)


def test_bootstrap_agrees_with_the_normal_interval_of_a_large_sample() -> None:
    values = [0.0, 1.0] * 200
    estimate = bootstrap(values)
    half = 1.96 * 0.5 / math.sqrt(400)
    assert estimate.value == 0.5
    assert estimate.low == pytest.approx(0.5 - half, abs=0.005)
    assert estimate.high == pytest.approx(0.5 + half, abs=0.005)


def test_bootstrap_of_what_does_not_vary_is_a_point() -> None:
    assert bootstrap([0.25] * 7) == Estimate(0.25, 0.25, 0.25)
    assert bootstrap([0.5]) == Estimate(0.5, 0.5, 0.5)


def test_bootstrap_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        bootstrap([])


def test_pairing_sees_a_small_steady_difference_that_two_intervals_would_hide() -> None:
    worse = [number / 100 for number in range(100)]
    better = [value + 0.01 for value in worse]
    assert paired(better, worse) == Estimate(*(pytest.approx(0.01),) * 3)
    assert bootstrap(better).low < bootstrap(worse).high
    assert paired(worse, worse) == Estimate(0, 0, 0)


def test_pairing_needs_the_same_queries() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired([0.1, 0.2], [0.1])
