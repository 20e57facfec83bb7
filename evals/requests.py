"""What CPU time a request costs the server, beside a bare FastAPI and LangGraph floor.

    python -m hydragraph.evals.requests [--requests N] [--json]

Two processes listen: ours, over a small index of its own with a scripted model, and a floor whose graph is a chain of
as many nodes that write as many events. Both are uvicorn and FastAPI, and keep a thread a request in SQLite through the
same saver. They are asked by turns; what counts is the CPU time of the process that listens, all threads together.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from ..errors import HydragraphError
from .console import print_result, say
from .measuring import hydragraph, own_environment, run_once
from .startup import QUESTION, write_corpus

WARM = 20  # requests before the first that counts: imports, caches, and the memory that grows once
TURNS = 6


class ServerFailedError(HydragraphError):
    """A process that should listen did not answer as expected."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a client saw of one run."""

    nodes: int
    written: int
    status: str


class Served:
    """One process that listens."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def ask(self) -> Seen:
        """One run, read to its end."""
        with self._client.stream("POST", "/runs/stream", json={"question": QUESTION}) as response:
            lines = [line for line in response.iter_lines() if line]
        events = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
        data = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
        if response.status_code != 200 or not events or events[-1] != "done":
            raise ServerFailedError(f"expected a run that ends with done, got {response.status_code}: {lines[-3:]}")
        nodes = sum(name == "node" and values["state"] == "started" for name, values in zip(events, data, strict=True))
        written = sum(name in ("evidence", "token", "discard") for name in events)
        return Seen(nodes, written, data[-1].get("status", ""))

    def usage(self) -> Mapping[str, float]:
        usage: Mapping[str, float] = self._client.get("/usage").json()
        return usage

    def cpu_ms(self, requests: int) -> float:
        """CPU time a request, over so many."""
        before = self.usage()["cpu_s"]
        for _ in range(requests):
            self.ask()
        return (self.usage()["cpu_s"] - before) / requests * 1000


@contextmanager
def listening(folder: Path, *arguments: str) -> Iterator[Served]:
    """A child process in a home below `folder`, and a client to it."""
    environment = own_environment(folder / "home") | {"HYDRAGRAPH_EMBEDDER": "none"}
    command = [sys.executable, "-m", "hydragraph.evals.requests_child", *arguments]
    process = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        if not port:
            raise ServerFailedError(f"{' '.join(command)}: expected a port to ask at, but the process ended")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            yield Served(client)
    finally:
        process.terminate()
        process.communicate()


def measure(requests: int) -> dict[str, float]:
    """The figures; `requests` are what each process is asked in all."""
    with tempfile.TemporaryDirectory(prefix="hydragraph-requests-") as name, ExitStack() as stack:
        ours, floor = Path(name) / "ours", Path(name) / "floor"
        ours.mkdir()
        floor.mkdir()
        environment = own_environment(ours / "home") | {"HYDRAGRAPH_EMBEDDER": "none"}
        write_corpus(ours / "corpus")
        run_once(hydragraph("index", str(ours / "corpus")), environment, ours)
        server = stack.enter_context(listening(ours))
        seen = server.ask()
        if seen.status != "answered":
            raise ServerFailedError(f"expected a run that is answered, got {seen}")
        say(f"{seen.nodes} nodes and {seen.written} written events a run")
        bare = stack.enter_context(listening(floor, "--floor", str(seen.nodes), str(seen.written)))
        return _by_turns(server, bare, requests)


def _by_turns(server: Served, bare: Served, requests: int) -> dict[str, float]:
    for served in (server, bare):
        served.cpu_ms(WARM - 1)
    early = server.usage()["rss_mb"]
    each = (requests - WARM) // TURNS
    turns = [(server.cpu_ms(each), bare.cpu_ms(each)) for _ in range(TURNS)]
    request, floor = (statistics.median(values) for values in zip(*turns, strict=True))
    return {
        "request_cpu_ms": request,
        "floor_cpu_ms": floor,
        "request_over_floor_ms": statistics.median(ours - bare for ours, bare in turns),
        "rss_growth_mb": server.usage()["rss_mb"] - early,
    }


def as_json(figures: Mapping[str, float]) -> str:
    return json.dumps({"metrics": {name: {"value": round(value, 3)} for name, value in figures.items()}}, indent=2)


def as_table(figures: Mapping[str, float]) -> str:
    return "\n".join(f"{name:<24}{value:10.2f}" for name, value in figures.items())


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hydragraph.evals.requests", description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=200, help="runs asked of each process (default 200)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if options.requests < WARM + TURNS:
        parser.error(f"--requests: expected at least {WARM + TURNS}, found {options.requests}")
    show = as_json if options.json else as_table
    return print_result(lambda: show(measure(options.requests)))


if __name__ == "__main__":
    sys.exit(main())
