"""What every client of a tier does, whatever its server speaks: one suite over each implementation of TierClient."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from hydragraph.domain import Message, Reply
from hydragraph.models.clients.call_log import ModelCall
from hydragraph.models.gateway import CLIENTS, ModelGateway
from wires import OLLAMA, OPENAI, ModelConnection, Wire

HI = [Message("system", "Be brief."), Message("user", "What is a session?")]
LONG = [Message("user", "one two three " * 60)]
Behaviour = Callable[[ModelConnection], Awaitable[None]]
WIRES = (OLLAMA, OPENAI)
NEEDS_OPENAI = pytest.mark.skipif(find_spec("langchain_openai") is None, reason="needs hydragraph[openai]")


@pytest.fixture(
    params=[pytest.param(wire, id=wire.api, marks=[NEEDS_OPENAI] if wire is OPENAI else []) for wire in WIRES]
)
def wire(request: pytest.FixtureRequest) -> Wire:
    chosen: Wire = request.param
    return chosen


class Verdict(BaseModel):
    verdict: Literal["yes", "no"]
    reason: str = ""


async def ask(wire: Wire, behave: Behaviour, messages: list[Message] = HI, **config: Any) -> Reply:
    async with wire.serving(behave, **config) as (gateway, _):
        return await gateway.complete("generate", messages)


def test_every_client_is_in_this_suite() -> None:
    assert {wire.api for wire in WIRES} == set(CLIENTS)


# --- a reply


async def well(connection: ModelConnection) -> None:
    await connection.head()
    await connection.say("A session ", "is a unit of work.")
    await connection.done()


def reads(prompt: int) -> Behaviour:
    """A server that counted so many tokens of prompt."""

    async def behave(connection: ModelConnection) -> None:
        await connection.head()
        await connection.say("fine")
        await connection.done(prompt=prompt)

    return behave


async def test_a_reply_comes_in_tokens_with_what_it_cost(wire: Wire) -> None:
    tokens: list[str] = []
    async with wire.serving(well) as (gateway, like):
        reply = await gateway.complete("generate", HI, on_token=tokens.append)
    assert (reply.text, reply.fault, reply.tier) == ("A session is a unit of work.", None, "local_fast")
    assert tokens == ["A session ", "is a unit of work."]
    assert (reply.usage.model, reply.usage.prompt_tokens, reply.usage.completion_tokens) == ("m", 100, 2)
    assert (reply.usage.usd, like.routes) == (0.0, [wire.route])
    assert reply.usage.seconds > 0
    assert [message["content"] for message in like.bodies[0]["messages"]] == ["Be brief.", "What is a session?"]


async def test_thoughts_never_reach_the_listener(wire: Wire) -> None:
    async def thinks(connection: ModelConnection) -> None:
        await connection.head()
        await connection.think("secret")
        await connection.say("<th", "ink>secret", " plan</thi", "nk>\n\nThe", " answer <", "b>.")
        await connection.done()

    tokens: list[str] = []
    async with wire.serving(thinks) as (gateway, _):
        reply = await gateway.complete("generate", HI, on_token=tokens.append)
    assert reply.text == "".join(tokens) == "The answer <b>."


async def test_a_prompt_that_the_server_cut_is_no_answer(wire: Wire) -> None:
    filled = await ask(wire, reads(512), num_ctx=512, num_predict=64)
    lost = await ask(wire, reads(90), LONG)
    whole = await ask(wire, reads(181), LONG)
    assert (filled.fault, lost.fault, whole.fault) == ("too_long", "too_long", None)
    assert "cut by the server" in lost.detail


async def test_a_prompt_that_cannot_fit_is_not_sent(wire: Wire) -> None:
    async with wire.serving(well, num_ctx=300, num_predict=100) as (gateway, like):
        reply = await gateway.complete("generate", LONG)
    assert (reply.fault, like.bodies) == ("too_long", [])
    assert "200 fit beside the reply" in reply.detail


async def test_what_fits_the_prompt_limit_is_sent(wire: Wire) -> None:
    async with wire.serving(well, num_ctx=600, num_predict=100) as (gateway, like):
        text = "word"
        while gateway.count_tokens(text + " word") <= gateway.prompt_limit("generate"):
            text += " word"
        await gateway.complete("generate", [Message("user", text)])
    assert len(like.bodies) == 1


async def test_the_count_learns_from_what_the_model_counted(wire: Wire) -> None:
    async with wire.serving(reads(400)) as (gateway, _):
        before = gateway.count_tokens(LONG[0].content)
        await gateway.complete("generate", LONG)
        after = gateway.count_tokens(LONG[0].content)
    assert after > before


# --- each failure


async def no_end(connection: ModelConnection) -> None:
    await connection.head()
    await connection.say("half ", "an answer")
    await connection.end()


async def nothing(connection: ModelConnection) -> None:
    await connection.head()
    await connection.end()


async def empty(connection: ModelConnection) -> None:
    await connection.head()
    await connection.done(count=1)


async def only_thoughts(connection: ModelConnection) -> None:
    await connection.head()
    await connection.say("<think>", "what could it be")
    await connection.done(count=30)


async def thoughts_in_their_own_field(connection: ModelConnection) -> None:
    await connection.head()
    await connection.think("well")
    await connection.done(count=30)


async def cut_off(connection: ModelConnection) -> None:
    await connection.head()
    await connection.say("half ", "an answer")
    await connection.done("length")


async def silent(connection: ModelConnection) -> None:
    await asyncio.sleep(2)


async def stalls(connection: ModelConnection) -> None:
    await connection.head()
    await connection.say("half ", "an answer")
    await asyncio.sleep(2)


async def only_keeps_alive(connection: ModelConnection) -> None:
    await connection.head()
    await connection.gone()


async def trickles(connection: ModelConnection) -> None:
    await connection.head()
    for _ in range(200):
        await connection.say("and ")
        await asyncio.sleep(0.02)


async def drops_at_once(connection: ModelConnection) -> None:
    await connection.drop()


async def drops_in_mid_stream(connection: ModelConnection) -> None:
    await connection.head()
    await connection.say("half ", "an answer")
    await asyncio.sleep(0.05)
    await connection.drop()


def refuses(status: int, text: str) -> Behaviour:
    return lambda connection: connection.refuse(status, text)


@pytest.mark.parametrize(
    ("behave", "fault", "text", "detail"),
    [
        (no_end, "incomplete", "half an answer", "without its last message"),
        (nothing, "incomplete", "", "without its last message"),
        (empty, "empty", "", "said nothing"),
        (only_thoughts, "empty", "", "only thoughts"),
        (thoughts_in_their_own_field, "empty", "", "only thoughts"),
        (cut_off, "cut_off", "half an answer", "limit of 1024 tokens"),
        (drops_at_once, "unreachable", "", "disconnected"),
        (drops_in_mid_stream, "incomplete", "half an answer", ""),
        (refuses(429, "slow down"), "rate_limited", "", "429 slow down"),
        (refuses(503, "server busy, please try again"), "rate_limited", "", "server busy"),
        (refuses(500, "llama runner process has terminated"), "error", "", "500 llama runner"),
        (refuses(504, "gateway"), "timeout", "", "504"),
    ],
)
async def test_each_failure_is_a_fault(wire: Wire, behave: Behaviour, fault: str, text: str, detail: str) -> None:
    reply = await ask(wire, behave)
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
    wire: Wire, behave: Behaviour, short: dict[str, float], text: str | None, detail: str
) -> None:
    reply = await ask(wire, behave, **short)
    assert reply.fault == "timeout"
    assert text is None or reply.text == text
    assert detail in reply.detail


async def test_no_server_is_unreachable_and_says_where(wire: Wire) -> None:
    gateway = ModelGateway({"local_fast": wire.tier("http://127.0.0.1:9")})
    reply = await gateway.complete("generate", HI)
    assert (reply.fault, reply.text) == ("unreachable", "")
    assert f"http://127.0.0.1:9{wire.root}" in reply.detail
    await gateway.aclose()


@pytest.mark.parametrize("url", ["http://127.0.0.1:notaport", "gopher://127.0.0.1:1", "http://[::1"])
async def test_a_base_url_that_is_none_is_a_fault(wire: Wire, url: str) -> None:
    gateway = ModelGateway({"local_fast": wire.tier("", base_url=url)})
    assert (await gateway.complete("generate", HI)).fault is not None
    await gateway.aclose()


async def test_one_retry_before_the_first_token_and_none_after_it(wire: Wire) -> None:
    async def fails_first(connection: ModelConnection) -> None:
        failed.append(1)
        await (connection.drop() if len(failed) == 1 else well(connection))

    async def requests_of(behave: Behaviour) -> tuple[str | None, int]:
        async with wire.serving(behave) as (gateway, like):
            return (await gateway.complete("generate", HI)).fault, len(like.bodies)

    failed: list[int] = []
    assert await requests_of(fails_first) == (None, 2)
    assert await requests_of(drops_at_once) == ("unreachable", 2)
    assert await requests_of(drops_in_mid_stream) == ("incomplete", 1)


@pytest.mark.parametrize("behave", [refuses(500, "no"), refuses(404, "model 'm' not found"), refuses(404, "no page")])
async def test_a_password_in_the_url_is_in_no_detail(wire: Wire, behave: Behaviour) -> None:
    async with wire.serving(behave) as (_, like):
        gateway = ModelGateway({"local_fast": wire.tier(like.url.replace("://", "://me:hunter2@"))})
        reply = await gateway.complete("generate", HI)
        await gateway.aclose()
        gone = ModelGateway({"local_fast": wire.tier("http://me:hunter2@127.0.0.1:9")})
        lost = await gone.complete("generate", HI)
        await gone.aclose()
    for detail in (reply.detail, lost.detail):
        assert "http://***@127.0.0.1:" in detail
        assert "hunter2" not in detail


# --- cancellation and event loops


async def test_cancelling_closes_the_connection(wire: Wire) -> None:
    async with wire.serving(only_keeps_alive) as (gateway, like):
        task = asyncio.create_task(gateway.complete("generate", HI))
        await like.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(2):
            await like.left.wait()


def test_a_gateway_outlives_its_event_loop(wire: Wire) -> None:
    async def one() -> tuple[str | None, str | None]:
        async with wire.serving(well) as (gateway, like):
            urls.append(like.url)
            first = (await gateway.complete("generate", HI)).fault
            await gateway.aclose()
            return first, (await gateway.complete("generate", HI)).fault

    urls: list[str] = []
    assert asyncio.run(one()) == (None, None)
    gateway = ModelGateway({"local_fast": wire.tier(urls[0])})
    assert asyncio.run(gateway.complete("generate", HI)).fault == "unreachable"
    assert asyncio.run(gateway.complete("generate", HI)).fault == "unreachable"


async def test_a_gateway_serves_two_event_loops_at_once(wire: Wire) -> None:
    async with wire.serving(well) as (gateway, _):

        def asked_elsewhere() -> list[str | None]:
            async def twice() -> list[str | None]:
                faults = [(await gateway.complete("generate", HI)).fault for _ in range(2)]
                await gateway.aclose()
                return [*faults]

            return asyncio.run(twice())

        assert (await gateway.complete("generate", HI)).fault is None
        assert await asyncio.to_thread(asked_elsewhere) == [None, None]
        assert (await gateway.complete("generate", HI)).fault is None


# --- structured replies


def in_turn(*texts: str) -> Behaviour:
    """Each request gets the next text."""
    left = list(texts)

    async def behave(connection: ModelConnection) -> None:
        await connection.head()
        await connection.say(left.pop(0))
        await connection.done()

    return behave


async def test_what_cannot_be_read_is_asked_again_as_json_and_once_with_the_error(wire: Wire) -> None:
    bad = '{"verdict": "perhaps"}'
    async with wire.serving(in_turn("no idea", bad, '{"verdict": "no"}')) as (gateway, like):
        result = await gateway.structured("grade", HI, Verdict)
    assert result.value == Verdict(verdict="no")
    assert [body[wire.form] == wire.json_form for body in like.bodies] == [False, True, True]
    assert "fits this JSON schema" in like.bodies[1]["messages"][-1]["content"]
    shown, complaint = like.bodies[2]["messages"][-2:]
    assert shown["content"] == bad
    assert "verdict: Input should be 'yes' or 'no' (it was 'perhaps')" in complaint["content"]
    assert result.reply.usage.completion_tokens == 6


async def test_each_request_is_reported_with_what_the_reply_was_held_to(wire: Wire) -> None:
    heard: list[ModelCall] = []
    async with wire.serving(in_turn("no idea", '{"verdict": "no"}', "free text")) as (_, like):
        gateway = ModelGateway({"local_fast": wire.tier(like.url)}, on_call=heard.append)
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


async def test_three_replies_that_cannot_be_read_are_malformed(wire: Wire) -> None:
    async with wire.serving(in_turn("a", "b", "c", "d")) as (gateway, like):
        result = await gateway.structured("grade", HI, Verdict)
    assert (result.value, result.reply.fault, len(like.bodies)) == (None, "malformed", 3)
    assert "the reply was 'c'" in result.reply.detail


async def test_a_provider_that_fails_ends_the_cascade(wire: Wire) -> None:
    async with wire.serving(refuses(500, "out of memory")) as (gateway, like):
        result = await gateway.structured("grade", HI, Verdict)
    assert (result.value, result.reply.fault, len(like.bodies)) == (None, "error", 1)
