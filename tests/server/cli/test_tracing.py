"""Nobody else is told what is asked: not even where a variable for other programs says so."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest


@pytest.mark.usefixtures("indexed")
def test_no_prompt_goes_to_langsmith(own_home: Path) -> None:
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
        command = [sys.executable, "-m", "hydragraph", "ask", "What is the overdraft limit?"]
        environment = {**os.environ, **traced, "HYDRAGRAPH_HOME": str(own_home)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
        server.shutdown()
    assert (done.returncode, heard) == (0, []), done.stderr
