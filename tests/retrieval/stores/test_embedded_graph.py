"""Arrays on the disk and changes in the database: whatever is saved, cut off or lost, the answer is the database's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from drawn_graphs import chunk_id
from graph_stores import LedgerGraph
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydragraph.domain import Reference, ReferenceKind
from hydragraph.retrieval.search.graph import walk
from hydragraph.retrieval.stores.embedded_graph import EmbeddedGraph
from hydragraph.retrieval.stores.graph_arrays import GraphArrays
from hydragraph.retrieval.stores.graph_copy import drop_other_arrays, is_due, save_arrays
from hydragraph.retrieval.stores.neighbourhood import GraphItem
from hydragraph.retrieval.stores.texts import Store

NAMES = [f"name {number}" for number in range(8)]
KINDS: list[ReferenceKind] = ["defines", "calls", "mentions"]


def item(number: int, *names: str, kind: ReferenceKind = "mentions") -> GraphItem:
    key = chunk_id(number)
    return GraphItem(key, tuple(Reference(key, kind, name) for name in names))


def answers(graph: EmbeddedGraph) -> object:
    return [
        graph.frequencies(NAMES),
        graph.definers(NAMES),
        [walk(graph, {name: 1.0}, {chunk_id(3): 1.0}, 50) for name in NAMES],
    ]


@pytest.fixture
def graph(tmp_path: Path) -> LedgerGraph:
    return LedgerGraph(tmp_path / "index.db")


operations = st.lists(
    st.one_of(
        st.tuples(
            st.just("put"),
            st.integers(0, 12),
            st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(NAMES)), max_size=4),
        ),
        st.tuples(st.just("delete"), st.integers(0, 12), st.none()),
        st.tuples(st.just("save"), st.none(), st.none()),
        st.tuples(st.just("ask"), st.none(), st.none()),
    ),
    max_size=25,
)


@given(operations)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whenever_it_is_saved_the_answers_are_those_of_arrays_made_anew(tmp_path: Path, steps: list[tuple]) -> None:
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    graph = LedgerGraph(tmp_path / "index.db")
    for step, number, said in steps:
        if step == "put":
            key = chunk_id(number)
            graph.put([GraphItem(key, tuple(Reference(key, kind, name) for kind, name in said))])
        elif step == "delete":
            graph.delete([chunk_id(number)])
        elif step == "save":
            save_arrays(graph.store)
        else:
            answers(graph)
    found = answers(graph)
    save_arrays(graph.store)
    with Store(tmp_path / "index.db") as store:
        assert answers(EmbeddedGraph(store)) == found
    graph.close()


def test_a_reader_sees_what_another_connection_wrote(graph: LedgerGraph) -> None:
    graph.put([item(1, "name 1"), item(2, "name 1")])
    save_arrays(graph.store)
    with Store(graph.store.path) as store:
        reader = EmbeddedGraph(store)
        assert reader.frequencies(NAMES).chunks == {"name 1": 2}
        graph.put([item(3, "name 1", "name 2")])
        assert reader.frequencies(NAMES).chunks == {"name 1": 3, "name 2": 1}
        save_arrays(graph.store)
        assert reader.frequencies(NAMES).chunks == {"name 1": 3, "name 2": 1}
        reader.close()
        assert reader.frequencies(NAMES).chunks == {"name 1": 3, "name 2": 1}


def test_a_save_keeps_one_folder_and_no_change(graph: LedgerGraph) -> None:
    for number in range(3):
        graph.put([item(number, "name 1")])
        save_arrays(graph.store)
    assert [path.name for path in graph.store.path.parent.glob("graph-*")] == ["graph-3"]
    assert graph.store.execute("SELECT COUNT(*) FROM graph_changes").fetchone()[0] == 0


class Killed(BaseException):
    pass


@pytest.mark.parametrize("cut", ["partial", "renamed", "committed"])
def test_a_save_that_is_cut_off_anywhere_changes_no_answer(
    graph: LedgerGraph, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    graph.put([item(1, "name 1"), item(2, "name 1", "name 2")])
    save_arrays(graph.store)
    graph.put([item(2, "name 3"), item(3, "name 1")])
    before = answers(graph)

    def killed(*_: object, **__: object) -> None:
        raise Killed

    if cut == "partial":
        monkeypatch.setattr(Path, "rename", killed)
    elif cut == "renamed":
        monkeypatch.setattr(Store, "set_meta", killed)
    else:
        monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(Killed):
        save_arrays(graph.store)
    monkeypatch.undo()
    assert answers(graph) == before
    save_arrays(graph.store)
    assert answers(graph) == before
    assert len(list(graph.store.path.parent.glob("graph-*"))) == 1


@pytest.mark.parametrize("harm", ["gone", "cut"])
def test_without_usable_arrays_the_database_is_read(graph: LedgerGraph, harm: str) -> None:
    graph.put([item(1, "name 1"), item(2, "name 1", "name 2")])
    save_arrays(graph.store)
    before = answers(graph)
    folder = graph.store.path.with_name("graph-1")
    if harm == "gone":
        shutil.rmtree(folder)
    else:
        (folder / "names.npy").write_bytes(b"\x93NUMPY")
    with Store(graph.store.path) as store:
        assert answers(EmbeddedGraph(store)) == before
        assert is_due(store, at_end=True)


def test_new_arrays_are_due_at_the_end_before_they_are_in_mid_run(graph: LedgerGraph) -> None:
    assert is_due(graph.store, at_end=True)
    save_arrays(graph.store)
    assert not is_due(graph.store, at_end=True)
    graph.put([item(number) for number in range(201)])
    assert is_due(graph.store, at_end=True)
    assert not is_due(graph.store, at_end=False)
    graph.put([item(number) for number in range(2001)])
    assert is_due(graph.store, at_end=False)


def test_only_what_is_no_longer_the_graphs_is_dropped(graph: LedgerGraph) -> None:
    graph.put([item(1, "name 1")])
    save_arrays(graph.store)
    GraphArrays.build([]).save(graph.store.path.with_name("graph-7"))
    graph.store.path.with_name("graph-8.partial").mkdir()
    drop_other_arrays(graph.store)
    assert [path.name for path in graph.store.path.parent.glob("graph-*")] == ["graph-1"]
