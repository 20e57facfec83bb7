"""The listening process: uvicorn, which stops its runs before it waits for their connections."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from ...errors import UsageError
from .stream import Runs

GRACE_SECONDS = 10


class Server(uvicorn.Server):
    """Stops (SIGTERM, Ctrl-C) in order: no new connections, runs end at their next step, then the process."""

    def __init__(self, app: FastAPI, runs: Runs, *, started: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                lifespan="off",
            )
        )
        self._runs, self._started = runs, started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._runs.drain()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 lets the system choose one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(100)
    except OSError as error:
        raise UsageError(f"expected an address that is free to listen on, got {host}:{port}: {error}") from error
    return listener
