"""What is particular to a server that speaks OpenAI's protocol; the rest is in test_wire_contract.py."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any, Literal

import httpx
import pytest
from pydantic import BaseModel

from hydragraph.domain import Message, Reply
from hydragraph.models.clients.call_log import ModelCall
from hydragraph.models.gateway import ModelGateway
from hydragraph.settings import TierConfig
from loopback import serving
from wires import OPENAI, OpenAIConnection

pytestmark = pytest.mark.skipif(find_spec("langchain_openai") is None, reason="needs hydragraph[openai]")
HI = [Message("system", "Be brief."), Message("user", "What is a session?")]
KEY = "sk-of-this-tier-1234"

Behaviour = Callable[[OpenAIConnection], Awaitable[None]]
openai = OPENAI.serving


async def well(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.say("A session ", "is a unit of work.")
    await connection.done()


async def ask(behave: Behaviour, **config: Any) -> Reply:
    async with openai(behave, **config) as (gateway, _):
        return await gateway.complete("generate", HI)


async def test_calls_one_after_the_other_share_a_connection() -> None:
    async with openai(well) as (gateway, like):
        for _ in range(3):
            await gateway.complete("generate", HI)
    assert (len(like.routes), like.connections) == (3, 1)


async def test_the_request_says_what_each_such_server_understands() -> None:
    async with openai(well, num_predict=256, temperature=0.5) as (gateway, like):
        await gateway.complete("generate", HI)
    assert like.bodies[0] == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is a session?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "max_tokens": 256,
    }


@pytest.mark.parametrize(
    ("role", "sent"),
    [("classify", {"enable_thinking": False}), ("grade", {"enable_thinking": False}), ("generate", None)],
)
async def test_roles_that_decide_do_not_think(role: Literal["classify", "generate"], sent: dict[str, bool]) -> None:
    async with openai(well) as (gateway, like):
        await gateway.complete(role, HI)
    assert like.bodies[0].get("chat_template_kwargs") == sent


async def test_a_server_that_knows_no_options_of_templates_is_asked_once_more_and_never_again() -> None:
    async def strict(connection: OpenAIConnection) -> None:
        if "chat_template_kwargs" in connection.body:
            await connection.answer(400, {"error": {"message": "Unrecognized request argument: chat_template_kwargs"}})
        else:
            await well(connection)

    async with openai(strict) as (gateway, like):
        first = await gateway.complete("grade", HI)
        second = await gateway.complete("grade", HI)
    assert (first.fault, second.fault) == (None, None)
    assert ["chat_template_kwargs" in body for body in like.bodies] == [True, False, False]


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
async def test_thoughts_never_reach_the_listener(name: str) -> None:
    async def thinks(connection: OpenAIConnection) -> None:
        await connection.head()
        await connection.delta(**{"role": "assistant", "content": None, name: "secret"})
        await connection.say("<th", "ink>secret", " plan</thi", "nk>\n\nThe", " answer <", "b>.")
        await connection.done()

    tokens: list[str] = []
    async with openai(thinks) as (gateway, _):
        reply = await gateway.complete("generate", HI, on_token=tokens.append)
    assert reply.text == "".join(tokens) == "The answer <b>."


# --- what only looks odd


async def comments_and_fields(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.raw(b": OPENROUTER PROCESSING\r\n\r\nevent: message\r\nid: 7\r\nretry: 3\r\n")
    await connection.say("fine")
    await connection.raw(b"\n \n:\n\n")
    await connection.done()


async def split_lines(connection: OpenAIConnection) -> None:
    await connection.head()
    event = b'data: {"choices": [{"delta": {"content": "fine"}}]}\n\n'
    await connection.raw(event[:20])
    await connection.raw(event[20:] + b'data:{"choices": [{"delta": {}, "finish_')
    await connection.raw(b'reason": "stop"}]}\n\ndata: [DONE]')
    await connection.end()


async def silence_after_the_end(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.say("fine")
    await connection.delta("stop")
    await asyncio.sleep(0.3)
    await connection.drop()


async def silence_after_done(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.say("fine")
    await connection.raw(b"data: [DONE]\n\n")
    await asyncio.sleep(5)


async def no_done_after_the_end(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.say("fine")
    await connection.delta("stop")
    await connection.end()


async def other_fields(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.event({"choices": [], "prompt_filter_results": [], "usage": None})
    await connection.event({"choices": [{"delta": {"content": "fine", "tool_calls": [{}], "audio": 5}, "logprobs": 1}]})
    await connection.event({"choices": [{"delta": None, "finish_reason": "eos"}], "usage": {"prompt_tokens": None}})
    await connection.raw(b"data: [DONE]\n\n")
    await connection.end()


@pytest.mark.parametrize(
    "behave",
    [comments_and_fields, split_lines, silence_after_the_end, silence_after_done, no_done_after_the_end, other_fields],
)
async def test_what_is_only_odd_is_no_fault(behave: Behaviour) -> None:
    reply = await ask(behave, inter_token_timeout=0.2)
    assert (reply.text, reply.fault) == ("fine", None)


async def test_where_no_usage_comes_the_tokens_are_estimated() -> None:
    reply = await ask(no_done_after_the_end)
    assert reply.usage.prompt_tokens > 10
    assert reply.usage.completion_tokens == 1


async def test_the_usage_may_come_with_the_end() -> None:
    async def at_once(connection: OpenAIConnection) -> None:
        await connection.head()
        await connection.say("fine")
        await connection.delta("stop", {"prompt_tokens": 30, "completion_tokens": 7, "total_tokens": 37})
        await connection.raw(b"data: [DONE]\n\n")
        await connection.end()

    reply = await ask(at_once)
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (30, 7)


# --- each failure


async def nothing(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.end()


async def empty(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.done(count=1)


async def only_done(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.raw(b"data: [DONE]\n\n")
    await connection.end()


async def dies_thinking(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.delta(role="assistant", reasoning_content="well")
    await asyncio.sleep(0.05)
    await connection.drop()


async def filtered(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.say("half ", "an answer")
    await connection.done("content_filter")


async def silent(connection: OpenAIConnection) -> None:
    await asyncio.sleep(2)


async def says_who_and_no_more(connection: OpenAIConnection) -> None:
    """As vLLM does before it reads the prompt: a role is no token."""
    await connection.head()
    await connection.delta(role="assistant", content="")
    await asyncio.sleep(2)


def fails_in_mid_stream(line: bytes) -> Behaviour:
    async def behave(connection: OpenAIConnection) -> None:
        await connection.head()
        await connection.say("half ", "an answer")
        await connection.raw(line + b"\n\n")
        await connection.end()

    return behave


def sends(data: bytes, kind: str = "text/event-stream") -> Behaviour:
    async def behave(connection: OpenAIConnection) -> None:
        await connection.head(kind=kind)
        await connection.raw(data)
        await connection.end()

    return behave


async def compressed(connection: OpenAIConnection) -> None:
    await connection._write(b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx")


def answers(status: int, body: Any) -> Behaviour:
    return lambda connection: connection.answer(status, body)


def refuses(status: int, message: str, **fields: Any) -> Behaviour:
    return answers(status, {"error": {"message": message, "type": "x", **fields}})


LM_STUDIO_FULL = (
    "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with less."
)


@pytest.mark.parametrize(
    ("behave", "fault", "text", "detail"),
    [
        (only_done, "empty", "", "no usable message"),
        (dies_thinking, "incomplete", "", "connection was lost"),
        (filtered, "incomplete", "half an answer", "broke the reply off (content_filter)"),
        (fails_in_mid_stream(b'data: {"error": {"message": "out of memory", "code": 500}}'), "error",
         "half an answer", "500 out of memory"),
        (fails_in_mid_stream(b'data: {"error": "unexpected EOF"}'), "error", "half an answer", "error unexpected EOF"),
        (fails_in_mid_stream(b'error: {"message": "slot lost"}'), "error", "half an answer", "slot lost"),
        (fails_in_mid_stream(b'event: error\ndata: {"error": {"message": "' + LM_STUDIO_FULL.encode() + b'"}}'),
         "too_long", "half an answer", "context the overflows"),
        (sends(b"<html>It works!</html>\n", "text/html"), "error", "", "not of a stream of events"),
        (sends(b'{"error": "Unexpected endpoint or method."}', "application/json"), "error", "", "Unexpected endpoint"),
        (compressed, "error", "", "compressed stream"),
        (sends(b"data: [1, 2]\n\n"), "error", "", "not a JSON object"),
        (sends(b'data: {"message": {"content": "hi"}}\n\n'), "error", "", "without choices"),
        (sends(b'data: {"choices": [7]}\n\n'), "error", "", "where an object belongs: '7'"),
        (sends(b'data: {"choices": {"delta": 7}}\n\n'), "error", "", "no list"),
        (sends(b'data: {"choices": [{"delta": {"content": ["a"]}}]}\n\n'), "error", "", "not text"),
        (refuses(400, "the request exceeds the available context size, try increasing it"), "too_long", "", "exceeds"),
        (refuses(400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"),
         "too_long", "", "maximum context length"),
        (refuses(400, "too big", code="context_length_exceeded"), "too_long", "", "too big"),
        (answers(400, {"error": LM_STUDIO_FULL}), "too_long", "", "context the overflows"),
        (answers(400, {"error": "Cannot truncate prompt with n_keep (5000) >= n_ctx (4096)"}), "too_long", "", "n_ctx"),
        (refuses(404, "The model `m` does not exist."), "error", "", "load it there, or name one that"),
        (answers(404, {"detail": "Not Found"}), "error", "", "such as http://127.0.0.1:8080/v1"),
        (answers(404, b"404 page not found"), "error", "", "such as http://127.0.0.1:8080/v1"),
        (refuses(401, "Invalid API Key"), "error", "", "set tiers.local_fast.api_key (401 Invalid API Key)"),
        (answers(502, b"<html>Bad Gateway</html>"), "unreachable", "", "502"),
    ],
)  # fmt: skip
async def test_each_failure_is_a_fault(behave: Behaviour, fault: str, text: str, detail: str) -> None:
    reply = await ask(behave)
    assert detail in reply.detail
    assert reply.fault == fault
    assert reply.text == text
    assert reply.tier == "local_fast"


@pytest.mark.parametrize(
    ("behave", "short", "text", "detail"),
    [
        (says_who_and_no_more, {"first_token_timeout": 0.2}, "", "no first token within 0.2 s"),
    ],
)
async def test_each_deadline_is_a_fault(
    behave: Behaviour, short: dict[str, float], text: str | None, detail: str
) -> None:
    reply = await ask(behave, **short)
    assert reply.fault == "timeout"
    assert text is None or reply.text == text
    assert detail in reply.detail


@pytest.mark.parametrize("url", ["http://127.0.0.1:notaport/v1", "gopher://127.0.0.1:1", "http://[::1", "nothing"])
async def test_a_base_url_that_is_none_is_a_fault(url: str) -> None:
    gateway = ModelGateway({"local_fast": TierConfig("m", url, api="openai")})
    reply = await gateway.complete("generate", HI)
    assert (reply.fault, "such as http://127.0.0.1:8080/v1" in reply.detail) == ("error", True)
    await gateway.aclose()


async def test_no_retry_after_a_first_thought_or_an_answer() -> None:
    async def requests_of(behave: Behaviour) -> tuple[str | None, int]:
        async with openai(behave) as (gateway, like):
            return (await gateway.complete("generate", HI)).fault, len(like.bodies)

    assert await requests_of(dies_thinking) == ("incomplete", 1)
    for status in (408, 409, 429, 500, 503):  # the openai package would retry each of them
        assert (await requests_of(refuses(status, "no")))[1] == 1


async def test_a_server_that_hangs_is_not_waited_for_as_one_that_reads_a_prompt() -> None:
    from hydragraph.models.clients.openai_transport import OpenAITransport
    from hydragraph.models.clients.watched import Deadlines, ServerHangs

    async with serving(OpenAIConnection, silent) as like:
        transport = OpenAITransport(httpx.AsyncHTTPTransport(), Deadlines(30, 30, alive=0.05), None)
        async with httpx.AsyncClient(transport=transport) as client:
            with pytest.raises(ServerHangs, match="not even to /models: the server hangs, restart it"):
                await client.post(f"{like.url}/v1/chat/completions", json={})
    assert like.routes == ["POST /v1/chat/completions", "GET /v1/models"]


# --- what leaves this machine, and what is shown of it


async def test_nothing_of_the_environment_reaches_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, organisations, headers, proxies and addresses that are meant for somebody else's server."""
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "ORGANIZATION", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", "sk-of-the-person")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer sk-of-the-person\nX-Secret: sk-of-the-person")
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_PROXY", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with openai(well) as (gateway, like):
        reply = await gateway.complete("generate", HI)
    assert reply.fault is None, reply.detail
    (headers,) = like.headers
    assert headers["authorization"] == "Bearer none"
    assert set(headers) == {
        "host", "connection", "content-type", "content-length", "accept", "accept-encoding", "authorization",
    }  # fmt: skip
    assert "sk-of-the-person" not in f"{headers} {like.bodies}"


