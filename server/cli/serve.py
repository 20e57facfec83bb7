"""`hydragraph serve`."""

from __future__ import annotations

import asyncio
import socket
from argparse import ArgumentParser, Namespace

from ...domain import Budget
from ...settings import Settings
from ..events import Run
from ..http.app import RunRequest, create_app
from ..http.request_guards import LOCAL_HOSTS, allowed_hosts
from ..http.stream import Runs
from ..http.uvicorn_server import Server, listen
from ..run_factory import Machine
from .arguments import settings_for
from .terminal import err

EXAMPLE = """\
  hydragraph serve
  curl -N http://127.0.0.1:8765/runs/stream -H 'content-type: application/json' -d '{"question": "..."}'"""
SETTINGS = {"host": "server.host", "port": "server.port"}


def add_arguments(parser: ArgumentParser) -> None:
    parser.set_defaults(quiet="WARNING")  # nobody else reports a model that fails
    parser.add_argument("--host", metavar="ADDRESS", help="address to listen on (default: server.host)")
    parser.add_argument("--port", type=int, metavar="N", help="0 lets the system choose (default: server.port)")


def run(arguments: Namespace) -> int:
    settings = settings_for(arguments)
    listener = listen(settings.server.host, settings.server.port)
    asyncio.run(_serve(settings, listener))
    return 0


async def _serve(settings: Settings, listener: socket.socket) -> None:
    machine = Machine(settings)
    runs = Runs(settings.server.max_runs)
    app = create_app(
        lambda request, budget: opened(machine, request, budget),
        budget=settings.budget,
        runs=runs,
        hosts=allowed_hosts(settings.server.host, settings.server.allowed_hosts),
    )
    try:
        await Server(app, runs, started=lambda: _say_where(settings, listener)).serve(sockets=[listener])
    finally:
        await machine.close()


async def opened(machine: Machine, request: RunRequest, budget: Budget) -> Run:
    return await asyncio.to_thread(_open, machine, request, budget)


def _open(machine: Machine, request: RunRequest, budget: Budget) -> Run:
    machine.require_chunks(request.collection)
    messages = [(message.role, message.content) for message in request.conversation()]
    return machine.open(messages, collection=request.collection, budget=budget)


def _say_where(settings: Settings, listener: socket.socket) -> None:
    host, port = settings.server.host, listener.getsockname()[1]
    err(f"Hydragraph answers at http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C stops it)")
    if host not in LOCAL_HOSTS:
        err("Anyone who reaches this address can ask about your collections: there are no keys yet.")
