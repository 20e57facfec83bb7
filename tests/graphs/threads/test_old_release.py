"""Threads that commit 2b2cda1 left: they are listed, they go on, and an interrupted run of the old machine ends."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from old_release import EXPECTED, old_tree, unpack_home

from hydragraph.graphs import build_rag_graph
from hydragraph.graphs.hosting.from_settings import open_services, rag_settings
from hydragraph.graphs.threads.kept import forget_threads, list_threads, threads_of, threads_with
from hydragraph.graphs.threads.saver import FILE, open_threads
from hydragraph.models.testing.scripted import Call, ScriptedModels
from hydragraph.nodes.prompts.requests import Classification, Query, Relevance, Review
from hydragraph.settings import load_settings

TALK = EXPECTED["tree"] + "/depot"


@pytest.fixture
def old_home(tmp_path: Path) -> Iterator[Path]:
    with old_tree():
        yield unpack_home(tmp_path)


def drafted(call: Call) -> str:
    """As the models of the fixture answered: it cites the evidence that comes from storage.py."""
    cited = re.findall(r"^\[(E\w+)\] \S*/storage\.py", call.prompt, re.MULTILINE)
    return f"`Storage.put` raises `ShelfFullError` where the shelf has no room left [{cited[0]}]."


def models() -> ScriptedModels:
    return ScriptedModels(
        {
            "classify": Classification(kind="simple"),
            "grade": Relevance(verdict="enough"),
            "rewrite": Query(query="shelf full error"),
            "generate": drafted,
            "reflect": Review(supported=True, complete=True),
        }
    )


async def go_on(home: Path, thread: str, said: Any) -> dict[str, Any]:
    given = {"home": str(home), "collection": "old", "embedder": "none"}
    settings = load_settings(given).settings
    async with AsyncExitStack() as stack:
        services = replace(open_services(settings, stack), models=models())
        saver = await stack.enter_async_context(open_threads(home))
        graph = build_rag_graph(services, rag_settings(settings), checkpointer=saver)
        out: dict[str, Any] = await graph.ainvoke(said, {"configurable": {"thread_id": thread}})
    return out


def test_the_table_takes_them_over(old_home: Path) -> None:
    listed = list_threads(old_home)

    assert [(t.id, t.name, t.collections, questions) for t, questions in listed] == [
        ("old/halfway", "halfway", ("old",), 1),
        ("old/talk", "talk", ("old",), 2),
    ]
    assert all("2025" < thread.created < thread.last for thread, _ in listed)
    assert list_threads(old_home) == listed


def test_what_they_have_seen_is_known_by_path(old_home: Path) -> None:
    assert {thread.name for thread in threads_with(old_home, "old", [TALK])} == {"talk", "halfway"}
    assert threads_with(old_home, "old", [TALK[:-1], f"{TALK}/nothing.py"]) == []
    assert threads_with(old_home, "another", [TALK]) == []


def test_one_is_wiped_with_every_byte(old_home: Path) -> None:
    question = EXPECTED["halfway"]["question"].encode()
    assert question in b"".join(path.read_bytes() for path in old_home.glob(f"{FILE}*"))
    forget_threads(old_home, [thread for thread in threads_of(old_home, "old") if thread.name == "halfway"])

    assert question not in b"".join(path.read_bytes() for path in old_home.glob(f"{FILE}*"))
    assert [thread.name for thread in threads_of(old_home, None)] == ["talk"]
    with sqlite3.connect(old_home / FILE) as connection:
        assert connection.execute("SELECT DISTINCT thread FROM thread_paths").fetchall() == [("old/talk",)]
    connection.close()


async def test_a_conversation_goes_on(old_home: Path) -> None:
    out = await go_on(old_home, "old/talk", {"messages": [("user", "What happens when a shelf is full?")]})

    assert len(out["messages"]) == 6
    assert out["messages"][-2].content == "What happens when a shelf is full?"
    assert out["messages"][-1].content.startswith(out["rag"]["answer"])
    assert out["rag"]["tried"]
    assert out["rag"]["spent"]["steps"] < 10


async def test_a_run_that_the_old_machine_left_is_ended_by_the_new_one(old_home: Path) -> None:
    expected = EXPECTED["halfway"]["resumed"]
    out = await go_on(old_home, "old/halfway", None)
    result = json.loads(json.dumps(out["rag"]))
    result["spent"].pop("seconds")

    assert result == expected