@pytest.mark.parametrize(
    ("user", "key", "sent"),
    [("", KEY, f"Bearer {KEY}"), ("me:hunter2@", "", "Basic bWU6aHVudGVyMg=="), ("me:hunter2@", KEY, f"Bearer {KEY}")],
)
async def test_what_a_server_or_its_proxy_is_told(user: str, key: str, sent: str) -> None:
    async with openai(well) as (_, like):
        url = like.url.replace("://", f"://{user}") + "/v1"
        gateway = ModelGateway({"local_fast": TierConfig("m", url, api="openai", api_key=key)})
        reply = await gateway.complete("generate", HI)
        await gateway.aclose()
    assert reply.fault is None, reply.detail
    assert like.headers[0]["authorization"] == sent


async def echoes(connection: OpenAIConnection) -> None:
    await connection.answer(401, {"error": {"message": f"Incorrect API key: {connection.headers['authorization']}"}})


async def echoes_in_mid_stream(connection: OpenAIConnection) -> None:
    await connection.head()
    await connection.event({"error": {"message": f"bad key {connection.headers['authorization']}"}})
    await connection.end()


@pytest.mark.parametrize("behave", [echoes, echoes_in_mid_stream, well])
async def test_a_key_is_in_no_detail_and_no_log(behave: Behaviour, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with openai(behave, api_key=KEY) as (gateway, like):
        reply = await gateway.complete("generate", HI)
    assert like.headers[0]["authorization"] == f"Bearer {KEY}"
    assert KEY not in f"{reply} {gateway.__dict__} {TierConfig('m', api='openai', api_key=KEY)}"
    assert caplog.records
    assert [record.name for record in caplog.records if KEY in f"{record.getMessage()} {record.__dict__}"] == []


async def test_a_server_that_points_elsewhere_is_not_followed() -> None:
    """The text and the key are for the machine that the settings name."""

    async def moved(connection: OpenAIConnection) -> None:
        await connection._write(f"HTTP/1.1 307 X\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode())

    async with serving(OpenAIConnection, well) as elsewhere, openai(moved) as (gateway, _):
        reply = await gateway.complete("generate", HI)
    assert (reply.fault, elsewhere.routes) == ("error", [])


# --- structured replies


class Verdict(BaseModel):
    verdict: Literal["yes", "no"]
    reason: str = ""


SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "Verdict", "strict": True, "schema": Verdict.model_json_schema()},
}


