"""Threads that outlive a process: LangGraph's SQLite saver, set for many small writes."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import CollectionError
from ...storage.faults import translated
from ...storage.private import close_home, make_file, make_folder
from .store import ThreadStore

if TYPE_CHECKING:
    from .keeping_saver import KeepingSaver

FILE = "threads.sqlite"


@asynccontextmanager
async def open_threads(home: Path) -> AsyncIterator[KeepingSaver]:
    """The saver for `compile(checkpointer=)`. WAL with `synchronous=NORMAL`: a power cut may lose the last step and
    never the file, at a sixth of the time of the saver's own FULL.

    What a run finds is entered beside its checkpoints; the thread itself by `begin`, before the run.
    """
    import asyncio

    import aiosqlite

    from .keeping_saver import KeepingSaver

    async with AsyncExitStack() as stack:
        with translated(home / FILE, broken):
            await asyncio.to_thread(_prepare, home)
            saver = KeepingSaver(await stack.enter_async_context(aiosqlite.connect(home / FILE)))
            await saver.setup()
            await saver.conn.execute("PRAGMA journal_mode=WAL")
            await saver.conn.execute("PRAGMA synchronous=NORMAL")
            await saver.conn.execute("PRAGMA busy_timeout=10000")
        yield saver


def _prepare(home: Path) -> None:
    make_folder(home, home=home)
    make_file(home / FILE)
    close_home(home)
    with closing(sqlite3.connect(home / FILE, isolation_level=None)) as connection:
        ThreadStore(connection)


def broken(database: Path, reason: str) -> CollectionError:
    return CollectionError(
        f"The threads in {database} cannot be read: {reason}.",
        "Remove that file to begin new ones; what is indexed is not in it.",
    )
