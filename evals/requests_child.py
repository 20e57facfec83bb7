"""The processes that `evals.requests` asks: the server with a scripted model, and a bare floor beside it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from langchain_core.messages import AIMessage, AnyMessage
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import StreamWriter
from pydantic import BaseModel
from typing_extensions import TypedDict

from ..domain import Budget
from ..graphs import RagServices
from ..graphs.hosting.from_settings import open_services
from ..graphs.threads.saver import open_threads
from ..models.testing.scripted import Call, ScriptedModels
from ..nodes.prompts.requests import Classification, Relevance, Review
from ..server.events import Run
from ..server.http.app import RunRequest, create_app
from ..server.http.stream import Runs
from ..server.http.uvicorn_server import Server, listen
from ..server.run_factory import Machine
from ..settings import Settings, load_settings

PAGE = os.sysconf("SC_PAGE_SIZE")


class Question(BaseModel):
    question: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What the floor does as the server does it: supersteps, and written events a run."""

    nodes: int
    events: int

    def share(self, node: int) -> int:
        """Of the events, evenly to the nodes."""
        return self.events // self.nodes + (node < self.events % self.nodes)


# --- the server


def speak(call: Call) -> Any:
    """An answer of one sentence that stands in the first piece of evidence, and friendly judges."""
    match call.role:
        case "classify":
            return Classification(kind="simple")
        case "grade":
            return Relevance(verdict="enough")
        case "reflect":
            return Review(supported=True, complete=True)
    identifier = re.search(r"^\[(E\w+)\]", call.prompt, re.MULTILINE)
    return f"It keeps rows, and rolls a transaction back after an error [{identifier[1] if identifier else ''}]."


async def served(settings: Settings, stack: AsyncExitStack) -> FastAPI:
    """The application of `hydragraph serve`, each run a thread of its own."""
    saver = await stack.enter_async_context(open_threads(settings.home))
    models = ScriptedModels(speak)

    def services(closing: AsyncExitStack) -> RagServices:
        return replace(open_services(settings, closing), models=models)

    machine = Machine(settings, saver=saver, services=services)
    stack.push_async_callback(machine.close)

    async def opened(request: RunRequest, budget: Budget) -> Run:
        models.calls.clear()
        machine.require_chunks(request.collection)
        messages = [(message.role, message.content) for message in request.conversation()]
        return await asyncio.to_thread(machine.open, messages, budget=budget, thread=uuid.uuid4().hex)

    return create_app(opened, budget=settings.budget, runs=Runs(4), hosts=("127.0.0.1",))


# --- the floor


class Said(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]


async def bare(settings: Settings, stack: AsyncExitStack, shape: Shape) -> FastAPI:
    """A chain of nodes that write events, streamed by FastAPI: the least that the same work can cost."""
    saver = await stack.enter_async_context(open_threads(settings.home))
    graph = _chain(shape).compile(checkpointer=saver)
    app = FastAPI()

    @app.post("/runs/stream")
    async def stream(request: Question) -> StreamingResponse:
        config: Any = {"configurable": {"thread_id": uuid.uuid4().hex}}
        return StreamingResponse(_frames(graph, request.question, config), media_type="text/event-stream")

    return app


def _chain(shape: Shape) -> Any:
    graph: Any = StateGraph(Said)
    for number in range(shape.nodes):
        graph.add_node(f"node_{number}", _node(shape.share(number), is_last=number == shape.nodes - 1))
        graph.add_edge(f"node_{number - 1}" if number else START, f"node_{number}")
    return graph


def _node(events: int, *, is_last: bool) -> Any:
    async def node(state: Said, *, writer: StreamWriter) -> dict[str, Any]:
        for number in range(events):
            writer({"event": "token", "attempt": 1, "text": f"{number:05}"})
        return {"messages": [AIMessage("It keeps rows.")]} if is_last else {}

    return node


async def _frames(graph: Any, question: str, config: Any) -> AsyncIterator[str]:
    parts = graph.astream({"messages": [("user", question)]}, config, stream_mode=["tasks", "custom"], version="v2")
    async for part in parts:
        data, name = part["data"], "token"
        if part["type"] == "tasks":
            name, data = "node", {"node": data["name"], "state": "finished" if "result" in data else "started"}
        yield f"event: {name}\ndata: {json.dumps(data)}\n\n"
    yield "event: done\ndata: {}\n\n"


# --- the process


def usage() -> dict[str, float]:
    """CPU seconds of this process, and the megabytes that it holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"cpu_s": time.process_time(), "rss_mb": pages * PAGE / 1e6}


async def serve(shape: Shape | None) -> None:
    settings = load_settings().settings
    listener = listen("127.0.0.1", 0)
    async with AsyncExitStack() as stack:
        app = await (served(settings, stack) if shape is None else bare(settings, stack, shape))
        app.get("/usage")(_usage)
        print(listener.getsockname()[1], flush=True)
        await Server(app, Runs(4)).serve(sockets=[listener])


async def _usage() -> Mapping[str, float]:
    return usage()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hydragraph.evals.requests_child")
    parser.add_argument("--floor", type=int, nargs=2, metavar=("NODES", "EVENTS"))
    options = parser.parse_args(arguments)
    asyncio.run(serve(Shape(*options.floor) if options.floor else None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
