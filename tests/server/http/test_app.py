"""The HTTP face before real machines: a real uvicorn, a real client, and a scripted graph that counts its steps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from hydragraph.domain import Budget
from hydragraph.errors import IndexBusyError, NoIndexError
from hydragraph.server.events import Run
from hydragraph.server.http.app import RunRequest, create_app
from hydragraph.server.http.request_guards import allowed_hosts
from hydragraph.server.http.stream import Runs
from hydragraph.server.http.uvicorn_server import Server, listen


class State(TypedDict, total=False):
    n: int


@dataclass
class Bench:
    """A graph of many short steps, inside a subgraph too, that counts every step it makes."""

    steps: int = 0
    closed: int = 0
    pause: float = 0.02
    length: int = 50
    requests: list[tuple[RunRequest, Budget]] = field(default_factory=list)
    fault: Exception | None = None
    refuse: Exception | None = None

    async def step(self, state: State) -> State:
        self.steps += 1
        writer = get_stream_writer()
        writer({"event": "token", "attempt": 1, "text": "a\n\nevent: done\n"})
        writer({"event": "unknown", "text": "is not passed on"})
        await asyncio.sleep(self.pause)
        if self.fault and self.steps == 3:
            raise self.fault
        return {"n": state.get("n", 0) + 1}

    def graph(self) -> Any:
        def more(state: State) -> bool:
            return state.get("n", 0) < self.length

        inner = StateGraph(State)
        inner.add_node("step", self.step)
        inner.add_edge(START, "step")
        inner.add_conditional_edges("step", more, {True: "step", False: END})
        outer = StateGraph(State)
        outer.add_node("inner", inner.compile())
        outer.add_edge(START, "inner")
        return outer.compile()

    async def close(self) -> None:
        self.closed += 1

    async def open(self, request: RunRequest, budget: Budget) -> Run:
        if self.refuse:
            raise self.refuse
        self.requests.append((request, budget))

        def finish(values: Mapping[str, Any]) -> Mapping[str, Any]:
            return {"answer": f"{values['n']} steps"}

        return Run(self.graph(), {"n": 0}, finish, {"recursion_limit": 200}, self.close)


@asynccontextmanager
async def serving(
    bench: Bench, *, limit: int = 4, keep_alive: float | None = None, grace: float = 5.0
) -> AsyncIterator[tuple[httpx.AsyncClient, Server, Runs]]:
    runs = Runs(limit, grace=grace)
    app = create_app(bench.open, budget=Budget(), runs=runs, hosts=allowed_hosts("127.0.0.1"), keep_alive=keep_alive)
    listener = listen("127.0.0.1", 0)
    started = asyncio.Event()
    server = Server(app, runs, started=started.set)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=20) as client:
        await started.wait()
        try:
            yield client, server, runs
        finally:
            server.should_exit = True
            await task


def events_of(body: str) -> list[tuple[int, str, dict[str, Any]]]:
    frames = [frame for frame in body.split("\n\n") if frame and not frame.startswith(":")]
    parsed = [dict(line.split(": ", 1) for line in frame.split("\n")) for frame in frames]
    return [(int(one["id"]), one["event"], json.loads(one["data"])) for one in parsed]


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  (the state of real tasks has no event to wait for)
            await asyncio.sleep(0.01)


async def test_a_run_streams_named_and_numbered_events_and_ends_with_done() -> None:
    bench = Bench(length=2, pause=0)
    async with serving(bench) as (client, _, runs):
        response = await client.post("/runs/stream", json={"question": "what?"})
        await until(lambda: runs.active == 0)
    events = events_of(response.text)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
    token = ("token", {"attempt": 1, "text": "a\n\nevent: done\n"})

    def node(name: str, state: str, *graph: str) -> tuple[str, dict[str, Any]]:
        return ("node", {"node": name, "state": state, "graph": list(graph)})

    step = [node("step", "started", "inner"), token, node("step", "finished", "inner")]
    assert [(name, data) for _, name, data in events] == [
        node("inner", "started"),
        *step,
        *step,
        node("inner", "finished"),
        ("done", {"answer": "2 steps"}),
    ]
    assert bench.closed == 1


async def test_a_client_that_leaves_leaves_no_further_step_behind() -> None:
    bench = Bench()
    async with serving(bench) as (client, _, runs):
        async with client.stream("POST", "/runs/stream", json={"question": "what?"}) as response:
            async for line in response.aiter_lines():
                if bench.steps >= 3 and line.startswith("event: token"):
                    break
        await until(lambda: runs.active == 0)
        at_the_end = bench.steps
        await asyncio.sleep(10 * bench.pause)
        assert bench.steps == at_the_end < 10
        assert bench.closed == 1


async def test_a_client_that_leaves_during_a_long_silent_step_ends_it_at_once() -> None:
    bench = Bench(pause=60)
    async with serving(bench) as (client, _, runs):
        with suppress(httpx.ReadTimeout):
            await client.post("/runs/stream", json={"question": "what?"}, timeout=0.3)
        await until(lambda: runs.active == 0)
        assert (bench.steps, bench.closed) == (1, 1)


async def test_silence_is_filled_with_comments() -> None:
    async with serving(Bench(length=1, pause=0.3), keep_alive=0.05) as (client, _, _runs):
        response = await client.post("/runs/stream", json={"question": "what?"})
    assert response.text.count(": keep-alive\n\n") >= 3
    assert events_of(response.text)[-1][1] == "done"


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (NoIndexError("the collection was removed"), "NoIndexError", "the collection was removed"),
        (ZeroDivisionError("secret detail"), "internal", "the run failed; the server's log has the cause"),
    ],
)
async def test_a_later_error_is_a_typed_event_without_a_traceback(fault: Exception, kind: str, message: str) -> None:
    bench = Bench(fault=fault, pause=0)
    async with serving(bench) as (client, _, _runs):
        response = await client.post("/runs/stream", json={"question": "what?"})
    assert response.status_code == 200
    assert events_of(response.text)[-1][1:] == ("error", {"type": kind, "message": message})
    assert "Traceback" not in response.text
    assert "secret" not in response.text
    assert bench.closed == 1


BAD_REQUESTS: list[tuple[Any, int, str]] = [
    ({}, 422, "either question or messages"),
    ({"question": "a", "messages": [{"role": "user", "content": "b"}]}, 422, "either question or messages"),
    ({"question": " \n"}, 422, "empty text"),
    ({"question": 5}, 422, "body.question"),
    ({"question": "x" * 20_001}, 422, "20000"),
    ({"question": "\ud800"}, 422, "body.question"),
    ({"question": "a", "thread": "t"}, 422, "body.thread"),
    ({"question": "a", "collection": ""}, 422, "body.collection"),
    ({"question": "a", "budget": {"steps": -1}}, 422, "body.budget.steps"),
    ({"question": "a", "budget": {"euros": 1}}, 422, "body.budget.euros"),
    ({"question": "a", "budget": {"tokens": 10**9}}, 400, "at most what the server allows"),
    ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, 422, "from the user"),
    ({"messages": [{"role": "root", "content": "a"}]}, 422, "body.messages.0.role"),
    ({"messages": [{"role": "user", "content": "a"}] * 101}, 422, "100"),
    ([], 422, "body"),
]


async def test_a_bad_request_is_refused_before_the_stream_starts() -> None:
    bench = Bench()
    async with serving(bench) as (client, _, runs):
        for body, status, words in BAD_REQUESTS:
            content = json.dumps(body).encode()
            response = await client.post("/runs/stream", content=content, headers={"content-type": "application/json"})
            assert response.status_code == status, body
            assert words in response.json()["error"]["message"], body
        assert runs.active == 0
    assert (bench.steps, bench.requests) == (0, [])


BAD_BODIES = [
    (b"{", "application/json", 422),
    (b"\xff\xfe", "application/json", 422),
    (b"[" * 100_000, "application/json", 400),
    (b"x" * 300_000, "application/json", 413),
    (b'{"question": "a"}', "text/plain", 422),  # a page of another origin may send this without asking
]


async def test_a_bad_body_is_refused() -> None:
    bench = Bench()
    async with serving(bench) as (client, _, _runs):
        for content, kind, status in BAD_BODIES:
            response = await client.post("/runs/stream", content=content, headers={"content-type": kind})
            assert response.status_code == status, content[:40]
            assert set(response.json()["error"]) == {"type", "message"}
    assert bench.steps == 0


@pytest.mark.parametrize(
    ("refusal", "status", "retry"), [(NoIndexError("none"), 404, None), (IndexBusyError("busy", pid=1), 503, "5")]
)
async def test_what_cannot_be_opened_is_refused(refusal: Exception, status: int, retry: str | None) -> None:
    async with serving(Bench(refuse=refusal)) as (client, _, runs):
        response = await client.post("/runs/stream", json={"question": "a", "collection": "nowhere"})
        assert runs.active == 0
    assert (response.status_code, response.headers.get("retry-after")) == (status, retry)
    assert response.json() == {"error": {"type": type(refusal).__name__, "message": str(refusal)}}


async def test_a_budget_is_passed_on_and_filled_up() -> None:
    bench = Bench(length=1, pause=0)
    async with serving(bench) as (client, _, _runs):
        messages = [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ]
        await client.post("/runs/stream", json={"messages": messages, "collection": "x", "budget": {"steps": 3}})
    request, budget = bench.requests[0]
    assert [message.content for message in request.conversation()] == ["a", "b", "c"]
    assert request.collection == "x"
    assert budget == Budget(steps=3)


async def test_more_runs_than_the_limit_are_told_to_come_back() -> None:
    bench = Bench(pause=60)
    async with serving(bench, limit=1) as (client, _, runs):
        first = asyncio.create_task(client.post("/runs/stream", json={"question": "a"}))
        await until(lambda: runs.active == 1)
        second = await client.post("/runs/stream", json={"question": "b"})
        health = await client.get("/health")
        first.cancel()
        await until(lambda: runs.active == 0)
    assert (second.status_code, second.headers["retry-after"]) == (503, "5")
    assert health.json()["runs"] == {"active": 1, "limit": 1}


async def test_a_server_that_stops_ends_the_run_at_its_next_step_and_says_so() -> None:
    bench = Bench()
    async with serving(bench) as (client, server, _):
        run = asyncio.create_task(client.post("/runs/stream", json={"question": "a"}))
        await until(lambda: bench.steps >= 2)
        server.should_exit = True
        response = await run
    assert events_of(response.text)[-1][1:] == (
        "error",
        {"type": "shutting_down", "message": "the server is stopping; ask again when it is back"},
    )
    assert bench.steps < 50


async def test_a_server_that_stops_does_not_wait_for_a_step_longer_than_its_grace() -> None:
    bench = Bench(pause=60)
    async with serving(bench, grace=0.1) as (client, server, _):
        run = asyncio.create_task(client.post("/runs/stream", json={"question": "a"}))
        await until(lambda: bench.steps == 1)
        server.should_exit = True
        response = await run
    assert events_of(response.text)[-1][2]["type"] == "shutting_down"
    assert bench.closed == 1


async def test_a_foreign_host_header_is_refused() -> None:
    own = ["127.0.0.1:9", "localhost", "LOCALHOST:1", "[::1]:80"]
    foreign = ["evil.example", "127.0.0.1.evil.example:80", "", "[evil]"]
    async with serving(Bench()) as (client, _, _runs):
        status = {host: (await client.get("/health", headers={"host": host})).status_code for host in own + foreign}
    assert status == {**dict.fromkeys(own, 200), **dict.fromkeys(foreign, 421)}


async def test_health_and_unknown_places() -> None:
    async with serving(Bench()) as (client, _, _runs):
        health, nowhere, wrong = await client.get("/health"), await client.get("/x"), await client.get("/runs/stream")
    assert health.json()["status"] == "ok"
    assert "access-control-allow-origin" not in health.headers
    assert [nowhere.status_code, wrong.status_code] == [404, 405]
    assert nowhere.json() == {"error": {"type": "refused", "message": "Not Found"}}


def test_names_that_a_host_header_may_carry() -> None:
    assert allowed_hosts("0.0.0.0", ["Box.Example"]) == ("localhost", "127.0.0.1", "::1", "box.example")
    assert allowed_hosts("192.168.0.5")[-1] == "192.168.0.5"
