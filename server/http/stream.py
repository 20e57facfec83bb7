"""Server-sent events whose run ends when its client leaves.

Any plain streaming response lets LangGraph run to its end after the client has gone. Here the run is a task of its
own that feeds a bounded queue; whatever ends the response (the last event, a client that leaves, a server that stops)
cancels that task and waits for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

import anyio
from starlette.responses import Response

from ..events import SHUTTING_DOWN, Event, Run, run_events

if TYPE_CHECKING:
    from langgraph.runtime import RunControl
    from starlette.types import Receive, Scope, Send

QUEUE = 64
KEEP_ALIVE_SECONDS = 15.0
KEEP_ALIVE = b": keep-alive\n\n"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no", "x-content-type-options": "nosniff"}


def frame(event: Event, number: int) -> bytes:
    """One event on the wire. JSON escapes every line break, so a text can never end a frame early."""
    return f"id: {number}\nevent: {event.name}\ndata: {json.dumps(event.data, default=str)}\n\n".encode()


class Runs:
    """The runs in progress: at most `limit`. Each client gets an event when the server stops."""

    def __init__(self, limit: int, *, grace: float = 5.0) -> None:
        self.limit = limit
        self.draining = False
        self._grace = grace
        self._active: set[EventStream] = set()

    @property
    def active(self) -> int:
        return len(self._active)

    @property
    def has_room(self) -> bool:
        return not self.draining and self.active < self.limit

    def add(self, stream: EventStream) -> None:
        self._active.add(stream)

    def remove(self, stream: EventStream) -> None:
        self._active.discard(stream)

    def drain(self) -> None:
        """Every run stops at its next step, or after the grace in the middle of one; its client is told."""
        self.draining = True
        for stream in list(self._active):
            stream.drain(self._grace)


class EventStream(Response):
    """The response of one run. It is registered with `runs` from its making to the end of its sending."""

    media_type = "text/event-stream"

    def __init__(
        self, run: Run, runs: Runs, *, seconds: float | None = None, keep_alive: float = KEEP_ALIVE_SECONDS
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._run, self._runs, self._seconds, self._keep_alive = run, runs, seconds, keep_alive
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(QUEUE)
        self._control: RunControl | None = None
        self._stopping = asyncio.Event()
        runs.add(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_cancel_when_gone, receive, group.cancel_scope.cancel)
                with anyio.move_on_after(self._seconds):
                    await self._send(send)
                group.cancel_scope.cancel()
        finally:
            self._runs.remove(self)
            with anyio.CancelScope(shield=True):
                await self._run.close()

    def drain(self, grace: float) -> None:
        if self._control is not None:
            self._control.request_drain()
        asyncio.get_running_loop().call_later(grace, self._stopping.set)

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with aclosing(self._frames()) as frames:
            async for body in frames:
                await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _frames(self) -> AsyncGenerator[bytes, None]:
        producer = asyncio.create_task(self._produce())
        stopper = asyncio.create_task(self._stop(producer))
        number = 0
        try:
            while True:
                try:
                    async with asyncio.timeout(self._keep_alive):
                        waiting = [await self._queue.get()]
                except TimeoutError:
                    yield KEEP_ALIVE
                    continue
                while not self._queue.empty():  # one write for all that came meanwhile
                    waiting.append(self._queue.get_nowait())
                events = [event for event in waiting if event is not None]
                if events:
                    yield b"".join(frame(event, number + at) for at, event in enumerate(events, start=1))
                number += len(events)
                if len(events) < len(waiting):
                    return
        finally:
            with anyio.CancelScope(shield=True):
                stopper.cancel()
                producer.cancel()
                await asyncio.gather(producer, stopper, return_exceptions=True)

    async def _produce(self) -> None:
        from langgraph.runtime import RunControl

        self._control = RunControl()
        if self._runs.draining:
            self._control.request_drain()
        async with aclosing(run_events(self._run, self._control)) as events:
            async for event in events:
                await self._queue.put(event)
        await self._queue.put(None)

    async def _stop(self, producer: asyncio.Task[None]) -> None:
        await self._stopping.wait()
        producer.cancel()
        await asyncio.gather(producer, return_exceptions=True)
        if producer.cancelled():
            await self._queue.put(SHUTTING_DOWN)
            await self._queue.put(None)


async def _cancel_when_gone(receive: Receive, cancel: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    cancel()
