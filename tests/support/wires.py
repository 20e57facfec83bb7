"""The wire formats of the servers of models, each spoken by a server on the loopback that answers as it is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from hydragraph.models.gateway import ModelGateway
from hydragraph.settings import Api, TierConfig
from loopback import Connection, Server, serving


class ModelConnection(Connection):
    """What every wire format can say."""

    async def say(self, *pieces: str) -> None:
        raise NotImplementedError

    async def think(self, text: str) -> None:
        """Thoughts in a field of their own."""
        raise NotImplementedError

    async def done(self, reason: str = "stop", prompt: int = 100, count: int = 2) -> None:
        raise NotImplementedError

    async def refuse(self, status: int, text: str) -> None:
        raise NotImplementedError


class OllamaConnection(ModelConnection):
    """Speaks Ollama's wire format."""

    async def head(self, status: int = 200, kind: str = "application/x-ndjson") -> None:
        await super().head(status, kind)

    async def line(self, **fields: Any) -> None:
        await self.raw(json.dumps({"model": "m", "created_at": "2026-11-21T00:00:00Z", **fields}).encode() + b"\n")

    async def say(self, *pieces: str) -> None:
        for piece in pieces:
            await self.line(message={"role": "assistant", "content": piece}, done=False)

    async def think(self, text: str) -> None:
        await self.line(message={"role": "assistant", "content": "", "thinking": text}, done=False)

    async def done(self, reason: str = "stop", prompt: int = 100, count: int = 2) -> None:
        empty = {"role": "assistant", "content": ""}
        await self.line(message=empty, done=True, done_reason=reason, prompt_eval_count=prompt, eval_count=count)
        await self.end()

    async def refuse(self, status: int, text: str) -> None:
        await self.answer(status, {"error": text})


class OpenAIConnection(ModelConnection):
    """Speaks the server-sent events of OpenAI's protocol."""

    async def head(self, status: int = 200, kind: str = "text/event-stream") -> None:
        await super().head(status, kind)

    async def event(self, message: Any) -> None:
        await self.raw(b"data: " + json.dumps(message).encode() + b"\n\n")

    async def delta(self, reason: str | None = None, usage: dict[str, int] | None = None, **delta: Any) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        await self.event({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
                         | ({"usage": usage} if usage else {}))  # fmt: skip

    async def say(self, *pieces: str) -> None:
        await self.delta(role="assistant", content="")
        for piece in pieces:
            await self.delta(content=piece)

    async def think(self, text: str) -> None:
        await self.delta(role="assistant", reasoning_content=text)

    async def done(self, reason: str = "stop", prompt: int = 100, count: int = 2) -> None:
        await self.delta(reason)
        usage = {"prompt_tokens": prompt, "completion_tokens": count, "total_tokens": prompt + count}
        await self.event({"id": "c", "choices": [], "usage": usage})
        await self.raw(b"data: [DONE]\n\n")
        await self.end()

    async def refuse(self, status: int, text: str) -> None:
        await self.answer(status, {"error": {"message": text, "type": "x"}})


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire format: who speaks it, where below the server's address, and what a request says of its reply's form."""

    api: Api
    connection: type[Any]
    root: str
    route: str
    form: str
    json_form: object

    @asynccontextmanager
    async def serving(
        self, behave: Callable[[Any], Awaitable[None]], **config: Any
    ) -> AsyncIterator[tuple[ModelGateway, Server[Any]]]:
        """A gateway to a server that behaves so."""
        async with serving(self.connection, behave) as like:
            gateway = ModelGateway({"local_fast": self.tier(like.url, **config)})
            try:
                yield gateway, like
            finally:
                await gateway.aclose()

    def tier(self, url: str, **config: Any) -> TierConfig:
        return TierConfig(**{"model": "m", "base_url": f"{url}{self.root}", "api": self.api, **config})


OLLAMA = Wire("ollama", OllamaConnection, "", "POST /api/chat", "format", "json")
OPENAI = Wire(
    "openai", OpenAIConnection, "/v1", "POST /v1/chat/completions", "response_format", {"type": "json_object"}
)
