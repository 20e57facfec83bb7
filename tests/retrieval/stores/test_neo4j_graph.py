"""What is special about a graph on a server: neighbours on it, and its failures."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from drawn_graphs import chunk_id
from graph_stores import OwnNeo4jGraph, neo4j_config

from hydragraph.domain import Reference
from hydragraph.errors import StoreServerError
from hydragraph.retrieval.search.graph import walk
from hydragraph.retrieval.stores.neighbourhood import Frequencies, GraphItem
from hydragraph.retrieval.stores.neo4j_graph import Neo4jGraph
from hydragraph.settings import Neo4jConfig

SECRET = "not-the-password"


def item(number: int, *names: str) -> GraphItem:
    key = chunk_id(number)
    return GraphItem(key, tuple(Reference(key, "mentions", name) for name in names))


@pytest.mark.parametrize("uid", ["", "a" * 31, "A" * 32, "a" * 32 + "'", "a" * 32 + "\n"])
def test_only_the_id_of_a_collection_begins_a_key(uid: str) -> None:
    with pytest.raises(ValueError, match="expected the id of a collection, 32 hex digits, got"):
        Neo4jGraph(Neo4jConfig("bolt://127.0.0.1:7687"), uid)


def test_a_server_that_is_away_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        port = taken.getsockname()[1]
        config = Neo4jConfig(f"bolt://127.0.0.1:{port}", password=SECRET, timeout=5)
        graph = Neo4jGraph(config, uuid.uuid4().hex, patience=0)
        for ask in (
            lambda: graph.frequencies(["send"]),
            lambda: walk(graph, {"send": 1.0}, {}, 10),
            lambda: graph.put([item(1, "send")]),
            graph.clear,
        ):
            with pytest.raises(StoreServerError) as caught:
                ask()
            assert str(caught.value).startswith(f"Neo4j at 127.0.0.1:{port} does not answer: ")
            assert str(caught.value).endswith("Start it, or set neo4j.url; what it holds is safe.")
            assert SECRET not in str(caught.value)
        graph.close()


@pytest.mark.service
def test_a_refused_password_is_not_shown() -> None:
    config = replace(neo4j_config(), password=SECRET)
    graph = Neo4jGraph(config, uuid.uuid4().hex)
    with pytest.raises(StoreServerError) as caught:
        graph.frequencies(["send"])
    graph.close()
    assert str(caught.value) == (
        f"Neo4j at {urlsplit(config.url).netloc} refuses user 'neo4j' or the password."
        " Set neo4j.user and neo4j.password."
    )


@pytest.mark.service
def test_a_database_that_is_not_there_is_said() -> None:
    graph = Neo4jGraph(replace(neo4j_config(), database="elsewhere"), uuid.uuid4().hex, patience=0)
    with pytest.raises(StoreServerError, match=r"^Neo4j at .* says: .*elsewhere.*DatabaseNotFound"):
        graph.frequencies(["send"])
    graph.close()


@pytest.fixture
def two() -> Iterator[tuple[OwnNeo4jGraph, OwnNeo4jGraph]]:
    one, other = OwnNeo4jGraph(), OwnNeo4jGraph()
    yield one, other
    one.close()
    other.close()


@pytest.mark.service
def test_collections_share_a_server_without_seeing_each_other(two: tuple[OwnNeo4jGraph, OwnNeo4jGraph]) -> None:
    one, other = two
    one.put([item(1, "send"), item(2, "send")])
    other.put([item(1, "send", "close")])
    assert one.frequencies(["send", "close"]) == Frequencies(2, {"send": 2})
    assert other.frequencies(["send", "close"]) == Frequencies(1, {"send": 1, "close": 1})
    one.delete([chunk_id(1)])
    assert one.frequencies(["send"]) == Frequencies(1, {"send": 1})
    assert other.counts() == {"mentions": 2}
    one.clear()
    one.clear()
    assert one.frequencies(["send"]) == Frequencies(0, {})
    assert other.frequencies(["send"]) == Frequencies(1, {"send": 1})


@pytest.mark.service
def test_more_than_one_batch_is_written(two: tuple[OwnNeo4jGraph, OwnNeo4jGraph]) -> None:
    graph, _ = two
    graph.put([item(number, f"name {number % 3}") for number in range(1100)])
    assert graph.frequencies(["name 0", "name 2"]) == Frequencies(1100, {"name 0": 367, "name 2": 366})
    graph.delete([chunk_id(number) for number in range(1099)])
    assert graph.frequencies(["name 0", "name 1", "name 2"]) == Frequencies(1, {"name 1": 1})


class OwnServer:
    """A server that a test may kill, by the script that HYDRAGRAPH_TEST_NEO4J_SCRIPT names."""

    def __init__(self, folder: Path) -> None:
        script = os.environ.get("HYDRAGRAPH_TEST_NEO4J_SCRIPT")
        if not script:
            pytest.skip("HYDRAGRAPH_TEST_NEO4J_SCRIPT names no script that starts a Neo4j server")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._options = ["--data", str(folder), "--bolt-port", str(free.getsockname()[1])]
        self._script, self._folder = script, folder
        self.config = Neo4jConfig(f"bolt://127.0.0.1:{self._options[-1]}", password="hydragraph", timeout=600)

    def run(self, action: str) -> None:
        options = self._options if action == "start" else self._options[:2]
        subprocess.run([self._script, action, *options], check=True, timeout=600, capture_output=True)

    def kill(self) -> None:
        os.kill(int((self._folder / "neo4j.pid").read_text()), signal.SIGKILL)


@pytest.mark.service
@pytest.mark.timeout(1800)
def test_a_write_goes_on_where_the_server_was_killed_and_started_again(tmp_path: Path) -> None:
    server = OwnServer(tmp_path / "neo4j")
    server.run("start")
    try:
        graph = Neo4jGraph(server.config, uuid.uuid4().hex)
        items = [item(number, *(f"name {(number * step) % 997}" for step in range(1, 9))) for number in range(6000)]
        writing = threading.Thread(target=graph.put, args=(items,))
        writing.start()
        while not graph.frequencies([]).total:
            time.sleep(0.05)
        server.kill()
        away = Neo4jGraph(server.config, uuid.uuid4().hex, patience=0)
        with pytest.raises(StoreServerError, match="does not answer"):
            away.frequencies(["name 1"])
        server.run("start")
        writing.join()
        expected = {f"name {name}": sum(one.references.count(Reference(one.chunk_id, "mentions", f"name {name}")) > 0
                                        for one in items) for name in (1, 500)}  # fmt: skip
        assert graph.frequencies(["name 1", "name 500"]) == Frequencies(6000, expected)
        graph.close()
        away.close()
    finally:
        server.run("stop")
