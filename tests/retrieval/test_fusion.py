import pytest

from hydragraph.domain import LEGS
from hydragraph.retrieval.fusion import EXPONENTS, WEIGHTS, calibrated, fuse, kind_of


def test_scores_are_put_on_zero_to_one_in_the_same_order() -> None:
    assert calibrated([("a", 4.0), ("b", 3.0), ("c", 2.0)], 1.0) == {"a": 1.0, "b": 0.5, "c": 0.0}
    assert calibrated([("a", 4.0), ("b", 3.0), ("c", 2.0)], 2.0) == {"a": 1.0, "b": 0.25, "c": 0.0}


def test_a_power_below_one_flattens_what_falls_off_steeply() -> None:
    bent = calibrated([("a", 1.0), ("b", 0.25), ("c", 0.0)], 0.5)
    assert bent == {"a": 1.0, "b": 0.5, "c": 0.0}


@pytest.mark.parametrize("exponent", [1 / 3, 1.0, 2.0])
def test_equal_scores_all_count_in_full(exponent: float) -> None:
    assert calibrated([("a", 0.7), ("b", 0.7)], exponent) == {"a": 1.0, "b": 1.0}
    assert calibrated([("a", -0.7)], exponent) == {"a": 1.0}
    assert calibrated([], exponent) == {}


def test_every_kind_weighs_every_leg_and_weights_add_to_one() -> None:
    for weights in WEIGHTS.values():
        assert set(weights) == set(LEGS) == set(EXPONENTS)
        assert sum(weights.values()) == pytest.approx(1)


def test_what_all_legs_put_first_scores_one() -> None:
    ranked = [("a", 3.0), ("b", 1.0)]
    fused = fuse({"dense": ranked, "bm25": ranked, "graph": ranked}, "prose")
    assert fused["a"] == pytest.approx(1)
    assert fused["b"] == pytest.approx(0)


def test_an_absent_leg_leaves_its_weight_to_the_others() -> None:
    fused = fuse({"dense": [("a", 0.9), ("b", 0.1)], "bm25": [("b", 7.0)], "graph": []}, "code")
    weights = WEIGHTS["code"]
    assert fused["a"] == pytest.approx(weights["dense"] / (weights["dense"] + weights["bm25"]))
    assert fused["b"] == pytest.approx(weights["bm25"] / (weights["dense"] + weights["bm25"]))


def test_no_leg_no_list() -> None:
    assert fuse({"dense": [], "bm25": [], "graph": []}, "prose") == {}


@pytest.mark.parametrize(
    ("named", "code_share", "kind"),
    [(True, 1.0, "code_named"), (False, 0.6, "code"), (True, 0.5, "prose_named"), (False, 0.0, "prose")],
)
def test_the_kind_follows_from_the_question_and_the_candidates(named: bool, code_share: float, kind: str) -> None:
    assert kind_of(named=named, code_share=code_share) == kind
