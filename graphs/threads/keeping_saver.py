"""The saver that enters a thread in the table of threads together with its checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
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
        await self._see(config, [value for channel, value in writes if channel == FOUND])
        await super().aput_writes(config, writes, task_id, task_path)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        if FOUND in new_versions:
            await self._see(config, [checkpoint["channel_values"].get(FOUND)])
        return await super().aput(config, checkpoint, metadata, new_versions)

    async def _see(self, config: RunnableConfig, found: Sequence[Any]) -> None:
        """Committed with what comes next on this connection: what holds these places."""
        paths = frozenset().union(*map(paths_in, found))
        if paths:
            async with self.lock:
                await self.conn.executemany(SEE, seen_rows(str(config["configurable"]["thread_id"]), paths))
