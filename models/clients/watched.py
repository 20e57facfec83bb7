"""Streams of tokens, watched below the client that reads them, as httpx transports.

A `WatchedTransport` wraps another transport (one connection today; a pool of nodes fits in the same place). Of a stream
it sees to it that each line is what it should be, that the first token and the next ones come in time, and that the
last line comes at all. A model may take minutes to load, so a server that is silent is asked whether it is there: one
that hangs costs only seconds. `OllamaTransport` also asks Ollama to refuse a prompt that is too long rather than cut it
in silence.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx

# The fields that each route gets, where the caller did not set them. `shift` would drop the beginning of the context
# in silence when the output reaches its end.
STRICT: dict[str, dict[str, bool]] = {
    "/api/chat": {"truncate": False, "shift": False},
    "/api/generate": {"truncate": False, "shift": False},
    "/api/embed": {"truncate": False},
}
MAX_LINE = 16 * 1024 * 1024


class FirstTokenTimeout(httpx.ReadTimeout):
    """The server took the request and said nothing in time."""


class ServerHangs(httpx.ReadTimeout):
    """The server took the request, and does not answer anything else either."""


class InterTokenTimeout(httpx.ReadTimeout):
    """The stream stalled."""


class IncompleteStream(httpx.RemoteProtocolError):
    """The stream ended without its last message, after it had begun or in good order."""


class BadLine(httpx.RemoteProtocolError):
    """A line that is no message of the stream."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until the first token, between two of them, and of silence until, and for, the question whether it lives.

    `rest` is for what a server may still send after its last message.
    """

    first_token: float
    inter_token: float
    alive: float = 10.0
    rest: float = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a stream: what is passed on of it, whether it carries a token, and how much of the end it is.

    After an `ends` there may come something worth waiting for, such as what the reply cost; after a `last` nothing.
    """

    passed: bytes = b""
    token: bool = False
    ends: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """What a living server answers at once, `asks`, in the place of the `route` that is silent."""

    route: str
    asks: str


ReadLine = Callable[[bytes], Line]


class WatchedTransport(httpx.AsyncBaseTransport):
    """What a subclass sends through `_watched` is answered in time, or not at all."""

    def __init__(self, inner: httpx.AsyncBaseTransport, deadlines: Deadlines) -> None:
        self._inner = inner
        self._deadlines = deadlines

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _watched(self, request: httpx.Request, probe: Probe, read: ReadLine | None) -> httpx.Response:
        """The answer to `request`; the lines of its stream go through `read`."""
        first_token = asyncio.get_running_loop().time() + self._deadlines.first_token
        try:
            async with asyncio.timeout_at(first_token):
                response = await self._patiently(request, probe)
        except TimeoutError:
            raise _first_token(self._deadlines) from None
        stream = response.stream
        if response.status_code != 200 or read is None or "content-encoding" in response.headers:
            return response
        if not isinstance(stream, httpx.AsyncByteStream):
            return response
        headers = [(key, value) for key, value in response.headers.raw if key.lower() != b"content-length"]
        lines = WatchedLines(stream, self._deadlines, first_token, read)
        return httpx.Response(response.status_code, headers=headers, stream=lines, extensions=response.extensions)

    async def _patiently(self, request: httpx.Request, probe: Probe) -> httpx.Response:
        asked = asyncio.create_task(self._inner.handle_async_request(request))
        try:
            while not (await asyncio.wait({asked}, timeout=self._deadlines.alive))[0]:
                await self._expect_life(request.url, probe)
            return await asked
        except BaseException:
            asked.cancel()
            await asyncio.wait({asked})
            raise

    async def _expect_life(self, url: httpx.URL, probe: Probe) -> None:
        """Any answer will do, a refusal too: then the request itself will say what is wrong."""
        url = url.copy_with(path=url.path.removesuffix(probe.route) + probe.asks)
        try:
            async with asyncio.timeout(self._deadlines.alive):
                await (await self._inner.handle_async_request(httpx.Request("GET", url))).aclose()
        except (TimeoutError, httpx.TimeoutException):
            silent = f"no answer within {2 * self._deadlines.alive:g} s, not even to {probe.asks}"
            raise ServerHangs(f"{silent}: the server hangs, restart it") from None
        except httpx.TransportError:
            return


