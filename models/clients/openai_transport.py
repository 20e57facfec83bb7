"""What a request to a server that speaks OpenAI's protocol carries, and what of its stream reaches the client.

The openai package reads headers, keys and organisations from the environment, which are no business of a person's own
server: only the headers below leave, and the authorization is that of the tier. Of the stream's events only the parts
that are used go on, in the types that they should have, whatever else a server adds to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from .watched import BadLine, Deadlines, Line, Probe, WatchedTransport, object_of

PROBE = Probe("/chat/completions", "/models")
CARRIED = {b"host", b"content-type", b"content-length", b"connection"}
REASONING = ("reasoning_content", "reasoning")  # llama-server and LM Studio; vLLM and Ollama
IGNORED = {b"event", b"id", b"retry"}


class OpenAITransport(WatchedTransport):
    """Requests with the tier's own authorization (None: that of its URL), and their streams watched."""

    def __init__(self, inner: httpx.AsyncBaseTransport, deadlines: Deadlines, authorization: str | None) -> None:
        super().__init__(inner, deadlines)
        self._authorization = authorization

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        carried = httpx.Request(
            request.method,
            request.url,
            headers=self._headers(request),
            content=content,
            extensions=request.extensions,
        )
        response = await self._watched(carried, PROBE, event_line)
        if response.status_code == 200 and "content-encoding" in response.headers:
            await response.aclose()
            raise BadLine("a compressed stream, whose end nobody can watch; it was asked for as it is")
        return response

    def _headers(self, request: httpx.Request) -> list[tuple[bytes, bytes]]:
        headers = [(key, value) for key, value in request.headers.raw if key.lower() in CARRIED]
        headers.append((b"accept", b"text/event-stream, application/json"))
        headers.append((b"accept-encoding", b"identity"))  # lines can be watched only uncompressed
        if authorization := self._authorization or request.headers.get("authorization"):
            headers.append((b"authorization", authorization.encode()))
        return headers


def event_line(line: bytes) -> Line:
    """A line of server-sent events. Comments and empty lines only keep a connection alive: they are no token."""
    name, colon, value = line.partition(b":")
    if not name or name in IGNORED:
        return Line()
    if not colon or name not in (b"data", b"error"):
        raise BadLine(f"a line that is not of a stream of events: {line[:200]!r}")
    value = value.strip()
    if value == b"[DONE]":
        return Line(b"data: [DONE]\n\n", ends=True, last=True)
    message = object_of(value)
    error = message if name == b"error" else message.get("error")  # older ones of llama-server name the line so
    if error:
        return Line(_event({"error": error}), ends=True, last=True)
    return _chunk_line(message)


def _chunk_line(message: Mapping[str, Any]) -> Line:
    choice = _choice(message)
    delta = _object(choice.get("delta"))
    content, reason = delta.get("content") or "", choice.get("finish_reason")
    if not isinstance(content, str):
        raise BadLine(f"content that is not text: {str(content)[:80]!r}")
    chunk = {
        "id": "", "object": "chat.completion.chunk", "created": 0, "model": "",
        "choices": [{
            "index": 0, "delta": {"role": "assistant", "content": content},
            "finish_reason": str(reason) if reason else None,
        }],
    }  # fmt: skip
    if usage := _object(message.get("usage")):
        chunk["usage"] = {key: _count(usage.get(key)) for key in ("prompt_tokens", "completion_tokens", "total_tokens")}
    token = bool(content) or any(delta.get(name) for name in REASONING)
    return Line(_event(chunk), token=token, ends=bool(reason))


def _choice(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first choice; none in the message that only says what the reply cost."""
    choices = message.get("choices")
    if choices is None and "usage" not in message:
        raise BadLine(f"a message without choices: {json.dumps(message)[:200]}")
    if not isinstance(choices, list | None):
        raise BadLine(f"choices that are no list: {str(choices)[:80]!r}")
    return _object(choices[0]) if choices else {}


def _object(value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadLine(f"something else where an object belongs: {str(value)[:80]!r}")
    return value


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _event(message: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(message).encode() + b"\n\n"