def in_turn(*texts: str) -> Behaviour:
    """Each request gets the next text."""
    left = list(texts)

    async def behave(connection: OpenAIConnection) -> None:
        await connection.head()
        await connection.say(left.pop(0))
        await connection.done()

    return behave


async def test_a_structured_call_is_constrained_by_the_schema() -> None:
    async with openai(in_turn('{"verdict": "yes", "reason": "it says so"}')) as (gateway, like):
        result = await gateway.structured("grade", HI, Verdict)
    assert result.value == Verdict(verdict="yes", reason="it says so")
    assert result.reply.fault is None
    body = like.bodies[0]
    assert body["response_format"] == SCHEMA
    assert (body["chat_template_kwargs"], body["max_tokens"]) == ({"enable_thinking": False}, 512)


async def test_a_schema_reply_that_is_cut_off_is_asked_again() -> None:
    """The openai package would parse the stream of a response_format itself, and raise at its limit."""

    async def cut_first(connection: OpenAIConnection) -> None:
        await connection.head()
        await connection.say('{"verdict": "y' if len(like.bodies) == 1 else '{"verdict": "yes"}')
        await connection.done("length" if len(like.bodies) == 1 else "stop")

    async with openai(cut_first) as (gateway, like):
        result = await gateway.structured("grade", HI, Verdict)
    assert (result.value, len(like.bodies)) == (Verdict(verdict="yes"), 2)


