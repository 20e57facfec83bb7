"""A silent server is asked whether it lives: one that loads a model is waited for, one that hangs is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from hydragraph.models.clients.watched import Deadlines, FirstTokenTimeout, OllamaTransport, ServerHangs

SHORT = Deadlines(first_token=30, inter_token=30, alive=0.02)


class Node(httpx.AsyncBaseTransport):
    """A server whose chat is silent until it is allowed to speak, and whose other routes do as they are told."""

    def __init__(self, version: Callable[[], Awaitable[httpx.Response]]) -> None:
        self.asked: list[str] = []
        self.speak, self.reached = asyncio.Event(), asyncio.Event()
        self.was_left = False
        self._version = version

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url}")
        self.reached.set()
        if request.method == "GET":
            return await self._version()
        try:
            await self.speak.wait()
        except asyncio.CancelledError:
            self.was_left = True
            raise
        return httpx.Response(200, content=b'{"done": true}\n')


async def hangs() -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def ask(node: Node, deadlines: Deadlines = SHORT) -> asyncio.Task[httpx.Response]:
    request = httpx.Request("POST", "http://me:pw@box:1/below/api/chat", json={"model": "m"})
    return asyncio.create_task(OllamaTransport(node, deadlines).handle_async_request(request))


async def test_a_server_that_answers_nothing_else_hangs() -> None:
    node = Node(hangs)
    with pytest.raises(ServerHangs, match="not even to /api/version: the server hangs, restart it"):
        await ask(node)
    assert node.asked == ["POST http://me:pw@box:1/below/api/chat", "GET http://me:pw@box:1/below/api/version"]
    assert node.was_left


@pytest.mark.parametrize("fault", [None, httpx.ConnectError("refused"), httpx.RemoteProtocolError("closed")])
async def test_a_server_that_answers_anything_is_waited_for(fault: Exception | None) -> None:
    async def answers() -> httpx.Response:
        if len(node.asked) == 4:
            node.speak.set()
        if fault is not None:
            raise fault
        return httpx.Response(404)

    node = Node(answers)
    response = await ask(node)
    assert response.status_code == 200
    assert len(node.asked) == 4


async def test_a_server_that_answers_at_once_is_asked_nothing_else() -> None:
    node = Node(hangs)
    node.speak.set()
    await ask(node)
    assert len(node.asked) == 1


async def test_a_living_server_that_stays_silent_is_waited_for_until_the_first_tokens_deadline() -> None:
    async def answers() -> httpx.Response:
        return httpx.Response(200)

    node = Node(answers)
    with pytest.raises(FirstTokenTimeout):
        await ask(node, Deadlines(first_token=0.1, inter_token=30, alive=0.02))
    assert node.was_left


async def test_who_leaves_leaves_nothing_behind() -> None:
    node = Node(hangs)
    task = ask(node, Deadlines(first_token=30, inter_token=30, alive=30))
    await node.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert node.was_left
