"""Saved arrays and what changed since answer as arrays made anew do, and as the definitions say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_graphs import Said, chunk_id, live_graph
from hypothesis import given, settings
from hypothesis import strategies as st

from hydragraph.domain import ReferenceKind
from hydragraph.retrieval.stores.edges import EDGE_WEIGHTS, key_hash, mask_of, pack_edges
from hydragraph.retrieval.stores.graph_arrays import GraphArrays
from hydragraph.retrieval.stores.live_graph import LiveGraph
from hydragraph.retrieval.stores.neighbourhood import (
    FAN_OUT,
    FAR_EDGES,
    MOST_DEFINERS,
    NEAR_CHUNKS,
    Neighbourhood,
    most_chunks,
)

NAMES = [f"name {number}" for number in range(12)]
KINDS: list[ReferenceKind] = ["defines", "calls", "mentions", "links"]

pairs = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(NAMES)), max_size=6)
chunks = st.dictionaries(st.integers(0, 40), pairs, max_size=25)
Pairs = list[tuple[ReferenceKind, str]]


def rows(said: dict[int, Pairs], numbers: set[int] | None = None) -> list[tuple[int, str, bytes]]:
    """A chunk's number says nothing of its id."""
    wanted = said.keys() if numbers is None else numbers & said.keys()
    return [
        (1000 - number, chunk_id(number), pack_edges(said[number])) for number in sorted(wanted, key=lambda n: n % 7)
    ]


def same(one: Neighbourhood, other: Neighbourhood) -> bool:
    links = [(it.links.chunks, it.links.names, it.links.weights, it.links.degrees) for it in (one, other)]
    return (
        (one.total, list(one.chunks)) == (other.total, list(other.chunks))
        and one.names.tolist() == other.names.tolist()
        and one.sums.tolist() == other.sums.tolist()
        and [part.tolist() for part in links[0]] == [part.tolist() for part in links[1]]
    )


@given(
    before=chunks, after=chunks, asked=st.lists(st.sampled_from(NAMES), max_size=3), seeds=st.sets(st.integers(0, 41))
)
@settings(deadline=None, max_examples=150)
def test_arrays_and_changes_answer_as_new_arrays_do(
    before: dict[int, Pairs], after: dict[int, Pairs], asked: list[str], seeds: set[int]
) -> None:
    changed = {number for number in before.keys() | after.keys() if before.get(number) != after.get(number)}
    numbers = [1000 - number for number in changed]
    grown = LiveGraph.of(GraphArrays.build(rows(before)), numbers, rows(after, changed))
    fresh = LiveGraph.of(GraphArrays.build(rows(after)), [], [])
    ids = [chunk_id(number) for number in seeds]
    assert grown.total == fresh.total == len(after)
    assert grown.frequencies(NAMES) == fresh.frequencies(NAMES)
    assert grown.definers(NAMES) == fresh.definers(NAMES)
    assert same(grown.neighbourhood(asked, ids), fresh.neighbourhood(asked, ids))
    for kind in KINDS:
        assert grown.chunks_with(NAMES[0], mask_of([kind])) == fresh.chunks_with(NAMES[0], mask_of([kind]))


def naive(said: dict[int, Pairs], asked: list[str], seeds: list[int]) -> tuple[list[int], list[str]]:
    """Chunks and names near by, word for word after the description."""
    weights: dict[str, dict[int, int]] = {}
    for number, refs in said.items():
        for kind, name in refs:
            of_name = weights.setdefault(name, {})
            of_name[number] = max(of_name.get(number, 0), EDGE_WEIGHTS[kind])
    saying = {name for name, of_name in weights.items() if len(of_name) <= most_chunks(len(said))}

    def followed(names: set[str], limit: int) -> set[int]:
        found: set[int] = set()
        for name in sorted(names, key=lambda name: (len(weights[name]), key_hash(name))):
            of_name = weights[name]
            best = sorted(of_name, key=lambda number: (-of_name[number], number))[:FAN_OUT]
            limit -= len(best)
            if limit < 0:
                break
            found.update(best)
        return found

    start = {name for name in asked if name in saying}
    near = {number for number in seeds if number in said} | followed(start, NEAR_CHUNKS)
    names = start | {name for name in saying if len(weights[name]) > 1 and near & weights[name].keys()}
    return sorted(near | followed(names, FAR_EDGES)), sorted(names, key=key_hash)


def test_a_neighbourhood_keeps_its_limits() -> None:
    drawn = np.random.default_rng(4)
    ranks = (drawn.pareto(1.0, size=4000 * 10) * 3).astype(int).clip(0, 3000)
    kinds = drawn.choice(len(KINDS), size=len(ranks))
    said: dict[int, Pairs] = {
        number: [(KINDS[kinds[at]], f"word {ranks[at]}") for at in range(10 * number, 10 * number + 10)]
        for number in range(4000)
    }
    graph = LiveGraph.of(GraphArrays.build(rows(said)), [], [])
    for asked, seeds in (
        (["word 40", "word 41", "word 300"], [5, 9]),
        (["word 20", "word 0"], []),
        (["word 90"], list(range(60))),
    ):
        near = graph.neighbourhood(asked, [chunk_id(number) for number in seeds])
        numbers, names = naive(said, asked, seeds)
        assert list(near.chunks) == [chunk_id(number) for number in numbers]
        assert near.names.tolist() == [key_hash(name) for name in names]
        assert len(numbers) > 100


def test_definers_are_the_first_by_id_and_one_more_than_a_name_may_have() -> None:
    said: list[Said] = [(number, "defines", "pkg.run") for number in range(20, 0, -1)]
    graph = live_graph([*said, (0, "calls", "run"), (3, "defines", "pkg.stop")], 21)
    assert graph.definers(["run", "stop", "walk"]) == {
        "run": [chunk_id(number) for number in range(1, MOST_DEFINERS + 2)],
        "stop": [chunk_id(3)],
    }
    assert graph.definers([]) == {}


def test_saved_arrays_are_what_they_were(tmp_path: Path) -> None:
    said: dict[int, Pairs] = {number: [("calls", f"name {number % 5}")] for number in range(9)}
    built = GraphArrays.build(rows(said))
    built.save(tmp_path / "graph-1")
    loaded = LiveGraph.of(GraphArrays.load(tmp_path / "graph-1"), [], [])
    near = LiveGraph.of(built, [], []).neighbourhood(["name 1"], [chunk_id(3)])
    assert same(loaded.neighbourhood(["name 1"], [chunk_id(3)]), near)
    assert [path.name for path in tmp_path.iterdir()] == ["graph-1"]
    GraphArrays.build([]).save(tmp_path / "graph-2")
    assert LiveGraph.of(GraphArrays.load(tmp_path / "graph-2"), [], []).total == 0


def test_arrays_that_were_cut_are_refused(tmp_path: Path) -> None:
    GraphArrays.build(rows({1: [("calls", "name 1")]})).save(tmp_path / "graph-1")
    path = tmp_path / "graph-1" / "heads.npy"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ValueError, match="mmap length"):
        GraphArrays.load(tmp_path / "graph-1")
