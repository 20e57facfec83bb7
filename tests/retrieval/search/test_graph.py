from __future__ import annotations

import random

import pytest

from hydragraph.domain import ReferenceKind
from hydragraph.retrieval.search.graph import Graph, candidates, written_as_code

Edges = list[tuple[int, ReferenceKind, str]]

FILMS: Edges = [
    (0, "defines", "Crimson Harbour (film)"),
    (0, "mentions", "jane doe"),
    (1, "defines", "Jane Doe"),
    (1, "mentions", "lisbon"),
    (2, "defines", "Lisbon"),
    (3, "defines", "Oak"),
    (3, "mentions", "acorn"),
]


def ranked(graph: Graph, question: str, seeds: dict[int, float] | None = None) -> list[int]:
    found = graph.walk(graph.named_in(question), seeds or {}, 100)
    return [chunk for chunk, _ in found]


def test_a_walk_crosses_the_bridge_between_two_documents() -> None:
    graph = Graph.build(FILMS, 4)
    order = ranked(graph, "Where was the director of Crimson Harbour born?")
    assert order[:2] == [0, 1]
    assert 3 not in order


def test_lower_case_names_of_several_words_are_found_too() -> None:
    assert ranked(Graph.build(FILMS, 4), "where was jane doe born")[0] == 1


def test_a_question_that_names_nothing_walks_from_the_chunks_given() -> None:
    graph = Graph.build(FILMS, 4)
    assert graph.named_in("where is it?") == {}
    assert ranked(graph, "where is it?") == []
    assert ranked(graph, "where is it?", {0: 1.0})[:2] == [1, 0]


def test_a_start_without_edges_reaches_nothing() -> None:
    graph = Graph.build([(0, "mentions", "alone"), (1, "mentions", "elsewhere")], 2)
    assert graph.walk({}, {0: 1.0}, 100) == []
    assert Graph.build([], 3).walk({}, {0: 1.0, 2: 0.5}, 100) == []
    assert Graph.build([], 0).walk({}, {}, 100) == []


def test_the_longer_name_hides_the_shorter_one_inside_it() -> None:
    graph = Graph.build([(0, "defines", "Tim Wilson (filmmaker)"), (1, "defines", "Tim Wilson (broadcaster)")], 2)
    assert ranked(graph, "Is Tim Wilson (Filmmaker) alive?")[0] == 0
    assert set(ranked(graph, "Is Tim Wilson alive?")) == {0, 1}


def test_code_meets_through_definitions_and_calls() -> None:
    graph = Graph.build(
        [
            (0, "defines", "shop.orm.Session.execute"),
            (1, "calls", "session.execute"),
            (1, "calls", "execute"),
            (2, "calls", "print"),
            (3, "mentions", "session execute"),
        ],
        4,
    )
    order = ranked(graph, "who calls `Session.execute`?")
    assert order[0] == 0
    assert {1, 3} <= set(order)
    assert 2 not in order


def test_candidates_are_names_and_runs_of_words() -> None:
    assert candidates("Is guitar world old?") == ["is guitar", "is guitar world", "is guitar world old", *[
        "guitar world", "guitar world old", "world old"]]  # fmt: skip


def test_what_everything_mentions_leads_nowhere() -> None:
    edges: Edges = [(chunk, "mentions", "licence") for chunk in range(40)]
    graph = Graph.build(edges, 40)
    assert graph.walk(graph.named_in("The Licence?"), {0: 1.0}, 100) == []


def test_edges_follow_from_the_references_that_are_there() -> None:
    """Taking a file out and putting it back gives the same walk, whatever came in between."""
    shuffled = FILMS[:]
    random.Random(3).shuffle(shuffled)
    question = "Where was the director of Crimson Harbour born?"
    before = sorted(Graph.build(FILMS, 4).walk(Graph.build(FILMS, 4).named_in(question), {}, 100))
    graph = Graph.build(shuffled, 4)
    after = sorted(graph.walk(graph.named_in(question), {}, 100))
    assert [chunk for chunk, _ in after] == [chunk for chunk, _ in before]
    assert [score for _, score in after] == pytest.approx([score for _, score in before])


def test_mass_is_never_made_and_large_neighbourhoods_are_capped() -> None:
    drawn = random.Random(1)
    edges: Edges = [(chunk, "mentions", f"name {drawn.randrange(3000)}") for chunk in range(2000) for _ in range(20)]
    graph = Graph.build(edges, 2000)
    found = graph.walk(graph.named_in("Name 7 and Name 8"), {1: 1.0, 2: 1.0}, 10_000)
    assert 0 < sum(score for _, score in found) <= 1
    assert len(found) < 2000
    assert graph.walk(graph.named_in("Name 7 and Name 8"), {1: 1.0, 2: 1.0}, 5) == found[:5]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What does Session.send do?", ["Session.send"]),
        ("how is `read_file` used, and std::move", ["read_file", "std::move"]),
        ("Who calls walk() in HTTPAdapter?", ["walk", "HTTPAdapter"]),
        ("How are sessions closed, e.g. after an error. Next?", ["e.g"]),
        ("python 3.11 and _private", ["3.11"]),
        ("Is it so? No...", []),
    ],
)
def test_what_a_question_writes_as_code(question: str, names: list[str]) -> None:
    assert written_as_code(question) == names


def test_a_definition_is_found_by_its_name_where_few_share_it() -> None:
    many: Edges = [(number, "defines", f"pkg{number}.Thing.run_all") for number in range(10, 20)]
    graph = Graph.build(
        [(0, "defines", "pkg.Session.send"), (1, "calls", "session.send"), (2, "defines", "pkg.Other.send"), *many], 20
    )
    assert graph.defined_in("What does Session.send do?") == {0: 1.0}
    assert graph.defined_in("What does send() do?") == {0: 0.5, 2: 0.5}
    assert graph.defined_in("What does run_all do?") == {}
    assert graph.defined_in("What does Session.close do, or any send?") == {}
