"""One tier on one Ollama server: langchain-ollama's client, with every failure turned into a fault."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from ..domain import Fault, Message, Reply, Tier, Usage
from ..settings import hide_secrets
from .counting import estimate_messages, fewest_tokens
from .faults import NO_THINKING, fault_of_status, said
from .messages import to_langchain
from .thoughts import ThoughtFilter
from .tiers import TierConfig
from .transport import BadLine, Deadlines, FirstTokenTimeout, IncompleteStream, OllamaTransport

if TYPE_CHECKING:
    from langchain_ollama import ChatOllama

RETRY_AFTER = 0.25
ROOT = "base_url must name an Ollama server, such as http://127.0.0.1:11434 (without /v1)"
TransportFactory = Callable[[TierConfig], httpx.AsyncBaseTransport]


def one_connection(_config: TierConfig) -> httpx.AsyncBaseTransport:
    """The default transport: the tier's own server, without the proxies of the environment."""
    return httpx.AsyncHTTPTransport(verify=_trusted())


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificate authorities, read once: it takes longer than a short call."""
    return httpx.create_ssl_context()


class _NoSyncCalls(httpx.BaseTransport):
    """ChatOllama also makes a blocking client, which nothing here uses: this spares it its own certificates."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.UnsupportedProtocol("this client is for asynchronous calls", request=request)


@dataclass(frozen=True, slots=True)
class Ask:
    """One call: `format` is a JSON schema, "json", or None for free text."""

    messages: Sequence[Message]
    num_predict: int
    think: bool | None = None
    format: Mapping[str, Any] | str | None = None
    on_token: Callable[[str], None] | None = None


@dataclass(slots=True)
class _Heard:
    """What has come of a reply until now."""

    thoughts: ThoughtFilter = field(default_factory=ThoughtFilter)
    pieces: int = 0
    last: dict[str, Any] = field(default_factory=dict)


