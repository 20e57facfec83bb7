"""The gateway against a server on the loopback that speaks Ollama's wire format, and misbehaves in every known way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

import httpx
import pytest
from pydantic import BaseModel

from hydragraph.domain import Message, Reply
from hydragraph.models.clients.call_log import ModelCall
from hydragraph.models.gateway import ModelGateway
from hydragraph.settings import TierConfig
from loopback import Connection, Server, serving

HI = [Message("system", "Be brief."), Message("user", "What is a session?")]
LONG = [Message("user", "one two three " * 60)]


class OllamaConnection(Connection):
    """Speaks Ollama's wire format."""

    async def head(self, status: int = 200, kind: str = "application/x-ndjson") -> None:
        await super().head(status, kind)

    async def line(self, **fields: Any) -> None:
        await self.raw(json.dumps({"model": "m", "created_at": "2026-11-21T00:00:00Z", **fields}).encode() + b"\n")

    async def say(self, *pieces: str, **fields: Any) -> None:
        for piece in pieces:
            await self.line(message={"role": "assistant", "content": piece}, done=False, **fields)

    async def done(self, reason: str = "stop", prompt: int = 100, count: int = 2) -> None:
        empty = {"role": "assistant", "content": ""}
        await self.line(message=empty, done=True, done_reason=reason, prompt_eval_count=prompt, eval_count=count)
        await self.end()

    async def error(self, status: int, text: str) -> None:
        await self.answer(status, {"error": text})


Behaviour = Callable[[OllamaConnection], Awaitable[None]]


@asynccontextmanager
async def ollama(behave: Behaviour, **config: Any) -> AsyncIterator[tuple[ModelGateway, Server[OllamaConnection]]]:
    async with serving(OllamaConnection, behave) as like:
        gateway = ModelGateway({"local_fast": TierConfig(**{"model": "m", "base_url": like.url, **config})})
        try:
            yield gateway, like
        finally:
            await gateway.aclose()


