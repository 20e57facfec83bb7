"""An HTTP server on the loopback that answers each request as it is told, well or badly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar


class Connection:
    """One request, and the means to answer it. A subclass speaks the language of an API."""

    def __init__(self, route: str, headers: Mapping[str, str], body: Any, writer: asyncio.StreamWriter) -> None:
        self.route = route
        self.headers = headers
        self.body = body
        self._writer = writer

    async def head(self, status: int = 200, kind: str = "application/json") -> None:
        await self._write(f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())

    async def raw(self, data: bytes) -> None:
        await self._write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def end(self) -> None:
        await self._write(b"0\r\n\r\n")

    async def answer(self, status: int, body: Any) -> None:
        await self.head(status)
        await self.raw(body if isinstance(body, bytes) else json.dumps(body).encode())
        await self.end()

    async def drop(self) -> None:
        self._writer.transport.abort()

    async def gone(self) -> None:
        """Keep the connection alive with blank lines until the client has left."""
        while not self._writer.is_closing():
            try:
                await self._write(b"2\r\n \n\r\n")
            except ConnectionError:
                return
            await asyncio.sleep(0.01)

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()


C = TypeVar("C", bound=Connection)


class Server(Generic[C]):
    """What was asked of it, in order."""

    def __init__(self, kind: type[C], behave: Callable[[C], Awaitable[None]]) -> None:
        self._kind = kind
        self._behave = behave
        self._writers: list[asyncio.StreamWriter] = []
        self.routes: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.bodies: list[Any] = []
        self.asked = asyncio.Event()
        self.left = asyncio.Event()
        self.url = ""

    @property
    def connections(self) -> int:
        return len(self._writers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                content = await reader.readexactly(int(headers.get("content-length", 0)))
                body = json.loads(content) if content else None
                self.routes.append(first.rsplit(" ", 1)[0])
                self.headers.append(headers)
                self.bodies.append(body)
                self.asked.set()
                await self._behave(self._kind(first.split()[1], headers, body, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        finally:
            writer.close()

    async def stop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def serving(kind: type[C], behave: Callable[[C], Awaitable[None]]) -> AsyncIterator[Server[C]]:
    like = Server(kind, behave)
    server = await asyncio.start_server(like.serve, "127.0.0.1", 0)
    like.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield like
    finally:
        server.close()
        await like.stop()
