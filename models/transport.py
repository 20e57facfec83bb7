"""What Ollama's wire needs and its client does not do, as an httpx transport.

`OllamaTransport` wraps another transport (one connection today; a pool of nodes fits in the same place). It asks the
server to refuse a prompt that is too long rather than cut it in silence, and watches a stream: blank lines are dropped,
each line is an object, the first one and the next ones come in time, and the last one says `done`. A model may take
minutes to load, so a server that is silent is asked whether it is there at all: one that hangs costs only seconds.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
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
    """The stream ended without its last message."""


class BadLine(httpx.RemoteProtocolError):
    """A line of the stream that is not a JSON object."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until the first line, between two lines, and of silence until, and for, the question whether it lives."""

    first_token: float
    inter_token: float
    alive: float = 10.0


class OllamaTransport(httpx.AsyncBaseTransport):
    """Requests to Ollama made strict, and its streams watched."""

    def __init__(self, inner: httpx.AsyncBaseTransport, deadlines: Deadlines) -> None:
        self._inner = inner
        self._deadlines = deadlines

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await _json_body(request)
        if body is None:
            return await self._inner.handle_async_request(request)
        started = asyncio.get_running_loop().time()
        first_token = started + self._deadlines.first_token
        try:
            async with asyncio.timeout_at(first_token):
                response = await self._patiently(_strict(request, body))
        except TimeoutError:
            raise _first_token(self._deadlines) from None
        if response.status_code != 200 or body.get("stream") is False or _is_embed(request):
            return response
        stream = response.stream
        if not isinstance(stream, httpx.AsyncByteStream) or "content-encoding" in response.headers:
            return response
        headers = [(key, value) for key, value in response.headers.raw if key.lower() != b"content-length"]
        watched = WatchedLines(stream, self._deadlines, first_token)
        return httpx.Response(response.status_code, headers=headers, stream=watched, extensions=response.extensions)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _patiently(self, request: httpx.Request) -> httpx.Response:
        asked = asyncio.create_task(self._inner.handle_async_request(request))
        try:
            while not (await asyncio.wait({asked}, timeout=self._deadlines.alive))[0]:
                await self._expect_life(request)
            return await asked
        except BaseException:
            asked.cancel()
            await asyncio.wait({asked})
            raise

    async def _expect_life(self, request: httpx.Request) -> None:
        """Any answer will do, a refusal too: then the request itself will say what is wrong."""
        path = request.url.path.removesuffix(_route(request)) + "/api/version"
        probe = httpx.Request("GET", request.url.copy_with(path=path))
        try:
            async with asyncio.timeout(self._deadlines.alive):
                await (await self._inner.handle_async_request(probe)).aclose()
        except (TimeoutError, httpx.TimeoutException):
            silent = f"no answer within {2 * self._deadlines.alive:g} s, not even to /api/version"
            raise ServerHangs(f"{silent}: the server hangs, restart it") from None
        except httpx.TransportError:
            return


class WatchedLines(httpx.AsyncByteStream):
    """The lines of a stream, each with its deadline, until one says that it is the last."""

    def __init__(self, inner: httpx.AsyncByteStream, deadlines: Deadlines, first_token: float) -> None:
        self._inner = inner
        self._deadlines = deadlines
        self._deadline = first_token
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
                raise BadLine(f"a line of more than {MAX_LINE} bytes: this is not Ollama's format")
        if checked := self._checked(bytes(pending)):
            yield checked
        if not self._ended:
            raise IncompleteStream("the stream ended without its last message (done)")

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        """The next piece, or None at the end. After `done` nothing that goes wrong matters any more."""
        try:
            async with asyncio.timeout_at(self._deadline):
                return await anext(pieces, None)
        except TimeoutError:
            if self._ended:
                return None
            raise _inter_token(self._deadlines) if self._started else _first_token(self._deadlines) from None
        except httpx.TransportError:
            if self._ended:
                return None
            raise

    def _checked(self, line: bytes) -> bytes:
        line = line.strip()
        if not line:
            return b""
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise BadLine(f"a line that is not a JSON object: {line[:80]!r}")
        self._started = True
        self._deadline = asyncio.get_running_loop().time() + self._deadlines.inter_token
        self._ended = self._ended or message.get("done") is True or "error" in message
        return line + b"\n"


def _first_token(deadlines: Deadlines) -> FirstTokenTimeout:
    return FirstTokenTimeout(f"no first token within {deadlines.first_token:g} s")


def _inter_token(deadlines: Deadlines) -> InterTokenTimeout:
    return InterTokenTimeout(f"the stream stalled for {deadlines.inter_token:g} s")


def _route(request: httpx.Request) -> str:
    return next((route for route in STRICT if request.url.path.endswith(route)), "")


def _is_embed(request: httpx.Request) -> bool:
    return _route(request) == "/api/embed"


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
