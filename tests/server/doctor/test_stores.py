"""The doctor names the servers that keep vectors and names, and says whether they answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import pytest

from hydragraph.server.doctor.check import Check
from hydragraph.server.doctor.checks_stores import EXTRA, check_stores
from hydragraph.settings import Neo4jConfig, QdrantConfig, Settings

NEEDS_QDRANT = pytest.mark.skipif(find_spec("qdrant_client") is None, reason="needs hydragraph[servers]")
NEEDS_NEO4J = pytest.mark.skipif(find_spec("neo4j") is None, reason="needs hydragraph[servers]")


class FakeQdrant(BaseHTTPRequestHandler):
    """Lists collections to those who have the key."""

    def do_GET(self) -> None:
        known = self.path == "/collections"
        self.send_response(404 if not known else 200 if self.headers["api-key"] == "sk-q" else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def qdrant() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), FakeQdrant) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def check(settings: Settings) -> Check:
    [found] = check_stores(settings)
    return found


def with_qdrant(url: str, key: str = "") -> Settings:
    return replace(Settings(), qdrant=QdrantConfig(url, api_key=key))


def test_without_a_server_there_is_nothing_to_say() -> None:
    assert list(check_stores(Settings())) == []


@NEEDS_QDRANT
def test_a_qdrant_is_asked_with_its_key() -> None:
    with qdrant() as port:
        url = f"http://127.0.0.1:{port}"
        assert check(with_qdrant(url, "sk-q")) == Check(
            "qdrant", "ok", f"vectors are kept on this machine, port {port}"
        )
        refused = check(with_qdrant(url, "wrong"))
        assert (refused.health, refused.mend) == ("broken", "set qdrant.api_key to the server's key")
        assert check(with_qdrant(f"{url}/v1", "sk-q")).found.endswith("; it answers 404")


@NEEDS_QDRANT
def test_a_qdrant_that_is_away_is_broken() -> None:
    found = check(with_qdrant("http://127.0.0.1:9", "sk-hidden"))
    assert (found.health, found.mend) == ("broken", "start it, or correct qdrant.url")
    assert found.found.startswith("vectors are kept on this machine, port 9; no answer (")


@NEEDS_NEO4J
def test_a_neo4j_answers_or_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        found = check(replace(Settings(), neo4j=Neo4jConfig(f"bolt://127.0.0.1:{port}")))
    assert found == Check("neo4j", "ok", f"names are kept on this machine, port {port}")
    away = check(replace(Settings(), neo4j=Neo4jConfig("neo4j://127.0.0.1:9")))
    assert (away.health, away.mend) == ("broken", "start it, or correct neo4j.url")


def test_what_leaves_the_machine_and_lacks_its_client_is_said() -> None:
    found = check(replace(Settings(), neo4j=Neo4jConfig("neo4j://n.invalid")))
    if find_spec("neo4j") is None:
        assert found == Check("neo4j", "broken", "neo4j.url is set, and that extra is not installed", EXTRA)
    else:
        assert found.found.startswith("names leave this machine, for n.invalid, port 7687; no answer")
