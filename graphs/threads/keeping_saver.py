"""The saver that enters a thread in the table of threads together with its checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from .store import FOUND, GO_ON, SEE, Thread, paths_in, seen_rows


class KeepingSaver(AsyncSqliteSaver):
    """What a node found is entered in the transaction that keeps it, so no kill leaves a path that nobody knows of."""

    async def begin(self, thread: Thread) -> None:
        """Enter a thread, or that it goes on; committed with its next checkpoint."""
        async with self.lock:
            await self.conn.execute(GO_ON, thread.row())

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        paths = frozenset().union(*(paths_in(value) for channel, value in writes if channel == FOUND))
        if paths:
            async with self.lock:  # committed with what comes next on this connection, which are these writes
                await self.conn.executemany(SEE, seen_rows(str(config["configurable"]["thread_id"]), paths))
        await super().aput_writes(config, writes, task_id, task_path)
