"""What is logged: one line an event, with no password and no control character; a server logs warnings by default."""

from __future__ import annotations

import logging
import re
import select
import subprocess
import sys

import httpx
import pytest

from hydragraph.server.cli.logs import LogFormatter


def test_a_record_shows_no_password_and_no_control_character() -> None:
    record = logging.makeLogRecord({"msg": "asked %s: \x1b[2J", "args": ("http://me:hunter2@box:1/x",)})
    assert LogFormatter("%(message)s").format(record) == "asked http://***@box:1/x: \\x1b[2J"


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize(("flags", "has_warnings"), [([], False), (["-v"], True)])
def test_a_command_logs_warnings_with_a_flag_only(flags: list[str], has_warnings: bool) -> None:
    command = [sys.executable, "-m", "hydragraph", *flags, "ask", "What is the overdraft limit?"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ("WARNING hydragraph.nodes.budgeted: model_fault role=classify" in done.stderr) is has_warnings
    assert "httpx" not in done.stderr


@pytest.mark.usefixtures("indexed")
def test_a_server_logs_a_model_that_fails() -> None:
    command = [sys.executable, "-m", "hydragraph", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            assert select.select([server.stderr], [], [], 60)[0], "the server said nothing"
            url = re.search(r"http://\S+", server.stderr.readline())
            assert url is not None
            answer = httpx.post(f"{url[0]}/runs/stream", json={"question": "What is the overdraft limit?"}, timeout=60)
            assert "event: done" in answer.text
        finally:
            server.terminate()
        said = server.stderr.read()
    assert "WARNING hydragraph.nodes.budgeted: model_fault role=classify tier=local_fast fault=unreachable" in said
    assert "INFO" not in said
