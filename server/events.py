"""One run of a graph as a short, closed list of events, which the command line prints and the server frames as SSE."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..errors import HydragraphError

if TYPE_CHECKING:
    from langgraph.runtime import RunControl

log = logging.getLogger(__name__)

EventName = Literal["node", "evidence", "token", "discard", "done", "error"]
Json = Mapping[str, Any]
STREAM_MODES = ("tasks", "custom", "values")


@dataclass(frozen=True, slots=True)
class Event:
    name: EventName
    data: Json


def error_event(kind: str, message: str) -> Event:
    return Event("error", {"type": kind, "message": message})


SHUTTING_DOWN = error_event("shutting_down", "the server is stopping; ask again when it is back")


class Graph(Protocol):
    """The part of a compiled graph that a run needs."""

    def astream(self, input: Any, config: Any = None, **options: Any) -> Any: ...


async def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Run:
    """A graph, what goes in, and how its last values become the `done` event. `begin` is done before the first step,
    `close` gives back what the run held; `options` are further arguments of `astream`."""

    graph: Graph
    input: Json
    finish: Callable[[Json], Json]
    config: Json = field(default_factory=dict)
    close: Callable[[], Awaitable[None]] = _nothing
    options: Json = field(default_factory=dict)
    begin: Callable[[], Awaitable[None]] = _nothing


async def stream_events(run: Run, control: RunControl | None = None) -> AsyncGenerator[Event, None]:
    """Every event of the run, the last of them `done`; what fails is raised."""
    values: Json = {}
    options: dict[str, Any] = {"stream_mode": list(STREAM_MODES), "subgraphs": True, "version": "v2"}
    await run.begin()
    stream = run.graph.astream(run.input, dict(run.config), control=control, **options, **run.options)
    async with aclosing(stream) as parts:
        async for part in parts:
            if part["type"] == "values":
                values = part["data"] if not part["ns"] else values
            elif (event := _event(part)) is not None:
                yield event
    yield Event("done", run.finish(values))


async def run_events(run: Run, control: RunControl | None = None) -> AsyncGenerator[Event, None]:
    """The same for a client that is told by an `error` event. Only cancellation is raised."""
    from langgraph.errors import GraphDrained

    try:
        async with aclosing(stream_events(run, control)) as events:
            async for event in events:
                yield event
    except GraphDrained:
        yield SHUTTING_DOWN
    except HydragraphError as error:
        yield error_event(type(error).__name__, str(error))
    except Exception:  # the edge of the process: a client gets a word, the log gets the traceback
        log.exception("run failed")
        yield error_event("internal", "the run failed; the server's log has the cause")


def _event(part: Json) -> Event | None:
    data = part["data"]
    if part["type"] == "tasks":
        state = "finished" if "result" in data else "started"
        return Event("node", {"node": data["name"], "state": state, "graph": [ns.split(":")[0] for ns in part["ns"]]})
    if part["type"] != "custom" or not isinstance(data, Mapping):
        return None
    name = data.get("event")
    if name in ("evidence", "token", "discard"):
        return Event(name, {key: value for key, value in data.items() if key != "event"})
    return None