class OllamaTier:
    """Calls to one tier. The client is made at the first call, on the loop that is running then."""

    def __init__(self, tier: Tier, config: TierConfig, transport: TransportFactory = one_connection) -> None:
        self._tier = tier
        self._config = config
        self._transport = transport
        self._client: ChatOllama | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cannot_think = False

    @property
    def _where(self) -> str:
        return hide_secrets(self._config.base_url)

    async def ask(self, ask: Ask) -> Reply:
        """The reply, or what came of it with its fault. One more try where nothing had come and nobody answered."""
        heard = _Heard()
        started = time.perf_counter()
        fault: Fault | None
        try:
            async with asyncio.timeout(self._config.total_timeout):
                fault, detail = await self._try(ask, heard)
                if fault == "unreachable" and not heard.pieces:
                    await asyncio.sleep(RETRY_AFTER)
                    fault, detail = await self._try(ask, heard)
        except TimeoutError:
            fault, detail = "timeout", f"the call took longer than {self._config.total_timeout:g} s"
        if rest := heard.thoughts.finish():
            _hear(ask, rest)
        return self._reply(ask, heard, time.perf_counter() - started, fault, detail)

    async def aclose(self) -> None:
        """Close the connections; a later call opens new ones."""
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client._async_client._client.aclose()

    async def _try(self, ask: Ask, heard: _Heard) -> tuple[Fault | None, str]:
        from ollama import ResponseError

        try:
            await self._stream(ask, heard)
        except ResponseError as error:
            if NO_THINKING.search(error.error) and not self._cannot_think:
                self._cannot_think = True
                return await self._try(ask, heard)
            return fault_of_status(error.status_code, error.error), self._answered(error.status_code, error.error)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return self._lost(error, heard)
        except ValueError as error:  # langchain's "No generation chunks", a message of a wrong shape, a bad URL
            return ("incomplete" if heard.pieces else "empty"), f"the server sent no usable message: {said(error)}"
        return None, ""

    async def _stream(self, ask: Ask, heard: _Heard) -> None:
        async with contextlib.aclosing(self._open(ask)) as chunks:
            async for chunk in chunks:
                if piece := str(chunk.text):
                    heard.pieces += 1
                    if shown := heard.thoughts.feed(piece):
                        _hear(ask, shown)
                if chunk.response_metadata.get("done") is True:
                    heard.last = chunk.response_metadata
                    return

    def _open(self, ask: Ask) -> Any:
        options: dict[str, Any] = {
            "num_ctx": self._config.num_ctx,
            "num_predict": ask.num_predict,
            "temperature": self._config.temperature,
        }
        extra: dict[str, Any] = {"options": options, "format": ask.format}
        if not self._cannot_think:
            extra["reasoning"] = ask.think
        # A draft may be withdrawn and a decision is nobody's business: neither goes into LangGraph's message stream.
        return self._chat().astream(to_langchain(ask.messages), {"tags": ["nostream"]}, **extra)

    def _chat(self) -> ChatOllama:
        from langchain_ollama import ChatOllama

        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            config = self._config
            deadlines = Deadlines(config.first_token_timeout, config.inter_token_timeout)
            timeout = httpx.Timeout(None, connect=config.connect_timeout, write=config.first_token_timeout)
            self._client = ChatOllama(
                model=config.model,
                base_url=config.base_url,
                keep_alive=config.keep_alive,
                async_client_kwargs={
                    "transport": OllamaTransport(self._transport(config), deadlines),
                    "timeout": timeout,
                },
                sync_client_kwargs={"transport": _NoSyncCalls()},
            )
            self._loop = loop
        return self._client

    def _answered(self, status: int, text: str) -> str:
        model, came = self._config.model, said_text(text)
        if status == 404 and "model" in text:
            return f"{self._where} has no model {model}: run `ollama pull {model}` ({came})"
        if status == 404:
            return f"{self._where} is not the root of an Ollama server ({came}): {ROOT}"
        return f"{model} on {self._where}: {status if status > 0 else 'error'} {came}"

    def _lost(self, error: Exception, heard: _Heard) -> tuple[Fault, str]:
        detail = f"{self._config.model} on {self._where}: {hide_secrets(said(error))}"
        if isinstance(error, FirstTokenTimeout):
            return "timeout", f"{detail}; a model that is still being loaded needs a longer first_token_timeout"
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            return "timeout", detail
        if heard.pieces or isinstance(error, IncompleteStream):
            return "incomplete", detail
        if isinstance(error, BadLine | httpx.InvalidURL | httpx.UnsupportedProtocol):
            return "error", f"{detail}; {ROOT}"
        return "unreachable", detail

    def _reply(self, ask: Ask, heard: _Heard, seconds: float, fault: Fault | None, detail: str) -> Reply:
        text = heard.thoughts.text
        if fault is None:
            fault, detail = self._judged(ask, heard)
        estimated = estimate_messages(ask.messages) if heard.pieces else 0
        usage = Usage(
            model=self._config.model,
            prompt_tokens=int(heard.last.get("prompt_eval_count") or estimated),
            completion_tokens=int(heard.last.get("eval_count") or heard.pieces),
            seconds=seconds,
        )
        return Reply(text, self._tier, usage, fault, detail)

    def _judged(self, ask: Ask, heard: _Heard) -> tuple[Fault | None, str]:
        """What is wrong with a reply that the server called a success."""
        read = int(heard.last.get("prompt_eval_count") or 0)
        if not heard.last:
            return "incomplete", "the stream ended without its last message (done)"
        if read >= self._config.num_ctx or 0 < read < fewest_tokens(ask.messages):
            return "too_long", f"the prompt was cut by the server: it read {read} tokens"
        if heard.last.get("done_reason") == "length":
            return "cut_off", f"the reply reached its limit of {ask.num_predict} tokens or the end of the context"
        if not heard.thoughts.text.strip():
            thought = heard.thoughts.thought or int(heard.last.get("eval_count") or 0) > 1
            return "empty", "only thoughts" if thought else "the model said nothing"
        return None, ""


def said_text(text: str) -> str:
    return " ".join(text.split())[:300]


def _hear(ask: Ask, text: str) -> None:
    if ask.on_token is not None:
        ask.on_token(text)