async def well(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.say("A session ", "is a unit of work.")
    await connection.done()


async def ask(behave: Behaviour, messages: list[Message] = HI, **config: Any) -> Reply:
    async with ollama(behave, **config) as (gateway, _):
        return await gateway.complete("generate", messages)


async def test_a_reply_comes_in_tokens_with_what_it_cost() -> None:
    tokens: list[str] = []
    async with ollama(well) as (gateway, like):
        reply = await gateway.complete("generate", HI, on_token=tokens.append)
    assert (reply.text, reply.fault, reply.tier) == ("A session is a unit of work.", None, "local_fast")
    assert tokens == ["A session ", "is a unit of work."]
    assert (reply.usage.model, reply.usage.prompt_tokens, reply.usage.completion_tokens) == ("m", 100, 2)
    assert reply.usage.seconds > 0
    assert [message["content"] for message in like.bodies[0]["messages"]] == ["Be brief.", "What is a session?"]


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


async def test_thoughts_never_reach_the_listener() -> None:
    async def thinks(connection: OllamaConnection) -> None:
        await connection.head()
        await connection.say("<th", "ink>secret", " plan</thi", "nk>\n\nThe", " answer <", "b>.")
        await connection.done()

    tokens: list[str] = []
    async with ollama(thinks) as (gateway, _):
        reply = await gateway.complete("generate", HI, on_token=tokens.append)
    assert reply.text == "".join(tokens) == "The answer <b>."


async def test_a_model_that_cannot_think_is_asked_once_more_and_never_again() -> None:
    async def cannot_think(connection: OllamaConnection) -> None:
        if "think" in connection.body:
            await connection.error(400, '"m" does not support thinking')
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


async def no_done(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.say("half ", "an answer")
    await connection.end()


async def nothing(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.end()


async def empty(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.done(count=1)


async def only_thoughts(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.say("<think>", "what could it be")
    await connection.done(count=30)


async def thoughts_in_their_own_field(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.line(message={"role": "assistant", "content": "", "thinking": "well"}, done=False)
    await connection.done(count=30)


async def cut_off(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.say("half ", "an answer")
    await connection.done("length")


async def only_loaded(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.done("load", prompt=0, count=0)


async def silent(connection: OllamaConnection) -> None:
    await asyncio.sleep(2)


async def stalls(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.say("half ", "an answer")
    await asyncio.sleep(2)


async def only_keeps_alive(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.gone()


async def trickles(connection: OllamaConnection) -> None:
    await connection.head()
    for _ in range(200):
        await connection.say("and ")
        await asyncio.sleep(0.02)


async def drops_at_once(connection: OllamaConnection) -> None:
    await connection.drop()


async def drops_in_mid_stream(connection: OllamaConnection) -> None:
    await connection.head()
    await connection.say("half ", "an answer")
    await asyncio.sleep(0.05)
    await connection.drop()


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
    return lambda connection: connection.error(status, text)


@pytest.mark.parametrize(
    ("behave", "fault", "text", "detail"),
    [
        (no_done, "incomplete", "half an answer", "without its last message"),
        (nothing, "incomplete", "", "without its last message"),
        (empty, "empty", "", "said nothing"),
        (only_thoughts, "empty", "", "only thoughts"),
        (thoughts_in_their_own_field, "empty", "", "only thoughts"),
        (cut_off, "cut_off", "half an answer", "limit of 1024 tokens"),
        (only_loaded, "empty", "", "no usable message"),
        (drops_at_once, "unreachable", "", "disconnected"),
        (drops_in_mid_stream, "incomplete", "half an answer", ""),
        (runner_killed, "error", "half an answer", "unexpected EOF"),
        (not_ollama, "error", "", "not a JSON object"),
        (a_list, "error", "", "not a JSON object"),
        (another_shape, "empty", "", "no usable message"),
        (answers(400, "the input length exceeds the context length"), "too_long", "", "exceeds the context length"),
        (answers(404, "model 'm' not found"), "error", "", "run `ollama pull m`"),
        (answers(404, "404 page not found"), "error", "", "without /v1"),
        (answers(429, "slow down"), "rate_limited", "", "429 slow down"),
        (answers(503, "server busy, please try again"), "rate_limited", "", "server busy"),
        (answers(500, "llama runner process has terminated"), "error", "", "500 llama runner"),
        (answers(504, "gateway"), "timeout", "", "504"),
    ],
)
async def test_each_failure_is_a_fault(behave: Behaviour, fault: str, text: str, detail: str) -> None:
    reply = await ask(behave)
    assert reply.fault == fault
    assert reply.text == text
    assert detail in reply.detail
    assert reply.tier == "local_fast"


@pytest.mark.parametrize(
    ("behave", "short", "text", "detail"),
    [
        (silent, {"first_token_timeout": 0.2}, "", "no first token within 0.2 s"),
        (only_keeps_alive, {"first_token_timeout": 0.2}, "", "no first token within 0.2 s"),
        (stalls, {"inter_token_timeout": 0.2}, "half an answer", "stalled for 0.2 s"),
        (trickles, {"total_timeout": 0.6}, None, "longer than 0.6 s"),
    ],
)
async def test_each_deadline_is_a_fault(
    behave: Behaviour, short: dict[str, float], text: str | None, detail: str
) -> None:
    reply = await ask(behave, **short)
    assert reply.fault == "timeout"
    assert text is None or reply.text == text
    assert detail in reply.detail


async def test_no_server_is_unreachable_and_says_where() -> None:
    gateway = ModelGateway({"local_fast": TierConfig("m", "http://127.0.0.1:9")})
    reply = await gateway.complete("generate", HI)
    assert (reply.fault, reply.text) == ("unreachable", "")
    assert "http://127.0.0.1:9" in reply.detail
    await gateway.aclose()


@pytest.mark.parametrize("url", ["http://127.0.0.1:notaport", "gopher://127.0.0.1:1", "http://[::1"])
async def test_a_base_url_that_is_none_is_a_fault(url: str) -> None:
    gateway = ModelGateway({"local_fast": TierConfig("m", url)})
    assert (await gateway.complete("generate", HI)).fault is not None
    await gateway.aclose()


async def test_one_retry_before_the_first_token_and_none_after_it() -> None:
    async def fails_first(connection: OllamaConnection) -> None:
        failed.append(1)
        await (connection.drop() if len(failed) == 1 else well(connection))

    failed: list[int] = []
    async with ollama(fails_first) as (gateway, like):
        assert (await gateway.complete("generate", HI)).fault is None
    assert len(like.bodies) == 2
    async with ollama(drops_at_once) as (gateway, like):
        assert (await gateway.complete("generate", HI)).fault == "unreachable"
    assert len(like.bodies) == 2
    async with ollama(drops_in_mid_stream) as (gateway, like):
        assert (await gateway.complete("generate", HI)).fault == "incomplete"
    assert len(like.bodies) == 1


async def test_a_prompt_that_the_server_cut_is_no_answer() -> None:
    def reads(prompt: int) -> Behaviour:
        async def behave(connection: OllamaConnection) -> None:
            await connection.head()
            await connection.say("fine")
            await connection.done(prompt=prompt)

        return behave

    filled = await ask(reads(512), num_ctx=512, num_predict=64)
    lost = await ask(reads(90), LONG)
    whole = await ask(reads(181), LONG)
    assert (filled.fault, lost.fault, whole.fault) == ("too_long", "too_long", None)
    assert "cut by the server" in lost.detail


async def test_a_prompt_that_cannot_fit_is_not_sent() -> None:
    async with ollama(well, num_ctx=300, num_predict=100) as (gateway, like):
        reply = await gateway.complete("generate", LONG)
    assert (reply.fault, like.bodies) == ("too_long", [])
    assert "200 fit beside the reply" in reply.detail


async def test_what_fits_the_prompt_limit_is_sent() -> None:
    async with ollama(well, num_ctx=600, num_predict=100) as (gateway, like):
        text = "word"
        while gateway.count_tokens(text + " word") <= gateway.prompt_limit("generate"):
            text += " word"
        await gateway.complete("generate", [Message("user", text)])
    assert len(like.bodies) == 1


async def test_the_count_learns_from_what_the_model_counted() -> None:
    async def counts(connection: OllamaConnection) -> None:
        await connection.head()
        await connection.say("fine")
        await connection.done(prompt=400)

    async with ollama(counts) as (gateway, _):
        before = gateway.count_tokens(LONG[0].content)
        await gateway.complete("generate", LONG)
        after = gateway.count_tokens(LONG[0].content)
    assert after > before


async def test_cancelling_closes_the_connection() -> None:
    async with ollama(only_keeps_alive) as (gateway, like):
        task = asyncio.create_task(gateway.complete("generate", HI))
        await like.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(2):
            await like.left.wait()


def test_a_gateway_outlives_its_event_loop() -> None:
    async def one() -> tuple[str | None, str | None]:
        async with ollama(well) as (gateway, like):
            urls.append(like.url)
            first = (await gateway.complete("generate", HI)).fault
            await gateway.aclose()
            return first, (await gateway.complete("generate", HI)).fault

    urls: list[str] = []
    assert asyncio.run(one()) == (None, None)
    gateway = ModelGateway({"local_fast": TierConfig("m", urls[0])})
    assert asyncio.run(gateway.complete("generate", HI)).fault == "unreachable"
    assert asyncio.run(gateway.complete("generate", HI)).fault == "unreachable"


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


async def test_what_cannot_be_read_is_asked_again_as_json_and_once_with_the_error() -> None:
    bad = '{"verdict": "perhaps"}'
    async with ollama(in_turn("no idea", bad, '{"verdict": "no"}')) as (gateway, like):
        result = await gateway.structured("grade", HI, Verdict)
    assert result.value == Verdict(verdict="no")
    assert [body["format"] for body in like.bodies] == [Verdict.model_json_schema(), "json", "json"]
    assert "fits this JSON schema" in like.bodies[1]["messages"][-1]["content"]
    shown, complaint = like.bodies[2]["messages"][-2:]
    assert shown["content"] == bad
    assert "verdict: Input should be 'yes' or 'no' (it was 'perhaps')" in complaint["content"]
    assert result.reply.usage.completion_tokens == 6


async def test_each_request_is_reported_with_what_the_reply_was_held_to() -> None:
    heard: list[ModelCall] = []
    async with ollama(in_turn("no idea", '{"verdict": "no"}', "free text")) as (_, like):
        gateway = ModelGateway({"local_fast": TierConfig("m", like.url)}, on_call=heard.append)
        await gateway.structured("grade", HI, Verdict)
        await gateway.complete("generate", HI)
        await gateway.complete("generate", [Message("user", "word " * 20_000)])
        await gateway.aclose()
    said = [(call.role, call.tier, call.constraint, call.reply.text, call.reply.fault) for call in heard]
    assert said == [
        ("grade", "local_fast", "json_schema", "no idea", None),
        ("grade", "local_fast", "json", '{"verdict": "no"}', None),
        ("generate", "local_fast", "text", "free text", None),
        ("generate", "local_fast", "text", "", "too_long"),
    ]


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


@pytest.mark.parametrize("behave", [answers(500, "no"), answers(404, "model 'm' not found"), answers(404, "no page")])
async def test_a_password_in_the_url_is_in_no_detail(behave: Behaviour) -> None:
    async with ollama(behave) as (_, like):
        gateway = ModelGateway({"local_fast": TierConfig("m", like.url.replace("://", "://me:hunter2@"))})
        reply = await gateway.complete("generate", HI)
        await gateway.aclose()
        gone = ModelGateway({"local_fast": TierConfig("m", "http://me:hunter2@127.0.0.1:9")})
        lost = await gone.complete("generate", HI)
        await gone.aclose()
    for detail in (reply.detail, lost.detail):
        assert "http://***@127.0.0.1:" in detail
        assert "hunter2" not in detail


async def test_three_replies_that_cannot_be_read_are_malformed() -> None:
    async with ollama(in_turn("a", "b", "c", "d")) as (gateway, like):
        result = await gateway.structured("grade", HI, Verdict)
    assert (result.value, result.reply.fault, len(like.bodies)) == (None, "malformed", 3)
    assert "the reply was 'c'" in result.reply.detail


async def test_a_provider_that_fails_ends_the_cascade() -> None:
    async with ollama(answers(500, "out of memory")) as (gateway, like):
        result = await gateway.structured("grade", HI, Verdict)
    assert (result.value, result.reply.fault, len(like.bodies)) == (None, "error", 1)


async def test_a_server_without_schemas_is_asked_in_json_mode() -> None:
    async def no_schemas(connection: OllamaConnection) -> None:
        if isinstance(connection.body["format"], dict):
            await connection.error(500, "failed to parse grammar")
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
