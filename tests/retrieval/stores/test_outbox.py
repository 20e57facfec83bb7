"""What an outbox has to do, over both implementations; and that both are the same after any operations."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_stores import BOTH, in_memory, in_sqlite

from hydragraph.retrieval.stores.owed import Owed
from hydragraph.retrieval.stores.protocols import Outbox


@pytest.fixture(params=BOTH)
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Outbox]:
    with BOTH[request.param](tmp_path) as opened:
        yield opened.outbox


def test_the_lowest_priority_comes_first_then_the_item(outbox: Outbox) -> None:
    outbox.owe("dense", [Owed("b", "put", 1), Owed("c", "put", 0), Owed("a", "put", 1)])
    assert [one.item for one in outbox.owed("dense", 9)] == ["c", "a", "b"]
    assert outbox.owed("dense", 1) == [Owed("c", "put", 0)]
    assert outbox.owed("sparse", 9) == []


def test_a_later_action_takes_the_place_of_an_earlier_one_but_for_a_reweigh(outbox: Outbox) -> None:
    outbox.owe("sparse", [Owed("a", "put", 1), Owed("b", "put", 1), Owed("c", "reweigh", 1)])
    outbox.owe("sparse", [Owed("a", "delete", 0), Owed("b", "reweigh", 1), Owed("c", "put", 1)])
    assert outbox.owed("sparse", 9) == [Owed("a", "delete", 0), Owed("b", "put", 1), Owed("c", "put", 1)]
    assert outbox.counts("sparse") == {"delete": 1, "put": 2}


def test_what_was_owed_otherwise_since_stays(outbox: Outbox) -> None:
    outbox.owe("sparse", [Owed("a", "put"), Owed("b", "put")])
    carried = outbox.owed("sparse", 9)
    outbox.owe("sparse", [Owed("a", "delete")])
    outbox.done("sparse", carried)
    outbox.done("sparse", carried)
    assert outbox.owed("sparse", 9) == [Owed("a", "delete")]


def test_a_store_of_any_name_can_be_owed_and_dropped(outbox: Outbox) -> None:
    outbox.owe("summaries", [Owed("chapter 1", "put"), Owed("chapter 2", "put")])
    outbox.owe("graph", [Owed("chapter 1", "put")])
    outbox.drop("summaries", ["chapter 2", "chapter 3"])
    assert (outbox.count("summaries"), outbox.count("graph")) == (1, 1)
    outbox.drop("summaries")
    assert (outbox.count("summaries"), outbox.count("graph")) == (0, 1)


owed = st.builds(
    Owed, st.sampled_from("abcd"), st.sampled_from(["put", "reweigh", "delete"]), st.integers(min_value=0, max_value=2)
)
NAMES = st.sampled_from(["owe", "done", "drop"])
operations = st.lists(
    st.tuples(
        st.sampled_from(["owe", "done", "drop"]), st.sampled_from(["sparse", "graph"]), st.lists(owed, max_size=3)
    ),
    max_size=15,
)


def apply(outbox: Outbox, name: str, store: str, items: list[Owed]) -> None:
    if name == "owe":
        outbox.owe(store, {one.item: one for one in items}.values())
    elif name == "done":
        outbox.done(store, items)
    else:
        outbox.drop(store, [one.item for one in items])


@settings(deadline=None, max_examples=50)
@given(operations)
def test_both_are_the_same_after_any_operations(history: list[tuple[str, str, list[Owed]]]) -> None:
    with tempfile.TemporaryDirectory() as folder, in_sqlite(Path(folder)) as left, in_memory(Path(folder)) as right:
        for name, store, items in history:
            apply(left.outbox, name, store, items)
            apply(right.outbox, name, store, items)
            for which in ("sparse", "graph"):
                assert left.outbox.owed(which, 9) == right.outbox.owed(which, 9)
                assert left.outbox.counts(which) == right.outbox.counts(which)
