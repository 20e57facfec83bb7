"""The RAG machine behind both faces: from settings, a conversation and a budget to a run that is ready to stream."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from ..domain import Budget
from ..errors import NoIndexError, UsageError
from ..graphs.answers import answer_json, answer_of
from ..graphs.hosting.from_settings import open_services, rag_settings
from ..graphs.threads.store import Thread
from ..settings import Settings
from .events import Graph, Json, Run

if TYPE_CHECKING:
    from pathlib import Path

    from ..graphs import RagServices
    from ..graphs.threads.keeping_saver import KeepingSaver

RESULT = "rag"
REQUEST = f"{RESULT}_request"
OUTPUT: Json = {"output_keys": [RESULT]}
ONE_CHECKPOINT: Json = {"durability": "exit"}  # at the end: nobody resumes a turn in its middle, the next asks anew
MAX_QUESTION = 20_000  # characters, as much as a message over HTTP may have
_SURROGATES = re.compile("[\ud800-\udfff]")


class Machine:
    """Runs over any collection of a home. Services and graph are made once, at the first run; an index is released by
    itself when nothing runs.

    Threads are kept in `saver`. `services` may be others than those of the settings; what must be closed goes onto the
    stack that it is given.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        saver: KeepingSaver | None = None,
        services: Callable[[AsyncExitStack], RagServices] | None = None,
    ) -> None:
        self._settings = settings
        self._saver = saver
        self._open_services = services or partial(open_services, settings)
        self._closing = AsyncExitStack()
        self._services: RagServices | None = None
        self._graphs: dict[bool, Graph] = {}
        self._searchable: dict[str, tuple[tuple[int, int, int], ...]] = {}
        self._lock = threading.Lock()

    def open(
        self,
        messages: Sequence[tuple[str, str]],
        *,
        collection: str | None = None,
        budget: Budget | None = None,
        thread: str | None = None,
    ) -> Run:
        """Blocking the first time. Raises UsageError for a question that is too long; whether the collection has
        something to search `require_chunks` says."""
        said = [(role, _text(content)) for role, content in messages]
        name = collection or self._settings.collection
        request = {"budget": asdict(budget or self._settings.budget), "collections": [name]}
        run = Run(
            self._graph(is_kept=thread is not None), {"messages": said, REQUEST: request}, _finished, options=OUTPUT
        )
        return run if thread is None else self._kept(run, Thread.called(thread, (name,)))

    def _kept(self, run: Run, thread: Thread) -> Run:
        if self._saver is None:
            raise UsageError(f"expected a machine with a saver for the thread {thread.name!r}")
        config = {"configurable": {"thread_id": thread.id}}
        options = {**OUTPUT, **ONE_CHECKPOINT}
        return replace(run, config=config, begin=partial(self._saver.begin, thread), options=options)

    def require_chunks(self, collection: str | None = None) -> None:
        """Blocking. Raises NoIndexError where there is nothing to search; looks again only after somebody wrote."""
        home, name = self._settings.home, collection or self._settings.collection
        state = _state_of(home, name)
        if not state or self._searchable.get(name) != state:
            require_chunks(home, name)
            self._searchable[name] = state

    async def close(self) -> None:
        await self._closing.aclose()

    def _graph(self, *, is_kept: bool) -> Graph:
        """LangGraph wants a thread of every run of a graph with a checkpointer: so one with and one without."""
        with self._lock:
            if is_kept not in self._graphs:
                self._graphs[is_kept] = self._compiled(self._saver if is_kept else None)
            return self._graphs[is_kept]

    def _compiled(self, saver: KeepingSaver | None) -> Graph:
        from ..graphs.rag.machine import build_rag_graph

        if self._services is None:
            self._services = self._open_services(self._closing)
        graph = build_rag_graph(self._services, rag_settings(self._settings), result=RESULT, checkpointer=saver)
        return cast("Graph", graph)


def _text(content: str) -> str:
    """What a shell or a client could not encode (half a surrogate pair) would fail on its way to a model or a file."""
    if len(content) > MAX_QUESTION:
        raise UsageError(
            f"expected a question of at most {MAX_QUESTION:,} characters, got {len(content):,}: index a long text as a "
            "file and ask about it"
        )
    return _SURROGATES.sub("\ufffd", content)


def _state_of(home: Path, name: str) -> tuple[tuple[int, int, int], ...]:
    """What changes with each write to the database of a collection; nothing where there is none."""
    from ..retrieval.stores.collection import Collection

    database = Collection(home, name).database
    found = []
    for path in (database, f"{database}-wal"):
        with suppress(OSError):  # the log comes and goes
            file = os.stat(path)
            found.append((file.st_ino, file.st_mtime_ns, file.st_size))
    return tuple(found)


def require_chunks(home: Path, name: str) -> None:
    """Raise NoIndexError, with the command that mends it, unless the collection has something to search."""
    from ..retrieval.stores.collection import Collection
    from ..retrieval.stores.texts import Store

    collection = Collection(home, name)
    collection.require()
    with Store(collection.database) as store:
        if not store.has_chunks():
            raise NoIndexError(
                f"Collection {collection.name!r} is empty. Run `hydragraph index PATH --name {collection.name}` first."
            )


def _finished(values: Mapping[str, Any]) -> Json:
    return answer_json(answer_of(values[RESULT]))
