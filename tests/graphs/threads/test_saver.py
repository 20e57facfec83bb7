"""Threads in SQLite: kept across processes, in WAL, and resumable from any checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydragraph.graphs.threads.saver import FILE, open_threads
from hydragraph.models.testing.scripted import ScriptedModels

CONFIG: Any = {"configurable": {"thread_id": "work"}}


async def test_a_thread_outlives_its_saver(machine: Callable[..., Any], own_home: Path, searcher: Any) -> None:
    models = ScriptedModels({}, tiers=())
    async with open_threads(own_home) as saver:
        cursor = await saver.conn.execute("PRAGMA journal_mode")
        assert await cursor.fetchone() == ("wal",)
        cursor = await saver.conn.execute("PRAGMA synchronous")
        assert await cursor.fetchone() == (1,)
        await machine(models, checkpointer=saver).ainvoke({"messages": [("user", "What does flush write?")]}, CONFIG)
    async with open_threads(own_home) as saver:
        graph = machine(models, checkpointer=saver)
        out = await graph.ainvoke({"messages": [("user", "And what does it raise?")]}, CONFIG)

    assert (own_home / FILE).exists()
    assert len(out["messages"]) == 4
    assert out["rag"]["tried"] == ["And what does it raise? (flush write)"]


async def test_no_chunk_text_is_kept_before_it_is_quoted(machine: Callable[..., Any], own_home: Path) -> None:
    async with open_threads(own_home) as saver:
        graph = machine(ScriptedModels({}, tiers=()), checkpointer=saver)
        question = {"messages": [("user", "What does the pool hold in overflow?")]}
        await graph.ainvoke(question, CONFIG, interrupt_before=["extract"])
        state = await graph.aget_state(CONFIG)

    assert state.next == ("extract",)
    assert "pool_size connections" not in repr(state.values)
    assert state.values["found"][0]["path"].endswith("pool.py")


async def test_resumed_before_a_node_after_an_edit(machine: Callable[..., Any], own_home: Path) -> None:
    async with open_threads(own_home) as saver:
        graph = machine(ScriptedModels({}, tiers=()), checkpointer=saver)
        question = {"messages": [("user", "What does flush write?")]}
        await graph.ainvoke(question, CONFIG, interrupt_before=["retrieve"])
        other = "What does rollback undo?"
        edited = await graph.aupdate_state(CONFIG, {"question": other, "queries": [other]})
        out = await graph.ainvoke(None, edited)

    assert out["rag"]["tried"] == ["What does rollback undo?"]
    assert out["rag"]["status"] == "extractive"
