"""A host's chat model: whatever its provider raises becomes a value."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import httpx
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import BaseModel

from hydragraph.domain import Message
from hydragraph.models.langchain import LangChainModels

HI = [Message("user", "What is a session?")]


class Verdict(BaseModel):
    verdict: Literal["yes", "no"]


class RateLimitError(Exception):
    """Named as the openai and anthropic libraries name theirs."""


class StatusError(Exception):
    def __init__(self, status_code: int, message: str) -> None:
        super().__init__(message)
        self.status_code = status_code


class Streaming(BaseChatModel):
    """Says chunks, then perhaps raises."""

    chunks: list[Any]
    raises: Any = None

    @property
    def _llm_type(self) -> str:
        return "streaming"

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self.chunks:
            message = chunk if isinstance(chunk, AIMessageChunk) else AIMessageChunk(chunk)
            yield ChatGenerationChunk(message=message)
        if self.raises is not None:
            raise self.raises


class OwnSchema(Streaming):
    """A model with structured output of its own."""

    result: Any

    def with_structured_output(self, schema: Any, *, include_raw: bool = False, **_: Any) -> Runnable[Any, Any]:
        return RunnableLambda(lambda _messages: self.result)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (RateLimitError("slow down"), "rate_limited"),
        (StatusError(429, "slow down"), "rate_limited"),
        (StatusError(400, "This model's maximum context length is 8192 tokens"), "too_long"),
        (StatusError(500, "boom"), "error"),
        (StatusError(401, "bad key"), "error"),
        (TimeoutError(), "timeout"),
        (httpx.ReadTimeout("slow"), "timeout"),
        (httpx.ConnectError("refused"), "unreachable"),
        (ConnectionResetError("reset"), "unreachable"),
        (KeyError("choices"), "error"),
    ],
)
async def test_what_a_provider_raises_is_a_fault(error: Exception, fault: str) -> None:
    reply = await LangChainModels(Streaming(chunks=[], raises=error)).complete("generate", HI)
    assert (reply.text, reply.fault) == ("", fault)
    assert reply.detail


async def test_a_connection_lost_in_mid_stream_keeps_what_had_come() -> None:
    models = LangChainModels(Streaming(chunks=["half ", "an answer"], raises=httpx.ReadError("reset")))
    reply = await models.complete("generate", HI)
    assert (reply.text, reply.fault) == ("half an answer", "incomplete")


async def test_a_reply_at_the_limit_is_cut_off() -> None:
    last = AIMessageChunk("", response_metadata={"finish_reason": "length"})
    reply = await LangChainModels(Streaming(chunks=["half", last])).complete("generate", HI)
    assert (reply.text, reply.fault) == ("half", "cut_off")


async def test_reasoning_blocks_are_not_text_and_usage_is_the_provider_s() -> None:
    usage = {"input_tokens": 11, "output_tokens": 5, "total_tokens": 16}
    blocks = [{"type": "thinking", "thinking": "secret"}, {"type": "text", "text": "Yes."}]
    models = LangChainModels(Streaming(chunks=[AIMessageChunk(content=blocks, usage_metadata=usage)]))
    reply = await models.complete("generate", HI)
    assert reply.text == "Yes."
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (11, 5)


async def test_a_call_that_takes_too_long_is_a_timeout() -> None:
    class Slow(Streaming):
        async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
            import asyncio

            yield ChatGenerationChunk(message=AIMessageChunk("half"))
            await asyncio.sleep(5)

    reply = await LangChainModels(Slow(chunks=[]), seconds=0.05).complete("generate", HI)
    assert (reply.text, reply.fault) == ("half", "timeout")


@pytest.mark.parametrize(
    "result",
    [
        {"raw": AIMessage(""), "parsed": Verdict(verdict="yes"), "parsing_error": None},
        {"raw": AIMessage(""), "parsed": {"verdict": "yes"}, "parsing_error": None},
        {"raw": AIMessage('Sure: {"verdict": "Yes"}'), "parsed": None, "parsing_error": ValueError("no call")},
        {
            "raw": AIMessage("", tool_calls=[{"name": "Verdict", "args": {"verdict": "YES"}, "id": "1"}]),
            "parsed": None,
            "parsing_error": ValueError("wrong case"),
        },
        Verdict(verdict="yes"),
    ],
)
async def test_a_model_s_own_structured_output_is_used(result: Any) -> None:
    structured = await LangChainModels(OwnSchema(chunks=[], result=result)).structured("grade", HI, Verdict)
    assert structured.value == Verdict(verdict="yes")


async def test_structured_output_that_calls_nothing_falls_back_to_json_in_the_prompt() -> None:
    nothing = {"raw": AIMessage(""), "parsed": None, "parsing_error": None}
    models = LangChainModels(OwnSchema(chunks=['{"verdict": "no"}'], result=nothing))
    assert (await models.structured("grade", HI, Verdict)).value == Verdict(verdict="no")


async def test_a_model_without_tools_is_asked_in_the_prompt() -> None:
    class NoTools(OwnSchema):
        def with_structured_output(self, schema: Any, *, include_raw: bool = False, **_: Any) -> Runnable[Any, Any]:
            def refuse(_messages: Any) -> Any:
                raise StatusError(400, "m does not support tools")

            return RunnableLambda(refuse)

    models = LangChainModels(NoTools(chunks=['{"verdict": "no"}'], result=None))
    assert (await models.structured("grade", HI, Verdict)).value == Verdict(verdict="no")
