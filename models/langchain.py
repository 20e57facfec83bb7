"""A host's own chat model as `Models`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..domain import MODEL, Fault, Message, Reply, Role, Structured, Tier, Usage
from .clients.messages import to_langchain
from .counting import estimate_messages, estimate_tokens
from .faults import TOO_LONG, fault_of_status, said
from .replies.structured import Form, structured_reply
from .replies.thoughts import ThoughtFilter

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage
    from pydantic import BaseModel

ROLES: frozenset[Role] = frozenset({"classify", "decompose", "grade", "rewrite", "generate", "reflect", "code"})
CONFIG: Any = {"tags": ["nostream"]}  # drafts and decisions stay out of the host's own message stream
_CUT = {"length", "max_tokens", "MAX_TOKENS", "max_output_tokens"}


class LangChainModels:
    """One chat model for every role, as one tier. What it costs and how long it may think is the host's affair.

    `context` and `reply` are the tokens of its window and of the longest reply; `seconds` is the most for one call.
    """

    def __init__(
        self,
        model: BaseChatModel,
        *,
        tier: Tier = "local_quality",
        context: int = 8192,
        reply: int = 1024,
        seconds: float = 300.0,
    ) -> None:
        self._model = model
        self._tier: Tier = tier
        self._context = context
        self._reply = reply
        self._seconds = seconds
        self._has_schema = True

    def tiers(self, role: Role) -> tuple[Tier, ...]:
        return (self._tier,) if role in ROLES else ()

    def prompt_limit(self, role: Role, tier: Tier | None = None) -> int:
        return max(1, self._context - self._reply)

    def count_tokens(self, text: str) -> int:
        return estimate_tokens(text)

    async def complete(
        self,
        role: Role,
        messages: Sequence[Message],
        *,
        tier: Tier | None = None,
        on_token: Callable[[str], None] | None = None,
    ) -> Reply:
        if not self._serves(role, tier):
            return _no_model(role, tier)
        heard = _Heard(on_token)

        async def stream() -> None:
            async for chunk in self._model.astream(to_langchain(messages), CONFIG):
                heard.hear(chunk)

        return await self._call(messages, heard, stream)

    async def structured(
        self, role: Role, messages: Sequence[Message], schema: type[MODEL], *, tier: Tier | None = None
    ) -> Structured[MODEL]:
        if not self._serves(role, tier):
            return Structured(None, _no_model(role, tier))

        async def ask(asked: Sequence[Message], form: Form) -> Reply:
            return await (self._ask_schema(asked, schema) if form == "schema" else self.complete(role, asked))

        forms: tuple[Form, ...] = ("schema", "json") if self._has_schema else ("json",)
        return await structured_reply(ask, messages, schema, forms)

    def _serves(self, role: Role, tier: Tier | None) -> bool:
        return role in ROLES and tier in (None, self._tier)

    async def _ask_schema(self, messages: Sequence[Message], schema: type[BaseModel]) -> Reply:
        """The reply by the model's own means; an empty one, once and for all, where it has none."""
        heard = _Heard(None)

        async def invoke() -> None:
            try:
                bound = self._model.with_structured_output(schema, include_raw=True)
            except (NotImplementedError, AttributeError, TypeError, ValueError):
                self._has_schema = False
                return
            heard.take(await bound.ainvoke(to_langchain(messages), CONFIG))

        return await self._call(messages, heard, invoke)

    async def _call(self, messages: Sequence[Message], heard: _Heard, call: Callable[[], Any]) -> Reply:
        started = time.perf_counter()
        fault: Fault | None
        try:
            async with asyncio.timeout(self._seconds):
                await call()
            fault, detail = heard.judged()
        # A host's model raises whatever its provider's library raises; here it becomes a value, as Models promises.
        except Exception as error:
            fault, detail = fault_of(error, bool(heard.text)), said(error)
        text = heard.finished()
        prompt, completion = heard.counted
        usage = Usage(
            model=str(getattr(self._model, "model_name", None) or getattr(self._model, "model", None) or ""),
            prompt_tokens=prompt or estimate_messages(messages),
            completion_tokens=completion or estimate_tokens(text),
            seconds=time.perf_counter() - started,
        )
        return Reply(text, self._tier, usage, fault, detail)


class _Heard:
    """What has come of a reply until now."""

    def __init__(self, on_token: Callable[[str], None] | None) -> None:
        self._on_token = on_token
        self._thoughts = ThoughtFilter()
        self._usage = (0, 0)
        self._cut = False

    @property
    def text(self) -> str:
        return self._thoughts.text

    @property
    def counted(self) -> tuple[int, int]:
        """Prompt and completion tokens as the provider says, 0 where it does not."""
        return self._usage

    def hear(self, message: BaseMessage) -> None:
        """One chunk of a stream, or a whole message. Reasoning blocks are not part of a message's text."""
        self._say(self._thoughts.feed(str(message.text)))
        self._note(message)

    def take(self, result: Any) -> None:
        """What a model with structured output gave: {"raw", "parsed", ...}, or the object itself."""
        wrapped = isinstance(result, dict) and "parsed" in result and "raw" in result
        raw, parsed = (result["raw"], result["parsed"]) if wrapped else (None, result)
        if raw is not None:
            self._note(raw)
        if parsed is not None:
            self._thoughts.feed(parsed.model_dump_json() if hasattr(parsed, "model_dump_json") else _json(parsed))
        elif raw is not None:
            calls = getattr(raw, "tool_calls", None)
            self._thoughts.feed(_json(calls[-1]["args"]) if calls else str(raw.text))

    def finished(self) -> str:
        self._say(self._thoughts.finish())
        return self._thoughts.text

    def judged(self) -> tuple[Fault | None, str]:
        """What is wrong with a reply that came without an exception."""
        text = self.finished()
        if self._cut:
            return "cut_off", "the reply reached the model's limit"
        if not text.strip():
            return "empty", "only thoughts" if self._thoughts.thought else "the model said nothing"
        return None, ""

    def _say(self, text: str) -> None:
        if text and self._on_token is not None:
            self._on_token(text)

    def _note(self, message: BaseMessage) -> None:
        usage = getattr(message, "usage_metadata", None) or {}
        prompt, completion = self._usage
        self._usage = (prompt + usage.get("input_tokens", 0), completion + usage.get("output_tokens", 0))
        said_end = message.response_metadata
        reasons = {said_end.get(key) for key in ("finish_reason", "stop_reason", "done_reason")}
        self._cut = self._cut or bool(reasons & _CUT)


def _no_model(role: Role, tier: Tier | None) -> Reply:
    return Reply("", None, fault="error", detail=f"the host's model serves no role {role} on tier {tier or 'any'}")


def fault_of(error: Exception, began: bool) -> Fault:
    """The fault of an exception whose type is the provider's: by its status, its name, its words."""
    status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    names = " ".join(kind.__name__ for kind in type(error).__mro__).lower()
    if TOO_LONG.search(str(error)):
        return "too_long"
    if isinstance(status, int) and status >= 400:
        return fault_of_status(status, str(error))
    if "ratelimit" in names:
        return "rate_limited"
    if "timeout" in names:
        return "timeout"
    if "connect" in names or "protocolerror" in names or "readerror" in names:
        return "incomplete" if began else "unreachable"
    return "error"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
