"""What is particular to a server that speaks Ollama's wire format; the rest is in test_wire_contract.py."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import httpx
import pytest
from pydantic import BaseModel

from hydragraph.domain import Message, Reply
from hydragraph.models.gateway import ModelGateway
from hydragraph.settings import TierConfig
from wires import OLLAMA, OllamaConnection

HI = [Message("system", "Be brief."), Message("user", "What is a session?")]

Behaviour = Callable[[OllamaConnection], Awaitable[None]]
ollama = OLLAMA.serving


async def well(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.say("A session ", "is a unit of work.")
    await connection.done()


async def ask(behave: Behaviour, **config: Any) -> Reply:
    async with ollama(behave, **config) as (gateway, _):
        return await gateway.complete("generate", HI)


async def test_the_request_forbids_silent_truncation_and_fixes_the_context() -> None:
    async with ollama(well, num_ctx=2048, num_predict=256, keep_alive="3m") as (gateway, like):
        await gateway.complete("generate", HI)
    body = like.bodies[0]
    assert (body["truncate"], body["shift"], body["keep_alive"]) == (False, False, "3m")
    assert body["options"] == {"num_ctx": 2048, "num_predict": 256, "temperature": 0.0}


@pytest.mark.parametrize(
    ("role", "think"), [("classify", False), ("grade", False), ("rewrite", False), ("generate", None)]
)
async def test_roles_that_decide_do_not_think(role: Literal["classify", "generate"], think: bool | None) -> None:
    async with ollama(well) as (gateway, like):
        await gateway.complete(role, HI)
    assert like.bodies[0].get("think") is think


async def test_a_model_that_cannot_think_is_asked_once_more_and_never_again() -> None:
    async def cannot_think(connection: OllamaConnection) -> None:
        if "think" in connection.body:
            await connection.refuse(400, '"m" does not support thinking')
        else:
            await well(connection)

    async with ollama(cannot_think) as (gateway, like):
        first = await gateway.complete("grade", HI)
        second = await gateway.complete("grade", HI)
    assert (first.fault, second.fault) == (None, None)
    assert ["think" in body for body in like.bodies] == [True, False, False]


async def blank_lines(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.raw(b"\n")
    await connection.say("fine")
    await connection.raw(b"\n \n\r\n")
    await connection.done()


async def split_lines(connection: OllamaConnection) -> None:
    await connection.head()
    line = json.dumps({"message": {"role": "assistant", "content": "fine"}, "done": False}).encode()
    await connection.raw(line[:20])
    await connection.raw(line[20:] + b'\n{"message": {"role": "assistant", "content": ""}, ')
    await connection.raw(b'"done": true, "done_reason": "stop"}')
    await connection.end()


async def done_and_silence(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.say("fine")
    await connection.line(message={"role": "assistant", "content": ""}, done=True, done_reason="stop")
    await asyncio.sleep(0.3)
    await connection.drop()


@pytest.mark.parametrize("behave", [blank_lines, split_lines, done_and_silence])
async def test_what_is_only_odd_is_no_fault(behave: Behaviour) -> None:
    reply = await ask(behave, inter_token_timeout=0.2)
    assert (reply.text, reply.fault) == ("fine", None)


async def empty(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.done(count=1)


async def only_loaded(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.done("load", prompt=0, count=0)


async def runner_killed(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.say("half ", "an answer")
    await connection.line(error="an error was encountered while running the model: unexpected EOF")
    await connection.end()


async def not_ollama(connection: OllamaConnection) -> None:
    await connection.head(kind="text/html")
    await connection.raw(b"<html>It works!</html>\n")
    await connection.end()


async def a_list(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.raw(b"[1, 2]\n")
    await connection.end()


async def another_shape(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.raw(b'{"choices": []}\n')
    await connection.raw(b'{"done": true}\n')
    await connection.end()


def answers(status: int, text: str) -> Behaviour:
    return lambda connection: connection.refuse(status, text)


@pytest.mark.parametrize(
    ("behave", "fault", "text", "detail"),
    [
        (only_loaded, "empty", "", "no usable message"),
        (runner_killed, "error", "half an answer", "unexpected EOF"),
        (not_ollama, "error", "", "not a JSON object"),
        (a_list, "error", "", "not a JSON object"),
        (another_shape, "empty", "", "no usable message"),
        (answers(400, "the input length exceeds the context length"), "too_long", "", "exceeds the context length"),
        (answers(404, "model 'm' not found"), "error", "", "run `ollama pull m`"),
        (answers(404, "404 page not found"), "error", "", "without /v1"),
    ],
)
async def test_each_failure_is_a_fault(behave: Behaviour, fault: str, text: str, detail: str) -> None:
    reply = await ask(behave)
    assert reply.fault == fault
    assert reply.text == text
    assert detail in reply.detail
    assert reply.tier == "local_fast"


class Verdict(BaseModel):
    verdict: Literal["yes", "no"]
    reason: str = ""


def in_turn(*texts: str) -> Behaviour:
    """Each request gets the next text."""
    left = list(texts)

    async def behave(connection: OllamaConnection) -> None:
        await connection.head()
        await connection.say(left.pop(0))
        await connection.done()

    return behave


async def test_a_structured_call_is_constrained_by_the_schema() -> None:
    async with ollama(in_turn('{"verdict": "yes", "reason": "it says so"}')) as (gateway, like):
        result = await gateway.structured("grade", HI, Verdict)
    assert result.value == Verdict(verdict="yes", reason="it says so")
    assert result.reply.fault is None
    body = like.bodies[0]
    assert body["format"] == Verdict.model_json_schema()
    assert (body["think"], body["options"]["num_predict"]) == (False, 512)


async def test_without_a_listener_each_request_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "hydragraph")
    async with ollama(in_turn('{"verdict": "no"}')) as (gateway, _):
        await gateway.structured("grade", HI, Verdict)
    async with ollama(answers(500, "out of memory")) as (gateway, _):
        await gateway.complete("generate", HI)
    good, bad = [record.message for record in caplog.records if record.name == "hydragraph.models.clients.call_log"]
    assert good.startswith("model_call role=grade tier=local_fast model=m constraint=json_schema prompt_tokens=100 ")
    assert "fault" not in good
    assert "constraint=text" in bad
    assert "fault=error detail=m on http://127.0.0.1:" in bad


async def test_a_server_without_schemas_is_asked_in_json_mode() -> None:
    async def no_schemas(connection: OllamaConnection) -> None:
        if isinstance(connection.body["format"], dict):
            await connection.refuse(500, "failed to parse grammar")
        else:
            await in_turn('{"verdict": "yes"}')(connection)

    async with ollama(no_schemas) as (gateway, _):
        assert (await gateway.structured("grade", HI, Verdict)).value == Verdict(verdict="yes")


async def test_the_transport_of_a_tier_can_be_replaced() -> None:
    class Counting(httpx.AsyncBaseTransport):
        def __init__(self) -> None:
            self._inner = httpx.AsyncHTTPTransport()

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(json.loads(request.content)["truncate"])
            return await self._inner.handle_async_request(request)

        async def aclose(self) -> None:
            await self._inner.aclose()

    seen: list[bool] = []
    async with ollama(well) as (_, like):
        config = TierConfig("m", like.url)
        gateway = ModelGateway({"local_fast": config}, transport=lambda _config: Counting())
        assert (await gateway.complete("generate", HI)).fault is None
        await gateway.aclose()
    assert seen == [False]
