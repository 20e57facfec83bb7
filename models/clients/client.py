"""Calls to one tier on one server, whatever its API: every failure is turned into a fault."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from ...domain import Fault, Message, Reply, Tier, Usage
from ...settings import TierConfig
from ...settings.urls import hide_secrets
from ..counting import estimate_messages, estimate_tokens, fewest_tokens
from ..faults import said
from ..replies.thoughts import ThoughtFilter
from .messages import to_langchain
from .watched import BadLine, Deadlines, FirstTokenTimeout, IncompleteStream, WatchedTransport

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

RETRY_AFTER = 0.25
CUT = {"length", "max_tokens"}
BROKEN_OFF = {"abort", "error", "content_filter"}
TransportFactory = Callable[[TierConfig], httpx.AsyncBaseTransport]


def one_connection(_config: TierConfig) -> httpx.AsyncBaseTransport:
    """The default transport: the tier's own server, without the proxies of the environment."""
    return httpx.AsyncHTTPTransport(verify=_trusted())


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificate authorities, read once: it takes longer than a short call."""
    return httpx.create_ssl_context()


class NoSyncCalls(httpx.BaseTransport):
    """LangChain's models also make a blocking client, which nothing here uses: this spares it its certificates."""

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
class Heard:
    """What has come of a reply until now. `end` is the server's word for why it ended; counts are 0 until it says."""

    thoughts: ThoughtFilter = field(default_factory=ThoughtFilter)
    pieces: int = 0
    end: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0


class TierClient(ABC):
    """Calls to one tier. The LangChain model is made at the first call on each event loop.

    A subclass knows an API: what to import, how to make its model and open a stream, what the stream's messages say
    beside their text, and what its own exceptions mean.
    """

    root: ClassVar[str]  # what base_url must name
    missing: ClassVar[str]  # how to get what `_load` imports

    def __init__(self, tier: Tier, config: TierConfig, transport: TransportFactory = one_connection) -> None:
        self._tier: Tier = tier
        self._config = config
        self._transport = transport
        self._open: dict[asyncio.AbstractEventLoop, tuple[BaseChatModel, WatchedTransport]] = {}
        self._is_loaded = False

    async def ask(self, ask: Ask) -> Reply:
        """The reply, or what came of it with its fault. One more try where nothing had come and nobody answered."""
        heard = Heard()
        fault: Fault | None
        if not self._is_loaded:
            try:  # it may take seconds: the loop goes on meanwhile, and they are none of the call's
                await asyncio.to_thread(self._load)
                self._is_loaded = True
            except ImportError as error:
                return self._reply(ask, heard, 0.0, "error", f"{self.missing} ({said(error)})")
        started = time.perf_counter()
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
        """Close the connections of this loop; a later call opens new ones. Those of another loop can be closed on it
        only."""
        _, wire = self._open.pop(asyncio.get_running_loop(), (None, None))
        if wire is not None:
            await wire.aclose()

    @abstractmethod
    def _load(self) -> None:
        """Import the LangChain package; in a thread."""

    @abstractmethod
    def _watch(self, inner: httpx.AsyncBaseTransport, deadlines: Deadlines) -> WatchedTransport: ...

    @abstractmethod
    def _made(self, wire: WatchedTransport, timeout: httpx.Timeout) -> BaseChatModel: ...

    @abstractmethod
    def _options(self, ask: Ask) -> dict[str, Any]:
        """What is asked of the model beside the messages."""

    @abstractmethod
    def _note(self, chunk: BaseMessage, heard: Heard) -> bool:
        """Take down what a message says beside its text; whether it was the last."""

    @property
    def _where(self) -> str:
        return hide_secrets(self._config.url)

    async def _try(self, ask: Ask, heard: Heard) -> tuple[Fault | None, str]:
        """The fault, if any. A subclass adds the exceptions of its own client."""
        try:
            await self._stream(ask, heard)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return self._lost(error, heard)
        except ValueError as error:  # langchain's "No generation chunks", a message of a wrong shape, a bad URL
            return ("incomplete" if heard.pieces else "empty"), f"the server sent no usable message: {said(error)}"
        return None, ""

    async def _stream(self, ask: Ask, heard: Heard) -> None:
        # A draft may be withdrawn and a decision is nobody's business: neither goes into LangGraph's message stream.
        config: Any = {"tags": ["nostream"]}
        stream: Any = self._connected().astream(to_langchain(ask.messages), config, **self._options(ask))
        async with contextlib.aclosing(stream) as chunks:
            async for chunk in chunks:
                if piece := str(chunk.text):
                    heard.pieces += 1
                    if shown := heard.thoughts.feed(piece):
                        _hear(ask, shown)
                if self._note(chunk, heard):
                    return

    def _connected(self) -> BaseChatModel:
        """The model of the running loop: a connection belongs to the loop on which it was opened."""
        loop = asyncio.get_running_loop()
        if loop not in self._open:
            for gone in [other for other in self._open if other.is_closed()]:
                del self._open[gone]
            config = self._config
            deadlines = Deadlines(config.first_token_timeout, config.inter_token_timeout)
            timeout = httpx.Timeout(None, connect=config.connect_timeout, write=config.first_token_timeout)
            wire = self._watch(self._transport(config), deadlines)
            self._open[loop] = (self._made(wire, timeout), wire)
        return self._open[loop][0]

    def _lost(self, error: Exception, heard: Heard) -> tuple[Fault, str]:
        detail = f"{self._config.model} on {self._where}: {hide_secrets(said(error))}"
        if isinstance(error, FirstTokenTimeout):
            return "timeout", f"{detail}; a model that is still being loaded needs a longer first_token_timeout"
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            return "timeout", detail
        if heard.pieces or isinstance(error, IncompleteStream):
            return "incomplete", detail
        if isinstance(error, BadLine | httpx.InvalidURL | httpx.UnsupportedProtocol):
            return "error", f"{detail}; {self.root}"
        return "unreachable", detail

    def _reply(self, ask: Ask, heard: Heard, seconds: float, fault: Fault | None, detail: str) -> Reply:
        text = heard.thoughts.text
        if fault is None:
            fault, detail = self._judged(ask, heard)
        estimated = estimate_messages(ask.messages) if heard.pieces else 0
        usage = Usage(
            model=self._config.model,
            prompt_tokens=heard.prompt_tokens or estimated,
            completion_tokens=heard.completion_tokens or max(heard.pieces, estimate_tokens(text)),
            seconds=seconds,
        )
        return Reply(text, self._tier, usage, fault, hide_secrets(detail, self._config.api_key))

    def _judged(self, ask: Ask, heard: Heard) -> tuple[Fault | None, str]:
        """What is wrong with a reply that the server called a success."""
        read, most = heard.prompt_tokens, self._config.num_ctx
        if not heard.end:
            return "incomplete", "the stream ended without its last message (done)"
        if 0 < read < fewest_tokens(ask.messages):
            return "too_long", f"the prompt was cut by the server: it read {read} tokens"
        if read >= most:
            return "too_long", f"the prompt filled the context: the server read {read} tokens, num_ctx is {most}"
        if heard.end in CUT:
            return "cut_off", f"the reply reached its limit of {ask.num_predict} tokens or the end of the context"
        if heard.end in BROKEN_OFF:
            return "incomplete", f"the server broke the reply off ({heard.end})"
        if not heard.thoughts.text.strip():
            thought = heard.thoughts.thought or heard.completion_tokens > 1
            return "empty", "only thoughts" if thought else "the model said nothing"
        return None, ""


def _hear(ask: Ask, text: str) -> None:
    if ask.on_token is not None:
        ask.on_token(text)
