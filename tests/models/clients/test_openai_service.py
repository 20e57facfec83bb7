"""`api: openai` against a real server with the model tiny-chat (random weights).

It is Ollama's own OpenAI-compatible endpoint, or another server that HYDRAGRAPH_TEST_OPENAI_URL names (with /v1).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Literal

import pytest
from pydantic import BaseModel

from hydragraph.domain import Message
from hydragraph.models.clients.call_log import ModelCall
from hydragraph.models.clients.client import Ask
from hydragraph.models.clients.openai import OpenAITier
from hydragraph.models.gateway import ModelGateway
from hydragraph.server.doctor.checks_models import check_models
from hydragraph.settings import Settings, TierConfig, TiersSettings

OLLAMA = os.environ.get("HYDRAGRAPH_TEST_OLLAMA_URL", "")
URL = os.environ.get("HYDRAGRAPH_TEST_OPENAI_URL", "") or f"{OLLAMA}/v1"
pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(URL == "/v1", reason="needs HYDRAGRAPH_TEST_OLLAMA_URL or HYDRAGRAPH_TEST_OPENAI_URL"),
    pytest.mark.skipif(find_spec("langchain_openai") is None, reason="needs hydragraph[openai]"),
]
HI = [Message("system", "Be brief."), Message("user", "What is a session?")]
TINY = TierConfig("tiny-chat", URL, "openai", num_ctx=2048, num_predict=256)


class Verdict(BaseModel):
    verdict: Literal["yes", "no"]
    ids: list[str] = []


@pytest.fixture
def calls() -> list[ModelCall]:
    return []


@pytest.fixture
async def gateway(calls: list[ModelCall]) -> AsyncIterator[ModelGateway]:
    gateway = ModelGateway({"local_fast": TINY}, on_call=calls.append)
    yield gateway
    await gateway.aclose()


async def test_tokens_stream_as_they_come_and_are_counted(gateway: ModelGateway) -> None:
    tokens: list[str] = []
    reply = await gateway.complete("generate", HI, on_token=tokens.append)
    assert reply.fault is None, reply.detail
    assert "".join(tokens) == reply.text
    assert len(tokens) > 3
    assert reply.usage.completion_tokens >= len(tokens)
    assert 10 < reply.usage.prompt_tokens < 60


async def test_a_structured_reply_validates_in_one_call(gateway: ModelGateway, calls: list[ModelCall]) -> None:
    for number in range(10):
        result = await gateway.structured("grade", [Message("user", f"Is {number} enough?")], Verdict)
        assert result.reply.fault is None, result.reply.detail
        assert result.value is not None
    assert [call.constraint for call in calls] == ["json_schema"] * 10


async def test_json_mode_gives_an_object() -> None:
    tier = OpenAITier("local_fast", TINY)
    reply = await tier.ask(Ask(HI, 256, think=False, format="json"))
    await tier.aclose()
    assert reply.fault in (None, "cut_off"), reply.detail
    assert reply.text.lstrip().startswith("{")


async def test_a_reply_at_its_limit_is_cut_off() -> None:
    short = ModelGateway({"local_fast": replace(TINY, num_predict=3)})
    reply = await short.complete("generate", HI)
    await short.aclose()
    assert (reply.fault, reply.usage.completion_tokens) == ("cut_off", 3)


async def test_a_prompt_longer_than_the_servers_context_is_no_answer() -> None:
    """llama-server refuses it; Ollama cuts it in silence, and only what it counted shows that."""
    tier = OpenAITier("local_fast", replace(TINY, num_ctx=100_000))
    reply = await tier.ask(Ask([Message("user", "word " * 20_000)], 64))
    await tier.aclose()
    assert reply.fault == "too_long", reply.detail


@pytest.mark.skipif("HYDRAGRAPH_TEST_OPENAI_URL" in os.environ, reason="llama-server takes any name for its one model")
async def test_a_model_that_is_not_there_says_what_to_do() -> None:
    gateway = ModelGateway({"local_fast": replace(TINY, model="no-such-model")})
    reply = await gateway.complete("generate", HI)
    await gateway.aclose()
    assert reply.fault == "error"
    assert f"{URL} has no model no-such-model: load it there, or name one that {URL}/models lists" in reply.detail


@pytest.mark.parametrize(("model", "health"), [("tiny-chat", "ok"), ("no-such-model", "warning")])
def test_the_doctor_sees_the_model(model: str, health: str) -> None:
    tier = TierConfig(model=model, base_url=URL, api="openai", num_ctx=2048)
    settings = replace(Settings(), tiers=TiersSettings(tier, TierConfig()))
    check = check_models(settings)[0]
    assert check.health == health, check
    assert (model in check.found, "tiny-chat" in check.found) == (True, True)
