"""Random operations on both engines of the graph, and the same answers from both, ties included."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawn_graphs import chunk_id
from graph_stores import LedgerGraph, OwnNeo4jGraph

from hydragraph.domain import Reference, ReferenceKind
from hydragraph.retrieval.search.graph import walk
from hydragraph.retrieval.stores.edges import KINDS
from hydragraph.retrieval.stores.graph_copy import save_arrays
from hydragraph.retrieval.stores.neighbourhood import GraphItem
from hydragraph.retrieval.stores.protocols import GraphStore

NAMES = [f"pkg{number % 7}.Name{number}.part_{number % 50}" for number in range(400)]
pytestmark = pytest.mark.service


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[LedgerGraph, OwnNeo4jGraph]]:
    embedded, server = LedgerGraph(tmp_path / "index.db"), OwnNeo4jGraph()
    yield embedded, server
    embedded.close()
    server.close()


def drawn_items(drawn: random.Random, chunks: int) -> list[GraphItem]:
    """Some names are in many chunks, most in few."""
    items = []
    for _ in range(chunks):
        key = chunk_id(drawn.randrange(900))
        names = [NAMES[min(int(drawn.paretovariate(0.7)) - 1, 399)] for _ in range(drawn.randrange(9))]
        kinds: list[ReferenceKind] = [drawn.choice(KINDS) for _ in names]
        items.append(GraphItem(key, tuple(Reference(key, kind, name) for kind, name in zip(kinds, names, strict=True))))
    return items


def answers(graph: GraphStore, drawn: random.Random) -> list[object]:
    keys = [name.split(".")[-1].replace("_", " ") for name in drawn.sample(NAMES, 12)]
    keys += [f"{name.split('.')[1].lower()} {name.split('.')[2].replace('_', ' ')}" for name in NAMES[:12]]
    found: list[object] = [graph.frequencies(keys), graph.definers(keys), graph.counts()]
    for _ in range(6):
        names = {key: drawn.random() for key in drawn.sample(keys, 3)}
        seeds = {chunk_id(drawn.randrange(950)): drawn.random() for _ in range(drawn.choice([0, 3, 10, 60]))}
        found.append(walk(graph, names, seeds, 2000))
    for name in drawn.sample(NAMES, 8):
        found += [graph.definitions(name), graph.references(name, drawn.sample(KINDS, 2))]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_both_engines_answer_alike(engines: tuple[LedgerGraph, OwnNeo4jGraph], seed: int) -> None:
    embedded, server = engines
    drawn = random.Random(seed)
    for step in range(5):
        items = drawn_items(drawn, drawn.choice([5, 300, 700]))
        gone = [chunk_id(drawn.randrange(950)) for _ in range(drawn.randrange(60))]
        for graph in engines:
            graph.put(items)
            graph.delete(gone)
        if step % 2:
            save_arrays(embedded.store)
        asked = drawn.randrange(1 << 30)
        expected, found = answers(embedded, random.Random(asked)), answers(server, random.Random(asked))
        for left, right in zip(expected, found, strict=True):
            assert left == right
