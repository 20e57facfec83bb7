"""What is refused before the application sees a request: a foreign Host header, and a body that is too large."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104  (addresses to listen on, which no Host header names)


def allowed_hosts(host: str, further: Sequence[str] = ()) -> tuple[str, ...]:
    """The names that a Host header may carry when the server listens on `host`."""
    own = () if host in WILDCARDS else (host,)
    return tuple(name.lower() for name in (*LOCAL_HOSTS, *own, *further))


class HostCheck:
    """Against DNS rebinding: a page whose name resolves to 127.0.0.1 still sends its own name in the Host header."""

    def __init__(self, app: ASGIApp, allowed: Sequence[str]) -> None:
        self._app, self._allowed = app, frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            if len(named) != 1 or _without_port(named[0]).lower() not in self._allowed:
                await _refuse(send, 421, "the Host header names none of this server's hosts (server.allowed_hosts)")
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """A body is refused as soon as more than `limit` bytes of it have come."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, message = bytearray(), await receive()
        while message["type"] == "http.request":
            body += message.get("body", b"")
            if len(body) > self._limit:
                await _refuse(send, 413, f"the body is larger than {self._limit} bytes")
                return
            if not message.get("more_body"):
                break
            message = await receive()
        first: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Message:
            return first.pop() if first else await receive()

        await self._app(scope, replay, send)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


async def _refuse(send: Send, status: int, message: str) -> None:
    body = json.dumps({"error": {"type": "refused", "message": message}}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
