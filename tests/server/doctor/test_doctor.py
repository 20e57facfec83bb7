"""The doctor finds what is wrong, says how to mend it, and never waits long."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from hydragraph.server.cli.main import main
from hydragraph.server.doctor.check import Check
from hydragraph.server.doctor.checks import (
    check_collections,
    check_embedder,
    check_home,
    check_python,
    check_web,
)
from hydragraph.server.doctor.checks_models import check_models
from hydragraph.settings import OllamaSettings, Settings, TierConfig, TiersSettings

NEEDS_OPENAI = pytest.mark.skipif(find_spec("langchain_openai") is None, reason="needs hydragraph[openai]")
SHOWN = {"model_info": {"tiny.context_length": 4096}, "capabilities": ["completion"]}


LISTED = {"data": [{"id": "tiny", "max_model_len": 4096}, {"id": "gguf", "meta": {"n_ctx": 2048}}, {"id": "x:latest"}]}


class FakeOllama(BaseHTTPRequestHandler):
    """Has one model, tiny, whose context is 4,096; below /v1 it speaks OpenAI's protocol, to those who have the key."""

    trouble: tuple[int, bytes] | None = None
    key = ""

    def do_GET(self) -> None:
        if self.key and self.headers["authorization"] != f"Bearer {self.key}":
            self._answer(401, {"error": f"no: {self.headers['authorization']}"})
        elif self.path.startswith("/v1"):
            self._answer(*((200, LISTED) if self.path == "/v1/models" else (404, {"detail": "Not Found"})))
        else:
            self._answer(200, {"models": [{"name": "tiny:latest"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._answer(*((200, SHOWN) if asked["model"] == "tiny" else (404, {"error": "model 'big' not found"})))

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, body: object) -> None:
        status, content = self.trouble or (status, json.dumps(body).encode())
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def ollama(trouble: tuple[int, bytes] | None = None, key: str = "") -> Iterator[str]:
    handler = type("Handler", (FakeOllama,), {"trouble": trouble, "key": key})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def settings(url: str, fast: TierConfig, quality: TierConfig | None = None) -> Settings:
    tiers = TiersSettings(fast, quality or TierConfig(model=""))
    return replace(Settings(), ollama=OllamaSettings(url), tiers=tiers)


@pytest.mark.parametrize(
    ("tier", "health", "words", "mend"),
    [
        (TierConfig(model="tiny", num_ctx=4096), "ok", "context 4,096 of 4,096", ""),
        (TierConfig(model="tiny"), "warning", "num_ctx 8,192 is more than the model's 4,096", "num_ctx to 4096"),
        (TierConfig(model="big"), "warning", "not pulled (there: tiny:latest)", "ollama pull big"),
        (TierConfig(model="tiny", num_ctx=4096, think=True), "warning", "the model cannot", "think"),
    ],
)  # fmt: skip
def test_a_model_that_is_not_as_configured(tier: TierConfig, health: str, words: str, mend: str) -> None:
    with ollama() as url:
        checks = check_models(settings(url, tier))
    assert checks[0].health == health
    assert words in checks[0].found
    assert mend in checks[0].mend
    assert checks[1] == Check("tier local_quality", "ok", "turned off")


@pytest.mark.parametrize(
    ("trouble", "words", "mend"),
    [
        ((500, b'{"error": "out of memory"}'), 'an error (500 {"error": "out of memory"})', "restart it"),
        ((502, b"<html>Bad Gateway</html>"), "an error (502 <html>Bad Gateway</html>)", "restart it"),
        ((503, b'{"error": "server busy"}'), "an error (503", "OLLAMA_MAX_QUEUE"),
        ((401, b"who are you?"), "an error (401 who are you?)", "http://user:password@host"),
        ((404, b"404 page not found"), "an error (404 404 page not found)", "without /v1"),
        ((200, b"<html>It works!</html>"), "what answers there is not Ollama", "without /v1"),
        ((200, b"[]"), "what answers there is not Ollama", "without /v1"),
    ],
)
def test_what_answers_but_not_as_ollama_should(trouble: tuple[int, bytes], words: str, mend: str) -> None:
    with ollama(trouble) as url:
        (check, _) = check_models(settings(url, TierConfig(model="tiny")))
    assert check.health == "warning"
    assert words in check.found
    assert mend in check.mend


def compatible(url: str, model: str = "tiny", **others: Any) -> Check:
    tier = TierConfig(model=model, base_url=url, api="openai", **{"num_ctx": 2048, **others})
    return check_models(settings("http://127.0.0.1:9", tier))[0]


@NEEDS_OPENAI
@pytest.mark.parametrize(
    ("model", "num_ctx", "health", "words", "mend"),
    [
        ("tiny", 4096, "ok", "context 4,096 of 4,096", ""),
        ("gguf", 2048, "ok", "context 2,048 of 2,048", ""),
        ("x", 8192, "ok", "context 8,192 tokens", ""),
        (
            "tiny",
            8192,
            "warning",
            "more than the model's 4,096",
            "num_ctx to 4096 or less, or start the server with more",
        ),
        ("big", 2048, "warning", "not there (there: tiny, gguf, x:latest)", "tiers.local_fast.model"),
    ],
)
def test_a_model_of_a_server_that_speaks_openais_protocol(
    model: str, num_ctx: int, health: str, words: str, mend: str
) -> None:
    with ollama() as url:
        check = compatible(f"{url}/v1", model, num_ctx=num_ctx)
    assert check.health == health
    assert words in check.found
    assert mend in check.mend


@NEEDS_OPENAI
@pytest.mark.parametrize(
    ("trouble", "words", "mend"),
    [
        ((404, b'{"detail": "Not Found"}'), "an error (404", "tiers.local_fast.base_url to the root of its API"),
        ((503, b'{"error": {"message": "Loading model"}}'), "Loading model", "ask again later"),
        ((500, b"no"), "an error (500 no)", "restart it"),
        ((200, b'{"error": "Unexpected endpoint or method."}'), "not a server that speaks OpenAI's", "such as http://"),
        ((200, b"<html>It works!</html>"), "not a server that speaks OpenAI's", "http://127.0.0.1:8080/v1"),
    ],
)
def test_what_answers_but_not_as_openai_would(trouble: tuple[int, bytes], words: str, mend: str) -> None:
    with ollama(trouble) as url:
        check = compatible(f"{url}/v1")
    assert check.health == "warning"
    assert words in check.found
    assert mend in check.mend


@NEEDS_OPENAI
def test_a_server_with_a_key_is_asked_with_it_and_the_key_is_not_shown() -> None:
    with ollama(key="sk-of-this-tier") as url:
        assert compatible(f"{url}/v1", api_key="sk-of-this-tier").health == "ok"
        refused = compatible(f"{url}/v1", api_key="sk-of-another-tier")
        without = compatible(f"{url}/v1")
    assert "401" in refused.found
    assert "Bearer ***" in refused.found
    assert "sk-of" not in f"{refused} {without}"
    assert "tiers.local_fast.api_key" in without.mend


@NEEDS_OPENAI
def test_such_a_server_that_is_not_there_is_not_taken_for_ollama() -> None:
    check = compatible("http://me:hunter2@127.0.0.1:9/v1")
    assert check.health == "warning"
    assert "ollama" not in f"{check.found} {check.mend}".lower()
    assert "hunter2" not in f"{check}"


def test_an_api_without_its_extra_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_openai", None)
    check = compatible("http://127.0.0.1:9/v1")
    assert (check.health, "hydragraph[openai]" in check.mend) == ("broken", True)


def test_the_models_are_looked_for_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are asked: the doctor once went through HTTP_PROXY, and found nothing where `ask` found a model."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with ollama() as url:
        (check, _) = check_models(settings(url, TierConfig(model="tiny", num_ctx=4096)))
    assert check.health == "ok"


def test_a_server_that_is_not_there_is_a_warning_that_hides_the_password() -> None:
    (check, _) = check_models(settings("http://me:hunter2@127.0.0.1:9", TierConfig(model="tiny")))
    assert check.health == "warning"
    assert "ollama serve" in check.mend
    assert "hunter2" not in f"{check}"


def test_servers_that_hang_cost_their_time_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydragraph.server.doctor.checks_models.SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        start = time.monotonic()
        checks = check_models(settings(url, TierConfig(model="a"), TierConfig(model="b")))
    assert [check.health for check in checks] == ["warning", "warning"]
    assert all("said nothing for 0.5 s" in check.found and "restart it" in check.mend for check in checks)
    assert time.monotonic() - start < 1.5


def test_no_model_at_all_is_said() -> None:
    (check,) = check_models(settings("http://127.0.0.1:9", TierConfig(model="")))
    assert (check.health, check.found) == ("warning", "no tier has a model: answers are quotes")


def test_a_python_that_was_not_tried_is_a_warning() -> None:
    assert check_python((3, 11, 7)) == Check("python", "ok", "3.11.7")
    assert check_python((3, 15, 0)).health == "warning"


def test_a_home_that_is_a_file_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert check_home(file / "below").health == "broken"
    assert check_home(tmp_path / "new" / "folder").health == "ok"


@pytest.mark.usefixtures("indexed")
def test_a_home_that_others_may_read_is_a_warning_with_the_mend(own_home: Path, tmp_path: Path) -> None:
    assert check_home(own_home) == Check("home", "ok", f"{own_home}, for its owner only")
    own_home.chmod(0o755)
    (own_home / "collections").chmod(0o750)
    check = check_home(own_home)
    assert (check.health, check.found) == ("warning", f"{own_home}: others may read 2 paths of it, {own_home} first")
    assert check.mend == f"`hydragraph collections` closes it, or: chmod -R go= {own_home}"
    assert main(["collections"]) == 0
    assert check_home(own_home).health == "ok"
    assert check_home(tmp_path / "new").found == f"{tmp_path / 'new'}, not made yet"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_an_open_home_of_somebody_else_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    os.chown(tmp_path, 12345, 12345)
    check = check_home(tmp_path)
    assert check.found == f"{tmp_path} belongs to user 12345 and may be read by others: it is left as it is"
    assert check.health == "warning"


@pytest.mark.parametrize(("embedder", "health"), [("none", "ok"), ("nonsense", "broken")])
def test_the_embedder(embedder: str, health: str) -> None:
    assert check_embedder(replace(Settings(), embedder=embedder)).health == health


def test_web_search_without_its_packages_is_broken_and_with_them_ok() -> None:
    from importlib.util import find_spec

    has_all = find_spec("ddgs") is not None and find_spec("langchain_community") is not None
    assert check_web().health == ("ok" if has_all else "broken")


@pytest.mark.usefixtures("indexed")
def test_a_collection_is_looked_into(own_home: Path) -> None:
    (check,) = check_collections(own_home)
    assert (check.part, check.health) == ("collection default", "warning")
    assert "dense 0% ready" in check.found
    assert f"hydragraph index {Path('corpus').absolute()} --name default" in check.mend


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("damage", ["database", "vectors"])
def test_a_damaged_collection_is_broken_and_ends_with_1(
    damage: str, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = own_home / "collections" / "default"
    if damage == "database":
        (folder / "index.db").write_bytes(b"not a database" * 1000)
        for name in ("index.db-wal", "index.db-shm"):
            (folder / name).unlink(missing_ok=True)
    else:
        (vectors,) = folder.glob("vectors-*")
        vectors.rename(folder / "elsewhere")
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "BROKEN   collection default" in shown
    assert "hydragraph index PATH --name default" in shown


@pytest.mark.usefixtures("here")
def test_a_fresh_machine_without_ollama_is_well_enough(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    checks = {check["part"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["tier local_fast"]["health"] == "warning"
    assert checks["collections"]["health"] == "ok"
    assert {"python", "home", "disk", "embedder none"} <= set(checks)
