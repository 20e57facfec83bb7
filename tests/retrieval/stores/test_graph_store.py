"""What every engine of the graph does alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from drawn_graphs import chunk_id
from graph_stores import LedgerGraph, OwnNeo4jGraph

from hydragraph.domain import Reference, ReferenceKind
from hydragraph.retrieval.search.graph import defined_in, named_in, walk
from hydragraph.retrieval.stores.edges import key_hash
from hydragraph.retrieval.stores.neighbourhood import Frequencies, GraphItem
from hydragraph.retrieval.stores.protocols import GraphStore

A, B, C, D = map(chunk_id, range(4))


def item(key: str, *said: tuple[ReferenceKind, str]) -> GraphItem:
    return GraphItem(key, tuple(Reference(key, kind, name) for kind, name in said))


SENDING = (
    item(A, ("defines", "shop.orm.Session.send"), ("imports", "os")),
    item(B, ("calls", "session.send"), ("calls", "print")),
    item(C, ("defines", "Session.send"), ("inherits", "shop.orm.Session")),
    item(D),
)


@pytest.fixture(params=["embedded", pytest.param("neo4j", marks=pytest.mark.service)])
def graph(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[GraphStore]:
    graph = LedgerGraph(tmp_path / "index.db") if request.param == "embedded" else OwnNeo4jGraph()
    yield graph
    graph.close()


def test_an_empty_graph_knows_nothing(graph: GraphStore) -> None:
    assert graph.frequencies(["send"]) == Frequencies(0, {})
    assert graph.definers(["send"]) == {}
    assert graph.definitions("send") == []
    assert graph.references("send", ["calls"]) == []
    assert graph.counts() == {}
    near = graph.neighbourhood(["send"], [A])
    assert (near.total, list(near.chunks), near.names.tolist()) == (0, [], [])
    assert walk(graph, {"send": 1.0}, {A: 1.0}, 10) == []


def test_names_are_counted_by_chunk(graph: GraphStore) -> None:
    graph.put(SENDING)
    found = graph.frequencies(["print", "nowhere", "send", "session send"])
    assert found == Frequencies(4, {"print": 1, "send": 3, "session send": 3})
    assert list(found.chunks) == ["print", "send", "session send"]


def test_definitions_are_found_as_written_or_as_folded(graph: GraphStore) -> None:
    graph.put(SENDING)
    whole, short = Reference(A, "defines", "shop.orm.Session.send"), Reference(C, "defines", "Session.send")
    assert graph.definitions("Session.send") == [short]
    assert graph.definitions("orm.Session.send") == [whole]
    assert graph.definitions("session.SEND") == [whole, short]
    assert graph.definitions("send") == [whole, short]
    assert graph.definitions("print") == []
    assert graph.definitions("...") == []


def test_references_are_found_by_kind(graph: GraphStore) -> None:
    graph.put(SENDING)
    assert graph.references("Session.send", ["calls"]) == [Reference(B, "calls", "session.send")]
    assert graph.references("os", ["imports", "calls"]) == [Reference(A, "imports", "os")]
    assert graph.references("Session", ["inherits"]) == [Reference(C, "inherits", "shop.orm.Session")]
    assert graph.references("send", []) == []


def test_references_are_counted_by_kind(graph: GraphStore) -> None:
    graph.put(SENDING)
    assert graph.counts() == {"defines": 2, "imports": 1, "calls": 2, "inherits": 1}


def test_a_put_takes_the_place_of_what_was_there(graph: GraphStore) -> None:
    graph.put(SENDING)
    graph.put([item(B, ("calls", "close")), item(B, ("calls", "open"), ("calls", "open"))])
    assert graph.frequencies(["send", "print", "close", "open"]) == Frequencies(4, {"send": 2, "open": 1})
    assert graph.counts() == {"defines": 2, "imports": 1, "calls": 1, "inherits": 1}
    graph.put(SENDING)
    graph.put(SENDING)
    assert graph.frequencies(["send", "open"]) == Frequencies(4, {"send": 3})


def test_what_is_deleted_is_gone_and_may_be_deleted_again(graph: GraphStore) -> None:
    graph.put(SENDING)
    for _ in range(2):
        graph.delete([A, chunk_id(99), A])
        assert graph.frequencies(["send", "os"]) == Frequencies(3, {"send": 2})
        assert graph.definitions("send") == [Reference(C, "defines", "Session.send")]
        assert A not in graph.neighbourhood(["send"], [A, B]).chunks
    graph.put(SENDING[:1])
    assert graph.frequencies(["os"]) == Frequencies(4, {"os": 1})


def test_a_walk_goes_over_shared_names(graph: GraphStore) -> None:
    graph.put(SENDING)
    assert named_in(graph, "who calls Session.send?") == {"session send": 1.0}
    found = walk(graph, named_in(graph, "who calls Session.send?"), {B: 1.0}, 10)
    assert [key for key, _ in found] == [A, C, B]
    assert defined_in(graph, "What does Session.send do?") == {A: 0.5, C: 0.5}
    near = graph.neighbourhood(["print"], [D])
    assert (near.total, list(near.chunks)) == (4, [A, B, C, D])
    assert near.names.tolist() == sorted(key_hash(key) for key in ("print", "send", "session send"))
    assert list(graph.neighbourhood([], [D]).chunks) == [D]


@pytest.mark.parametrize(
    "name",
    ["`x`]->() DETACH DELETE n //", "a'b\"c", "}) MATCH (n) RETURN n", "two\nlines", "$names", "\\u0027", "é\x00ß"],
)
def test_a_name_is_never_more_than_a_name(graph: GraphStore, name: str) -> None:
    graph.put([item(A, ("mentions", name)), item(B, ("mentions", name)), item(C, ("calls", name))])
    assert graph.frequencies([name]).chunks[name] == 2
    assert [key for key, _ in walk(graph, {name: 1.0}, {}, 10)] == [A, B]
    assert graph.definitions(name) == []
    assert graph.references(name, ["calls"])[0:1] in ([], [Reference(C, "calls", name)])
    assert graph.counts() == {"mentions": 2, "calls": 1}
