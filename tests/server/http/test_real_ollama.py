"""The faces with a real Ollama (tiny-chat, random weights): the whole machine, and one that is killed or hangs."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from hydragraph.domain import Caveat, Status
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.stores.collection import Collection

BINARY = os.environ.get("HYDRAGRAPH_TEST_OLLAMA_BINARY", "")
MODELS = os.environ.get("HYDRAGRAPH_TEST_OLLAMA_MODELS", "")
pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(
        not (BINARY and MODELS),
        reason="needs HYDRAGRAPH_TEST_OLLAMA_BINARY, and HYDRAGRAPH_TEST_OLLAMA_MODELS with tiny-chat in it",
    ),
]
QUESTION = "What is the overdraft limit of an account?"


# --- an Ollama of a test's own


@dataclass(frozen=True, slots=True)
class Ollama:
    """A server in a process group of its own. Its log tells of each call, and what the reply was held to."""

    url: str
    group: int
    log: Path

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.group, number)

    def begun(self) -> list[str]:
        """What the reply of each call is held to, as the model's runner was told; nothing where it is free."""
        return re.findall(r'msg="completion request".* format="(.*)"', self.log.read_text())

    def ended(self) -> list[int]:
        """The HTTP status of each call that is over."""
        return [int(status) for status in re.findall(r'\[GIN\].*\| (\d+) \|.*"/api/chat"', self.log.read_text())]


@pytest.fixture
def ollama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ollama]:
    folder = tmp_path_factory.mktemp("ollama")
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"127.0.0.1:{free.getsockname()[1]}"
    ours = {"OLLAMA_HOST": host, "OLLAMA_MODELS": MODELS, "HOME": str(folder), "OLLAMA_DEBUG": "1"}
    environment = {**os.environ, **ours, "OLLAMA_NOPRUNE": "1", "OLLAMA_NO_CLOUD": "1"}
    log = folder / "log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [BINARY, "serve"], env=environment, stdout=written, stderr=written, start_new_session=True
        )
    server = Ollama(f"http://{host}", process.pid, log)
    try:
        until(lambda: answers(server.url))
        yield server
    finally:
        server.send(signal.SIGKILL)
        process.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/version", trust_env=False).is_success
    except httpx.TransportError:
        return False


