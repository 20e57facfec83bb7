"""Nobody else is told what is asked: not even where a variable for other programs says so."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

TRACED = """
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers.langchain import wait_for_all_tracers
RunnableLambda(str).invoke(1)
wait_for_all_tracers()
"""


@pytest.fixture
def langsmith(own_home: Path) -> Iterator[tuple[dict[str, str], list[str]]]:
    """An environment that sends traces to a server of ours, and the requests that it received."""
    heard: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def answer(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PATCH = answer

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        traced = {"LANGSMITH_TRACING": "true", "LANGSMITH_ENDPOINT": endpoint, "LANGSMITH_API_KEY": "key"}
        yield {**os.environ, **traced, "HYDRAGRAPH_HOME": str(own_home)}, heard
        server.shutdown()


def test_a_program_of_langchain_is_traced_here(langsmith: tuple[dict[str, str], list[str]]) -> None:
    """Without this the next test would pass although nobody listened."""
    environment, heard = langsmith
    subprocess.run([sys.executable, "-c", TRACED], capture_output=True, timeout=120, env=environment, check=True)
    assert heard


@pytest.mark.usefixtures("indexed")
def test_no_prompt_goes_to_langsmith(langsmith: tuple[dict[str, str], list[str]]) -> None:
    environment, heard = langsmith
    command = [sys.executable, "-m", "hydragraph", "ask", "What is the overdraft limit?"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert (done.returncode, heard) == (0, []), done.stderr