class OllamaTransport(WatchedTransport):
    """Requests to Ollama made strict, and its streams watched."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await _json_body(request)
        if body is None:
            return await self._inner.handle_async_request(request)
        route = _route(request)
        read = None if body.get("stream") is False or route == "/api/embed" else _ollama_line
        return await self._watched(_strict(request, body), Probe(route, "/api/version"), read)


class WatchedLines(httpx.AsyncByteStream):
    """The lines of a stream, each token with its deadline, until one says that it is the last."""

    def __init__(self, inner: httpx.AsyncByteStream, deadlines: Deadlines, first_token: float, read: ReadLine) -> None:
        self._inner = inner
        self._deadlines = deadlines
        self._deadline = first_token
        self._read = read
        self._started = False
        self._ended = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = self._inner.__aiter__()
        pending = bytearray()
        while (piece := await self._next(pieces)) is not None:
            pending += piece
            if b"\n" in piece:
                *lines, rest = bytes(pending).split(b"\n")
                pending = bytearray(rest)
                for line in lines:
                    if checked := self._checked(line):
                        yield checked
            if len(pending) > MAX_LINE:
                raise BadLine(f"a line of more than {MAX_LINE} bytes: no server of models writes such a one")
        if checked := self._checked(bytes(pending)):
            yield checked
        if not self._ended:
            raise IncompleteStream("the stream ended without its last message (done)")

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        """The next piece, or None at the end. After the end of the reply nothing that goes wrong matters any more."""
        try:
            async with asyncio.timeout_at(self._deadline):
                return await anext(pieces, None)
        except TimeoutError:
            if self._ended:
                return None
            raise _inter_token(self._deadlines) if self._started else _first_token(self._deadlines) from None
        except httpx.TransportError as error:
            if self._ended:
                return None
            if self._started:  # perhaps only thoughts, which no client shows: it answered even so
                raise IncompleteStream(f"the connection was lost: {error or type(error).__name__}") from error
            raise

    def _checked(self, line: bytes) -> bytes:
        found = self._read(line.strip())
        now = asyncio.get_running_loop().time()
        if found.token or found.ends:
            self._started = True
            self._deadline = now + self._deadlines.inter_token
        self._ended = self._ended or found.ends
        if found.last:
            self._deadline = now + self._deadlines.rest
        return found.passed


def object_of(text: bytes) -> dict[str, Any]:
    """The JSON object that a line is."""
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise BadLine(f"a line that is not a JSON object: {text[:80]!r}")
    return message


def _ollama_line(line: bytes) -> Line:
    if not line:
        return Line()
    message = object_of(line)
    ends = message.get("done") is True or "error" in message
    return Line(line + b"\n", token=True, ends=ends)


def _first_token(deadlines: Deadlines) -> FirstTokenTimeout:
    return FirstTokenTimeout(f"no first token within {deadlines.first_token:g} s")


def _inter_token(deadlines: Deadlines) -> InterTokenTimeout:
    return InterTokenTimeout(f"the stream stalled for {deadlines.inter_token:g} s")


def _route(request: httpx.Request) -> str:
    return next((route for route in STRICT if request.url.path.endswith(route)), "")


async def _json_body(request: httpx.Request) -> dict[str, Any] | None:
    """The body of a request that this transport has to look at, else None."""
    if request.method != "POST" or not _route(request):
        return None
    try:
        body = json.loads(await request.aread())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _strict(request: httpx.Request, body: dict[str, Any]) -> httpx.Request:
    content = json.dumps({**STRICT[_route(request)], **body}, ensure_ascii=False).encode("utf-8", "replace")
    skipped = {b"content-length", b"accept-encoding", b"transfer-encoding"}  # lines can be watched only uncompressed
    headers = [(key, value) for key, value in request.headers.raw if key.lower() not in skipped]
    headers.append((b"accept-encoding", b"identity"))
    return httpx.Request(request.method, request.url, headers=headers, content=content, extensions=request.extensions)