def until(condition: Callable[[], bool]) -> None:
    """Another process has no event to wait for."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


# --- a relay before it, that knows at which word to strike

Strike = Callable[[dict[str, Any], int], bool]
"""From a request and how many lines of its reply were passed on: is nothing to be passed on any more?"""


@dataclass
class Relay:
    """Passes requests on, and replies line by line. What a server had sent before it was struck down is lost."""

    to: str
    strike: Strike
    asked: list[dict[str, Any]] = field(default_factory=list)

    def pass_on(self, client: BaseHTTPRequestHandler, content: bytes) -> None:
        request = json.loads(content)
        self.asked.append(request)
        if self.strike(request, 0):
            return
        with httpx.stream("POST", self.to + client.path, content=content, timeout=60, trust_env=False) as answer:
            client.send_response(answer.status_code)
            client.send_header("transfer-encoding", "chunked")
            client.end_headers()
            for number, line in enumerate(answer.iter_lines(), start=1):
                client.wfile.write(f"{len(line.encode()) + 1:x}\r\n{line}\n\r\n".encode())
                if self.strike(request, number):
                    return
        client.wfile.write(b"0\r\n\r\n")


@contextmanager
def listening(relay: Relay) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.close_connection = True
            with suppress(httpx.TransportError, ConnectionError):
                relay.pass_on(self, self.rfile.read(int(self.headers["content-length"])))

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def is_classify(request: dict[str, Any]) -> bool:
    return "kind" in request.get("format", {}).get("properties", {})


def is_generate(request: dict[str, Any]) -> bool:
    return not request.get("format")


# --- the command


@dataclass(frozen=True, slots=True)
class Asked:
    code: int
    answer: dict[str, Any]
    shown: str

    @property
    def nodes(self) -> list[str]:
        return re.findall(r"^  (\w+)$", self.shown, re.MULTILINE)


@pytest.fixture
def tiny(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for tier in ("LOCAL_FAST", "LOCAL_QUALITY"):
        monkeypatch.setenv(f"HYDRAGRAPH_TIERS__{tier}__MODEL", "tiny-chat")
    return monkeypatch


def ask(url: str, tiny: pytest.MonkeyPatch) -> Asked:
    """`hydragraph ask` as a process; whatever happened, its answer is well-formed."""
    tiny.setenv("HYDRAGRAPH_OLLAMA__BASE_URL", url)
    command = [sys.executable, "-m", "hydragraph", "ask", QUESTION, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    assert answer["status"] in get_args(Status)
    assert set(answer["caveats"]) <= set(get_args(Caveat))
    assert answer["answer"].strip()
    for citation in answer["citations"]:
        lines = Path(citation["path"]).read_text().split("\n")[citation["start_line"] - 1 : citation["end_line"]]
        assert citation["quote"] in "\n".join(lines)
    return Asked(done.returncode, answer, done.stderr)


def test_a_question_goes_through_the_whole_machine(ollama: Ollama, tiny: pytest.MonkeyPatch) -> None:
    asked = ask(ollama.url, tiny)
    assert asked.code == 0
    assert asked.nodes[:2] == ["condense", "classify"]
    assert {"retrieve", "grade", "generate", "reflect"} <= set(asked.nodes)
    assert asked.nodes[-1] == "answer"
    for node in ("classify", "grade"):
        assert re.search(
            rf"^  {node}\n(?:    \d+ places?\n)?    local_fast tiny-chat · json_schema · ", asked.shown, re.M
        )
    assert "local_quality tiny-chat · text · " in asked.shown
    assert asked.answer["spent"]["tokens"] > 0
    assert {"no_model", "model_failed"}.isdisjoint(asked.answer["caveats"])
    held_to = ollama.begun()
    assert re.search(r"kind.*direct.*simple.*multi", held_to[0])
    assert any(re.search(r"verdict.*enough.*poor.*nothing", form) for form in held_to)
    assert "" in held_to  # generate
    assert set(ollama.ended()) == {200}


def test_killed_in_mid_answer(ollama: Ollama, tiny: pytest.MonkeyPatch) -> None:
    def strike(request: dict[str, Any], lines: int) -> bool:
        if is_generate(request) and lines == 1:
            ollama.send(signal.SIGKILL)
            return True
        return False

    with listening(Relay(ollama.url, strike)) as url:
        asked = ask(url, tiny)
    assert not answers(ollama.url)
    assert asked.code == 0
    assert asked.answer["status"] in ("partial", "extractive")
    assert "model_failed" in asked.answer["caveats"]
    assert asked.answer["citations"]
    assert "tiny-chat · text · incomplete: tiny-chat on http://127.0.0.1:" in asked.shown


def test_killed_while_it_classifies(ollama: Ollama, tiny: pytest.MonkeyPatch) -> None:
    def strike(request: dict[str, Any], lines: int) -> bool:
        if is_classify(request) and lines == 0:
            ollama.send(signal.SIGKILL)
        return False

    with listening(Relay(ollama.url, strike)) as url:
        asked = ask(url, tiny)
    assert (asked.code, asked.answer["status"]) == (0, "extractive")
    assert "no_model" in asked.answer["caveats"]
    assert asked.answer["citations"]


def test_hanging_in_mid_answer(ollama: Ollama, tiny: pytest.MonkeyPatch) -> None:
    tiny.setenv("HYDRAGRAPH_TIERS__LOCAL_QUALITY__INTER_TOKEN_TIMEOUT", "1.5")
    relay = Relay(ollama.url, lambda request, lines: False)
    waits = threading.Event()

    def strike(request: dict[str, Any], lines: int) -> bool:
        if is_generate(request) and lines == 1:
            ollama.send(signal.SIGSTOP)
            waits.wait(60)  # what it had sent before is not passed on either
            return True
        return False

    relay.strike = strike
    with listening(relay) as url:
        asked = ask(url, tiny)
        waits.set()
    assert asked.code == 0
    assert asked.answer["status"] in ("partial", "extractive")
    assert "model_failed" in asked.answer["caveats"]
    assert "tiny-chat · text · timeout: " in asked.shown
    assert "the stream stalled for 1.5 s" in asked.shown


def test_a_model_that_is_not_pulled(ollama: Ollama, tiny: pytest.MonkeyPatch) -> None:
    tiny.setenv("HYDRAGRAPH_TIERS__LOCAL_QUALITY__MODEL", "no-such-model")
    asked = ask(ollama.url, tiny)
    assert asked.code == 0
    assert asked.answer["citations"]
    assert re.search(r"local_quality no-such-model · .* run `ollama pull no-such-model`", asked.shown)
    assert "local_fast tiny-chat · text · " in asked.shown  # it takes over
    doctor = subprocess.run([sys.executable, "-m", "hydragraph", "doctor"], capture_output=True, text=True, check=True)
    assert f"tier local_fast: tiny-chat at {ollama.url}, context 8,192 of 32,768 tokens" in doctor.stdout
    assert re.search(r"not pulled \(there: .*tiny-chat:latest", doctor.stdout)
    assert "-> ollama pull no-such-model" in doctor.stdout


# --- the server


@contextmanager
def serving(url: str, tiny: pytest.MonkeyPatch) -> Iterator[str]:
    tiny.setenv("HYDRAGRAPH_OLLAMA__BASE_URL", url)
    command = [sys.executable, "-m", "hydragraph", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            address = re.search(r"http://\S+", process.stderr.readline())
            assert address is not None
            yield address[0]
        finally:
            process.terminate()


def test_a_client_that_leaves_stops_the_call_at_ollama(
    ollama: Ollama, tiny: pytest.MonkeyPatch, own_home: Path, indexed: Path
) -> None:
    for number in range(12):  # long enough to be read for a while
        text = " ".join(f"The overdraft limit of account {number}{i} is {i} euros." for i in range(40))
        (indexed / "corpus" / f"limits{number}.md").write_text(f"# Limits {number}\n\n{text}\n")
    index(Collection(own_home, "default"), [indexed / "corpus"], None)
    with serving(ollama.url, tiny) as server, httpx.Client(base_url=server, timeout=60) as client:
        with client.stream("POST", "/runs/stream", json={"question": QUESTION}) as response:
            assert response.status_code == 200
            until(lambda: any("verdict" in form for form in ollama.begun()))
        begun = len(ollama.begun())
        until(lambda: client.get("/health").json()["runs"]["active"] == 0)
        until(lambda: len(ollama.ended()) == begun)
        time.sleep(0.5)
        assert len(ollama.begun()) == begun
        assert ollama.ended()[:-1] == [200] * (begun - 1)
        assert ollama.ended()[-1] != 200  # it was stopped while it read the evidence
