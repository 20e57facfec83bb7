"""The real machine behind the faces: over HTTP with a client that leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from hydragraph.errors import NoIndexError
from hydragraph.retrieval.indexing.forget import forget_path
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.stores.collection import Collection
from hydragraph.server.cli.serve import opened
from hydragraph.server.http.app import create_app
from hydragraph.server.http.request_guards import allowed_hosts
from hydragraph.server.http.stream import Runs
from hydragraph.server.http.uvicorn_server import Server, listen
from hydragraph.server.run_factory import Machine, require_chunks
from hydragraph.settings import OllamaSettings, Settings, TierConfig, TiersSettings, load_settings

CHUNKED = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
)


class EndlessOllama:
    """Answers every chat with words that never end, and notes when its client goes."""

    def __init__(self) -> None:
        self.asked = 0
        self.left = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        writer.write(CHUNKED)
        line = json.dumps({"model": "m", "message": {"role": "assistant", "content": "word "}, "done": False}).encode()
        with suppress(ConnectionError):
            while True:
                writer.write(f"{len(line) + 1:x}\r\n".encode() + line + b"\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        self.left += 1
        writer.close()


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[httpx.AsyncClient, Runs]]:
    machine, runs, listener = Machine(settings), Runs(2), listen("127.0.0.1", 0)
    app = create_app(
        lambda request, budget: opened(machine, request, budget),
        budget=settings.budget,
        runs=runs,
        hosts=allowed_hosts("127.0.0.1"),
    )
    started = asyncio.Event()
    server = Server(app, runs, started=started.set)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await started.wait()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
        yield client, runs
    server.should_exit = True
    await task
    await machine.close()


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (the state of real tasks has no event to wait for)
            await asyncio.sleep(0.01)


def with_models(url: str) -> Settings:
    tier = TierConfig(model="m")
    return replace(load_settings().settings, ollama=OllamaSettings(url), tiers=TiersSettings(tier, tier))


@pytest.mark.usefixtures("indexed")
async def test_the_machine_streams_a_cited_answer_and_releases_the_index(own_home: Path) -> None:
    async with serving(load_settings().settings) as (client, _):
        response = await client.post("/runs/stream", json={"question": "What is the overdraft limit of an account?"})
    frames = [frame.split("\n") for frame in response.text.split("\n\n") if frame.startswith("id:")]
    events = [(frame[1].removeprefix("event: "), json.loads(frame[2].removeprefix("data: "))) for frame in frames]
    assert {"node", "evidence", "done"} <= {name for name, _ in events}
    assert [data["node"] for name, data in events if name == "node" and data["state"] == "started"][-1] == "answer"
    done = events[-1][1]
    assert done["status"] == "extractive"
    assert done["citations"][0]["path"].endswith("bank.py")
    with Collection.open(own_home, "default", wait=0.1) as again:  # nobody holds it any more
        assert again.store.counts().files == 2


@pytest.mark.usefixtures("indexed")
async def test_a_client_that_leaves_stops_the_machine_and_its_model() -> None:
    ollama = EndlessOllama()
    endless = await asyncio.start_server(ollama.handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{endless.sockets[0].getsockname()[1]}"
    async with endless, serving(with_models(url)) as (client, runs):
        async with client.stream("POST", "/runs/stream", json={"question": "What is the overdraft limit?"}) as response:
            async for line in response.aiter_lines():
                if line.startswith("event: node"):
                    await until(lambda: ollama.asked > 0)
                    break
        await until(lambda: runs.active == 0)
        asked = ollama.asked
        await until(lambda: ollama.left == asked)
        await asyncio.sleep(0.3)
        assert ollama.asked == asked


@pytest.mark.usefixtures("indexed")
async def test_an_unknown_collection_is_refused_before_the_stream() -> None:
    async with serving(load_settings().settings) as (client, runs):
        unknown = await client.post("/runs/stream", json={"question": "a", "collection": "nowhere"})
        wrong = await client.post("/runs/stream", json={"question": "a", "collection": "../default"})
        assert runs.active == 0
    assert (unknown.status_code, wrong.status_code) == (404, 400)
    assert "hydragraph index PATH --name nowhere" in unknown.json()["error"]["message"]


def test_what_was_searchable_is_looked_at_again_after_a_write(own_home: Path, tmp_path: Path) -> None:
    text = tmp_path / "tree" / "a.txt"
    text.parent.mkdir()
    text.write_text("The zebra crossing.\n")
    collection = Collection(own_home, "default")
    index(collection, [text.parent], None)
    machine = Machine(load_settings().settings)
    machine.require_chunks()
    machine.require_chunks()
    forget_path(collection, text.parent)
    with pytest.raises(NoIndexError, match="hydragraph index PATH"):
        machine.require_chunks()


def test_a_collection_that_is_not_there_has_no_chunks(own_home: Path) -> None:
    with pytest.raises(NoIndexError, match="hydragraph index PATH"):
        require_chunks(own_home, "default")
