import pytest

from hydragraph.domain import LEGS
from hydragraph.retrieval.search.fusion import (
    LEAD_WEIGHT,
    WEIGHTS,
    calibrate,
    fuse,
    kind_of,
    lead,
    min_max,
    share_of,
    shares,
)


def test_min_max_keeps_the_order_between_zero_and_one() -> None:
    assert min_max([("a", 4.0), ("b", 3.0), ("c", 2.0)]) == {"a": 1.0, "b": 0.5, "c": 0.0}


def test_without_a_difference_all_count_in_full() -> None:
    assert min_max([("a", 0.7), ("b", 0.7)]) == {"a": 1.0, "b": 1.0}
    assert min_max([("a", -0.7)]) == {"a": 1.0}
    assert min_max([]) == {}


def test_a_lexical_score_is_a_share_of_the_most_that_could_be() -> None:
    assert share_of([("a", 4.0), ("b", 1.0)], 8.0) == {"a": 0.5, "b": 0.125}
    assert share_of([("a", 4.0)], 0.0) == {"a": 1.0}


def test_pagerank_is_flattened() -> None:
    fused = fuse({"dense": [], "bm25": [], "graph": [("a", 1.0), ("b", 0.125), ("c", 0.0)]}, "prose", lexical_most=1.0)
    assert fused == pytest.approx({"a": 1.0, "b": 0.5, "c": 0.0})


def test_every_kind_weighs_every_leg_and_weights_add_to_one() -> None:
    for weights in WEIGHTS.values():
        assert set(weights) == set(LEGS)
        assert sum(weights.values()) == pytest.approx(1)


def test_what_all_legs_put_first_scores_one() -> None:
    ranked = [("a", 3.0), ("b", 1.0)]
    fused = fuse({"dense": ranked, "bm25": ranked, "graph": ranked}, "prose", lexical_most=3.0)
    assert fused["a"] == 1
    assert fused["b"] == pytest.approx(WEIGHTS["prose"]["bm25"] / 3 / (1 + LEAD_WEIGHT * 2 / 3))


def test_an_absent_leg_leaves_its_weight_to_the_others() -> None:
    legs = {"dense": [("a", 0.9), ("b", 0.1)], "bm25": [("b", 7.0), ("c", 7.0)], "graph": []}
    fused = fuse(legs, "code", lexical_most=7.0)  # type: ignore[arg-type]
    weights = WEIGHTS["code"]
    assert fused["a"] == pytest.approx(weights["dense"] / (weights["dense"] + weights["bm25"]))
    assert fused["b"] == fused["c"] == pytest.approx(weights["bm25"] / (weights["dense"] + weights["bm25"]))


def test_the_best_lexical_hit_gains_by_its_lead() -> None:
    dense = [("a", 0.9), ("b", 0.8), ("c", 0.1)]
    even = fuse({"dense": dense, "bm25": [("c", 6.0), ("b", 6.0)]}, "code", lexical_most=12.0)
    ahead = fuse({"dense": dense, "bm25": [("c", 6.0), ("b", 4.5)]}, "code", lexical_most=12.0)
    assert ahead["c"] == pytest.approx(even["c"] + LEAD_WEIGHT / 4)
    assert max(even, key=even.__getitem__) == "a"


def test_what_is_named_is_found_where_it_is_defined_if_a_leg_found_it() -> None:
    legs = {"dense": [("a", 0.9), ("b", 0.8), ("c", 0.1)], "bm25": [("a", 2.0), ("b", 2.0)], "graph": []}
    fused = fuse(legs, "code_named", lexical_most=4.0, defining={"c": 1.0, "elsewhere": 1.0})  # type: ignore[arg-type]
    assert sorted(fused, key=fused.__getitem__, reverse=True) == ["c", "a", "b"]
    assert max(fused.values()) == 1


def test_a_word_that_only_one_chunk_has_finds_it() -> None:
    fused = fuse({"dense": [("a", 0.9), ("b", 0.1)], "bm25": [("c", 2.0)]}, "prose_named", lexical_most=6.0)
    assert max(fused, key=fused.__getitem__) == "c"


def test_lead() -> None:
    assert lead([("a", 4.0), ("b", 3.0), ("c", 0.0)]) == {"a": 0.25}
    assert lead([("a", 4.0), ("b", 4.0)]) == {"a": 0.0}
    assert lead([("a", 4.0)]) == {"a": 1.0}
    assert lead([("a", 0.0)]) == lead([]) == {}


def test_other_weights_may_stand_in_for_the_table() -> None:
    legs = {"dense": [("a", 1.0), ("b", 0.5), ("c", 0.0)], "bm25": [], "graph": [("b", 1.0), ("c", 0.0)]}
    fused = fuse(legs, "code", lexical_most=1.0, weights={"dense": 0.2, "bm25": 0.5, "graph": 0.3})
    assert fused == pytest.approx({"a": 0.4, "b": 0.8, "c": 0.0})
    table = fuse(legs, "prose", lexical_most=1.0)
    assert fuse(legs, "code", lexical_most=1.0, weights=WEIGHTS["prose"]) == table


def test_weight_is_shared_among_the_legs_that_are_there() -> None:
    weights = {"dense": 0.6, "bm25": 0.2, "graph": 0.2}
    assert shares(weights, ["dense", "bm25"]) == pytest.approx({"dense": 0.75, "bm25": 0.25})
    assert shares({"dense": 1.0, "bm25": 0.0, "graph": 0.0}, ["bm25", "graph"]) == {"bm25": 0.5, "graph": 0.5}
    assert shares(weights, []) == {}


def test_each_leg_is_calibrated_in_its_own_way_and_an_empty_one_left_out() -> None:
    ranked = [("a", 8.0), ("b", 1.0), ("c", 0.0)]
    assert calibrate({"dense": ranked, "bm25": ranked, "graph": []}, 16.0) == {
        "dense": {"a": 1.0, "b": 0.125, "c": 0.0},
        "bm25": {"a": 0.5, "b": 0.0625, "c": 0.0},
    }
    assert calibrate({"graph": ranked}, 16.0)["graph"] == pytest.approx({"a": 1.0, "b": 0.5, "c": 0.0})


def test_no_leg_no_list() -> None:
    assert fuse({"dense": [], "bm25": [], "graph": []}, "prose", lexical_most=0.0) == {}


def test_a_leg_without_weight_counts_where_it_is_the_only_one() -> None:
    assert WEIGHTS["code"]["graph"] == 0
    assert fuse({"graph": [("a", 1.0)]}, "code", lexical_most=0.0) == {"a": 1.0}


@pytest.mark.parametrize(
    ("named", "code_share", "kind"),
    [(True, 1.0, "code_named"), (False, 0.6, "code"), (True, 0.5, "prose_named"), (False, 0.0, "prose")],
)
def test_the_kind_follows_from_the_question_and_the_candidates(named: bool, code_share: float, kind: str) -> None:
    assert kind_of(named=named, code_share=code_share) == kind
