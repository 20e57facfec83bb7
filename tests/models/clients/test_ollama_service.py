"""The gateway against a real Ollama with the models tiny-chat and tiny-embed (random weights)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Literal
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import BaseModel

from hydragraph.domain import Message
from hydragraph.models.clients.client import Ask
from hydragraph.models.clients.ollama import OllamaTier
from hydragraph.models.clients.watched import Deadlines, OllamaTransport
from hydragraph.models.gateway import ModelGateway
from hydragraph.settings import TierConfig

URL = os.environ.get("HYDRAGRAPH_TEST_OLLAMA_URL", "")
pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(not URL, reason="needs HYDRAGRAPH_TEST_OLLAMA_URL, an Ollama with tiny-chat and tiny-embed"),
]
HI = [Message("system", "Be brief."), Message("user", "What is a session?")]
TINY = TierConfig("tiny-chat", URL, num_ctx=2048, num_predict=256)


class Verdict(BaseModel):
    verdict: Literal["yes", "no"]
    ids: list[str] = []


@pytest.fixture
async def gateway() -> AsyncIterator[ModelGateway]:
    gateway = ModelGateway({"local_fast": TINY})
    yield gateway
    await gateway.aclose()


async def test_tokens_stream_as_they_come(gateway: ModelGateway) -> None:
    tokens: list[str] = []
    reply = await gateway.complete("generate", HI, on_token=tokens.append)
    assert reply.fault is None, reply.detail
    assert "".join(tokens) == reply.text
    assert len(tokens) > 3
    assert reply.usage.completion_tokens >= len(tokens)
    assert reply.usage.prompt_tokens > 0


async def test_a_structured_reply_validates_in_one_call(gateway: ModelGateway) -> None:
    for number in range(10):
        result = await gateway.structured("grade", [Message("user", f"Is {number} enough?")], Verdict)
        assert result.reply.fault is None, result.reply.detail
        assert result.value is not None
        assert result.reply.usage.completion_tokens < 512


@pytest.mark.parametrize("turns", [1, 5], ids=["one long message", "a long history"])
async def test_the_server_refuses_a_prompt_that_it_would_have_cut(turns: int) -> None:
    config = TierConfig("tiny-chat", URL, num_ctx=256, num_predict=64)
    tier = OllamaTier("local_fast", config)  # the gateway would not have sent it
    reply = await tier.ask(Ask([Message("user", "word " * (1000 // turns))] * turns, 64))
    await tier.aclose()
    assert (reply.fault, reply.text) == ("too_long", "")
    assert "exceeds the context length" in reply.detail


async def test_the_server_refuses_a_text_that_it_would_have_cut_before_embedding() -> None:
    transport = OllamaTransport(httpx.AsyncHTTPTransport(), Deadlines(60, 10))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        refused = await client.post("/api/embed", json={"model": "tiny-embed", "input": "word " * 5000})
        taken = await client.post("/api/embed", json={"model": "tiny-embed", "input": "word"})
    assert (refused.status_code, taken.status_code) == (400, 200)
    assert len(taken.json()["embeddings"]) == 1


async def test_a_model_that_is_not_there_says_how_to_get_it() -> None:
    gateway = ModelGateway({"local_fast": TierConfig("no-such-model", URL)})
    reply = await gateway.complete("generate", HI)
    await gateway.aclose()
    assert reply.fault == "error"
    assert "ollama pull no-such-model" in reply.detail


async def test_a_reply_at_its_limit_is_cut_off(gateway: ModelGateway) -> None:
    config = TierConfig("tiny-chat", URL, num_ctx=2048, num_predict=3)
    short = ModelGateway({"local_fast": config})
    reply = await short.complete("generate", HI)
    await short.aclose()
    assert (reply.fault, reply.usage.completion_tokens) == ("cut_off", 3)


async def test_a_server_that_dies_in_mid_stream_leaves_what_had_come() -> None:
    """A relay before the real server dies after the first bytes of the answer."""
    real = urlsplit(URL)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, request = await asyncio.open_connection(real.hostname, real.port)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        request.write(head + await reader.readexactly(length))
        for _ in range(20):  # the head of the answer and some lines
            writer.write(await upstream.readuntil(b"\r\n"))
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.transport.abort()
        request.transport.abort()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    gateway = ModelGateway({"local_fast": TierConfig("tiny-chat", url)})
    tokens: list[str] = []
    reply = await gateway.complete("generate", HI, on_token=tokens.append)
    await gateway.aclose()
    server.close()
    assert reply.fault == "incomplete"
    assert reply.text == "".join(tokens) != ""
