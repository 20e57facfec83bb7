"""What every implementation of Models promises, whatever is behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from importlib.util import find_spec
from typing import Any, Literal

import httpx
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import BaseModel

from hydragraph.domain import Message, Models
from hydragraph.models.gateway import ModelGateway
from hydragraph.models.langchain import LangChainModels
from hydragraph.models.testing.scripted import Line, ScriptedModels
from hydragraph.settings import Api, TierConfig

HI = [Message("system", "Be brief."), Message("user", "What is a session?")]


class Verdict(BaseModel):
    verdict: Literal["yes", "no"]


class Says(httpx.AsyncBaseTransport):
    """A server that always says the same, in Ollama's way or in OpenAI's; "hang" never answers."""

    def __init__(self, text: str, api: Api) -> None:
        self._text = text
        self._lines = in_ollamas_way(text) if api == "ollama" else in_openais_way(text)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._text == "hang":
            await asyncio.Event().wait()

        async def stream() -> AsyncIterator[bytes]:
            yield "".join(self._lines).encode()

        return httpx.Response(200, content=stream())


def in_ollamas_way(text: str) -> list[str]:
    lines = [
        {"message": {"role": "assistant", "content": text}, "done": False},
        {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"},
    ]
    return [f"{json.dumps(line)}\n" for line in lines]


def in_openais_way(text: str) -> list[str]:
    choices = [{"delta": {"content": text}}, {"delta": {}, "finish_reason": "stop"}]
    return [*(f"data: {json.dumps({'choices': [choice]})}\n\n" for choice in choices), "data: [DONE]\n\n"]


class SaysHost(BaseChatModel):
    """A host's chat model that always says the same, without structured output of its own."""

    says: str

    @property
    def _llm_type(self) -> str:
        return "says"

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        raise NotImplementedError

    async def _agenerate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any
    ) -> ChatResult:
        if self.says == "hang":
            await asyncio.Event().wait()
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self.says))])


def ollama(text: str) -> Models:
    return ModelGateway({"local_quality": TierConfig("m")}, transport=lambda config: Says(text, config.api))


def openai(text: str) -> Models:
    config = TierConfig("m", "http://127.0.0.1:1/v1", api="openai")
    return ModelGateway({"local_quality": config}, transport=lambda config: Says(text, config.api))


def host(text: str) -> Models:
    return LangChainModels(SaysHost(says=text))


def scripted(text: str) -> Models:
    return ScriptedModels(lambda _call: Line(text, delay=60.0 if text == "hang" else 0.0))


NEEDS_EXTRA = pytest.mark.skipif(find_spec("langchain_openai") is None, reason="needs hydragraph[openai]")


@pytest.fixture(params=[ollama, pytest.param(openai, marks=NEEDS_EXTRA), host, scripted])
def saying(request: pytest.FixtureRequest) -> Callable[[str], Models]:
    made: Callable[[str], Models] = request.param
    return made


async def test_tokens_are_the_text(saying: Callable[[str], Models]) -> None:
    tokens: list[str] = []
    reply = await saying("<think>plan</think>\nA unit of work.").complete("generate", HI, on_token=tokens.append)
    assert (reply.text, reply.fault) == ("A unit of work.", None)
    assert "".join(tokens) == reply.text
    assert reply.tier == "local_quality"
    assert reply.usage.prompt_tokens > 0


@pytest.mark.parametrize("text", ["", " \n", "<think>only</think>", "<think>not closed"])
async def test_nothing_said_is_empty(saying: Callable[[str], Models], text: str) -> None:
    tokens: list[str] = []
    reply = await saying(text).complete("generate", HI, on_token=tokens.append)
    assert (reply.text.strip(), reply.fault) == ("", "empty")
    assert "".join(tokens).strip() == ""


async def test_a_text_that_cannot_be_encoded_is_asked_all_the_same(saying: Callable[[str], Models]) -> None:
    reply = await saying("fine").complete("generate", [Message("user", "caf\udce9?")])
    assert (reply.text, reply.fault) == ("fine", None)


async def test_a_structured_reply_is_the_last_object_that_validates(saying: Callable[[str], Models]) -> None:
    models = saying('Thinking of {"verdict": "perhaps"}. So: ```json\n{"verdict": "YES"}\n```')
    result = await models.structured("grade", HI, Verdict)
    assert (result.value, result.reply.fault) == (Verdict(verdict="yes"), None)


async def test_garbage_is_malformed_and_says_what_was_wrong(saying: Callable[[str], Models]) -> None:
    result = await saying('{"verdict": "perhaps"}').structured("grade", HI, Verdict)
    assert (result.value, result.reply.fault) == (None, "malformed")
    assert "'yes' or 'no'" in result.reply.detail


async def test_cancellation_propagates(saying: Callable[[str], Models]) -> None:
    for call in (saying("hang").complete("generate", HI), saying("hang").structured("grade", HI, Verdict)):
        task = asyncio.create_task(call)  # type: ignore[arg-type]
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_role_without_a_model_is_a_fault(saying: Callable[[str], Models]) -> None:
    models = saying("text")
    assert models.tiers("rerank") == ()
    assert (await models.complete("rerank", HI)).fault == "error"
    assert (await models.structured("rerank", HI, Verdict)).reply.fault == "error"


def test_counts_and_limits_are_positive_and_grow(saying: Callable[[str], Models]) -> None:
    models = saying("text")
    assert models.tiers("generate")[0] == "local_quality"
    assert 0 < models.count_tokens("one") < models.count_tokens("one two three four five six seven")
    assert models.prompt_limit("generate") > 1000