async def test_each_request_is_reported_with_what_the_reply_was_held_to() -> None:
    """A server without any response_format is shown the schema in the prompt."""

    async def without_forms(connection: OpenAIConnection) -> None:
        if "response_format" in connection.body:
            await connection.answer(400, {"error": "'response_format.type' must be 'text'"})
        else:
            await in_turn('{"verdict": "yes"}')(connection)

    heard: list[ModelCall] = []
    async with openai(without_forms) as (_, like):
        config = TierConfig("m", f"{like.url}/v1", api="openai")
        gateway = ModelGateway({"local_fast": config}, on_call=heard.append)
        result = await gateway.structured("grade", HI, Verdict)
        await gateway.aclose()
    assert result.value == Verdict(verdict="yes")
    assert [(call.constraint, call.reply.fault) for call in heard] == [
        ("json_schema", "error"), ("json", "error"), ("text", None),
    ]  # fmt: skip


# --- the extra


async def test_without_the_extra_the_reply_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_openai", None)
    reply = await ask(well)
    assert (reply.text, reply.fault) == ("", "error")
    assert "pip install 'hydragraph[openai]'" in reply.detail


def test_a_key_that_no_header_can_carry_is_refused_and_not_shown() -> None:
    with pytest.raises(ValueError, match="api_key: expected ASCII characters without blanks") as caught:
        TierConfig("m", api="openai", api_key=f"{KEY}\n")
    assert KEY not in str(caught.value)


def test_an_api_that_nobody_speaks_is_refused() -> None:
    with pytest.raises(ValueError, match="api: expected one of ollama, openai, got 'vllm'"):
        TierConfig("m", api="vllm")  # type: ignore[arg-type]
