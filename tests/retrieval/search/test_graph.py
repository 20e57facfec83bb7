from __future__ import annotations

import random

import numpy as np
import pytest
from drawn_graphs import chunk_id, live_graph

from hydragraph.domain import ReferenceKind
from hydragraph.retrieval.search.graph import DAMPING, Walk, candidates, defined_in, named_in, walk, written_as_code
from hydragraph.retrieval.stores.edges import key_hash
from hydragraph.retrieval.stores.live_graph import LiveGraph

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


def ids(seeds: dict[int, float]) -> dict[str, float]:
    return {chunk_id(number): force for number, force in seeds.items()}


def ranked(graph: LiveGraph, question: str, seeds: dict[int, float] | None = None) -> list[int]:
    found = walk(graph, named_in(graph, question), ids(seeds or {}), 100)
    return [int(key[:16], 16) for key, _ in found]


def test_a_walk_crosses_the_bridge_between_two_documents() -> None:
    graph = live_graph(FILMS, 4)
    order = ranked(graph, "Where was the director of Crimson Harbour born?")
    assert order[:2] == [0, 1]
    assert 3 not in order


def test_lower_case_names_of_several_words_are_found_too() -> None:
    assert ranked(live_graph(FILMS, 4), "where was jane doe born")[0] == 1


def test_a_question_that_names_nothing_walks_from_the_chunks_given() -> None:
    graph = live_graph(FILMS, 4)
    assert named_in(graph, "where is it?") == {}
    assert ranked(graph, "where is it?") == []
    assert ranked(graph, "where is it?", {0: 1.0})[:2] == [1, 0]


def test_a_start_without_edges_reaches_nothing() -> None:
    graph = live_graph([(0, "mentions", "alone"), (1, "mentions", "elsewhere")], 2)
    assert walk(graph, {}, ids({0: 1.0}), 100) == []
    assert walk(live_graph([], 3), {}, ids({0: 1.0, 2: 0.5}), 100) == []
    assert walk(live_graph([], 0), {}, {}, 100) == []


def test_the_longer_name_hides_the_shorter_one_inside_it() -> None:
    graph = live_graph([(0, "defines", "Tim Wilson (filmmaker)"), (1, "defines", "Tim Wilson (broadcaster)")], 2)
    assert ranked(graph, "Is Tim Wilson (Filmmaker) alive?")[0] == 0
    assert set(ranked(graph, "Is Tim Wilson alive?")) == {0, 1}


def test_code_meets_through_definitions_and_calls() -> None:
    graph = live_graph(
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
    graph = live_graph(edges, 40)
    assert walk(graph, named_in(graph, "The Licence?"), ids({0: 1.0}), 100) == []


def test_edges_follow_from_the_references_that_are_there() -> None:
    """Taking a file out and putting it back gives the same walk, whatever came in between."""
    shuffled = FILMS[:]
    random.Random(3).shuffle(shuffled)
    question = "Where was the director of Crimson Harbour born?"
    graph, after = live_graph(FILMS, 4), live_graph(shuffled, 4)
    assert walk(after, named_in(after, question), {}, 100) == walk(graph, named_in(graph, question), {}, 100)


def test_mass_is_never_made_and_large_neighbourhoods_are_capped() -> None:
    drawn = random.Random(1)
    edges: Edges = [(chunk, "mentions", f"name {drawn.randrange(3000)}") for chunk in range(2000) for _ in range(20)]
    graph = live_graph(edges, 2000)
    names, seeds = named_in(graph, "Name 7 and Name 8"), ids({1: 1.0, 2: 1.0})
    found = walk(graph, names, seeds, 10_000)
    assert 0 < sum(score for _, score in found) <= 1
    assert len(found) < 2000
    assert walk(graph, names, seeds, 5) == found[:5]


def test_a_walk_without_an_end_is_personalised_pagerank() -> None:
    """Against the linear system (1 - d) (I - d P)^-1 s over the whole of a small graph."""
    drawn = random.Random(5)
    kinds: list[ReferenceKind] = ["defines", "calls", "mentions", "links"]
    edges: Edges = [
        (chunk, drawn.choice(kinds), f"name {drawn.randrange(12)}") for chunk in range(10) for _ in range(3)
    ]
    graph = live_graph(edges, 10)
    names, chunks = {"name 3": 0.6, "name 7": 0.3}, {chunk: drawn.random() / 100 for chunk in range(10)}
    near = graph.neighbourhood(list(names), list(ids(chunks)))
    moves = Walk.over(near, {key_hash(name): share for name, share in names.items()}, ids(chunks))
    reached = dict(zip(moves.chunk_ids, moves.reached(steps=400), strict=True))
    assert reached == pytest.approx(pagerank(edges, 10, names, chunks), abs=1e-12)
    assert len(reached) == 10


def pagerank(edges: Edges, size: int, names: dict[str, float], chunks: dict[int, float]) -> dict[str, float]:
    """What edges bring to each chunk, by dense matrices and the definitions alone."""
    weights = {"defines": 4.0, "links": 2.0, "calls": 1.0, "mentions": 1.0}
    known = sorted({name for _, _, name in edges})
    joined = np.zeros((size, len(known)))
    for chunk, kind, name in edges:
        joined[chunk, known.index(name)] = max(joined[chunk, known.index(name)], weights[kind])
    degrees = (joined > 0).sum(axis=0)
    leaving = np.where(degrees > 1, joined * np.log1p(size / degrees), 0.0)
    out = leaving / np.maximum(leaving.sum(axis=1, keepdims=True), 1e-300)
    moves = np.block([[np.zeros((size, size)), out], [(joined / joined.sum(axis=0)).T, np.zeros((len(known),) * 2)]])
    start = np.array([chunks.get(at, 0.0) for at in range(size)] + [names.get(name, 0.0) for name in known])
    mass = np.linalg.solve(np.eye(len(start)) - DAMPING * moves.T, (1 - DAMPING) * start)
    return {chunk_id(at): float(mass[at] - (1 - DAMPING) * start[at]) for at in range(size)}


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
    graph = live_graph(
        [(0, "defines", "pkg.Session.send"), (1, "calls", "session.send"), (2, "defines", "pkg.Other.send"), *many], 20
    )
    assert defined_in(graph, "What does Session.send do?") == ids({0: 1.0})
    assert defined_in(graph, "What does send() do?") == ids({0: 0.5, 2: 0.5})
    assert defined_in(graph, "What does run_all do?") == {}
    assert defined_in(graph, "What does Session.close do, or any send?") == {}
