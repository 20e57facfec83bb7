"""The HTTP side of Qdrant: what is sent, what is tried again, and what a failing server comes to."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hydragraph.errors import IndexBusyError, IndexCorruptError, StoreServerError, UsageError
from hydragraph.retrieval.stores.edge_vectors import vector_name
from hydragraph.retrieval.stores.qdrant_stores import QdrantFolderStores, QdrantServerStores
from hydragraph.retrieval.stores.qdrant_vectors import DENSE_BATCH, HNSW_EF, SPARSE_BATCH
from hydragraph.settings import QdrantConfig
from qdrant_http import Bad, QdrantServer, qdrant_server

A = "a" * 32
MODEL = "model:2"
KEY = "k3y-of-the-server"


@pytest.fixture
def server() -> Iterator[QdrantServer]:
    with qdrant_server() as like:
        yield like


class Slept(list[float]):
    """Stands for `time.sleep`."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def stores_on(server: QdrantServer, uid: str = "uid1", key: str = "", slept: Slept | None = None) -> QdrantServerStores:
    sleep = Slept() if slept is None else slept
    return QdrantServerStores(QdrantConfig(url=server.url, api_key=key), uid, "docs", sleep)


def test_every_request_names_the_collection_by_uid_and_waits_until_it_is_applied(server: QdrantServer) -> None:
    with stores_on(server).create(3) as index:
        index.add([(A, ([1], [1.0]))])
        index.set_dense(MODEL, [(A, Vector([1.0, 0.0]))])
        index.delete([A])
    place, name = "/collections/uid1-vectors-3", vector_name(MODEL)
    assert server.requests == [
        "GET /",
        f"GET {place}/exists",
        f"PUT {place}",
        f"GET {place}",
        f"PUT {place}/points?wait=true",
        f"PUT {place}/vectors/{name}?wait=true",
        f"POST {place}/points",
        f"PUT {place}/points/vectors?wait=true",
        f"POST {place}/points/delete?wait=true",
    ]
    assert server.bodies[2] == {"vectors": {}, "sparse_vectors": {"bm25": {}}}
    assert server.bodies[5] == {"dense": {"size": 2, "distance": "Dot"}}


def test_points_go_out_in_batches(server: QdrantServer) -> None:
    ids = [f"{number:032x}" for number in range(SPARSE_BATCH + 1)]
    with stores_on(server).create(1) as index:
        index.add([(chunk_id, ([1], [1.0])) for chunk_id in ids])
        index.set_dense(MODEL, [(chunk_id, Vector([1.0, 0.0])) for chunk_id in ids[: DENSE_BATCH + 1]])
    sizes = [
        (request.split("?")[0].rsplit("/", 1)[1], len(body["points"]))
        for request, body in zip(server.requests, server.bodies, strict=True)
        if "wait=true" in request and "points" in (body or {})
    ]
    assert sizes == [("points", SPARSE_BATCH), ("points", 1), ("vectors", DENSE_BATCH), ("vectors", 1)]


class Vector(list[float]):
    """Stands for a row of numpy."""

    def tolist(self) -> list[float]:
        return list(self)


def test_a_search_asks_the_graph_index_with_its_width_and_never_for_idf(server: QdrantServer) -> None:
    with stores_on(server).create(1) as index:
        index.add([(A, ([1], [1.0]))])
        index.set_dense(MODEL, [(A, Vector([1.0, 0.0]))])
        index.search_dense(MODEL, Vector([1.0, 0.0]), 7)
        index.search_sparse(([1], [2.0]), 9)
    dense, sparse = server.bodies[-2:]
    assert dense["params"] == {"hnsw_ef": HNSW_EF, "exact": False}
    assert (dense["using"], dense["limit"], dense["with_payload"]) == (vector_name(MODEL), 7, False)
    assert (sparse["using"], sparse["limit"], sparse["query"]) == (
        "bm25",
        9,
        {"nearest": {"indices": [1], "values": [2.0]}},
    )


def test_the_key_goes_into_a_header_and_nowhere_else(server: QdrantServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stores = stores_on(server, key=KEY)
    stores.create(1).close()
    assert {headers["api-key"] for headers in server.headers} == {KEY}
    server.bad = [Bad(400, body=f"what is {KEY}?")]
    with pytest.raises(StoreServerError, match=r"what is \*\*\*\?") as caught:
        stores.load(1)
    assert KEY not in f"{caught.value} {stores!r} {caplog.text}"
    assert caught.value.__cause__ is None
    assert not any(KEY in request for request in server.requests)


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_said_at_once(server: QdrantServer, status: int) -> None:
    slept = Slept()
    server.bad = [Bad(status)]
    with pytest.raises(StoreServerError, match=rf"refuses the API key \({status}\).*qdrant\.api_key"):
        stores_on(server, slept=slept).load(1)
    assert (slept, len(server.requests)) == ([], 1)


@pytest.mark.parametrize("bad", [Bad(429), Bad(500), Bad(502), Bad(503), Bad(0)])
def test_what_passes_is_tried_again(server: QdrantServer, bad: Bad) -> None:
    slept = Slept()
    with stores_on(server, slept=slept).create(1) as index:
        server.bad = [bad, bad]
        index.add([(A, ([1], [1.0]))])
        assert index.search_sparse(([1], [2.0]), 5) == [(A, 2.0)]
    assert slept == [0.5, 1.0]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_says_when_to_come_back(server: QdrantServer, status: int) -> None:
    slept = Slept()
    with stores_on(server, slept=slept).create(1) as index:
        server.bad = [Bad(status, {"retry-after": "7"})]
        index.add([(A, ([1], [1.0]))])
        assert index.count() == 1
        server.bad = [Bad(status, {"retry-after": "3600"})]
        with pytest.raises(StoreServerError, match="later"):
            index.add([(A, ([1], [1.0]))])
    assert slept == [7.0]


def test_writing_is_patient_and_a_search_is_not(server: QdrantServer) -> None:
    slept = Slept()
    with stores_on(server, slept=slept).create(1) as index:
        server.bad = [Bad(503, body="busy")] * 5
        with pytest.raises(StoreServerError, match=r"cannot work now \(503\): busy"):
            index.add([(A, ([1], [1.0]))])
        assert slept == [0.5, 1.0, 2.0, 4.0]
        server.bad = [Bad(503, body="busy")] * 2
        with pytest.raises(StoreServerError, match="busy"):
            index.search_sparse(([1], [1.0]), 5)
        assert slept[4:] == [0.2]


def test_a_collection_that_was_made_though_the_response_was_lost_is_no_error(server: QdrantServer) -> None:
    stores = stores_on(server)
    stores.create(1).close()
    stores.create(1).close()
    assert stores.numbers() == [1]


def test_a_server_that_does_not_respond_in_time(server: QdrantServer) -> None:
    server.hold = threading.Event()
    with pytest.raises(StoreServerError, match=r"127\.0\.0\.1:\d+ did not respond within 1 s.*qdrant\.timeout"):
        QdrantServerStores(QdrantConfig(url=server.url, timeout=1.0), "uid1", "docs", Slept()).load(1)


def test_a_server_that_is_away() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://name:secret@127.0.0.1:{taken.getsockname()[1]}"
        stores = QdrantServerStores(QdrantConfig(url=url), "uid1", "docs", Slept())
        with pytest.raises(
            StoreServerError, match=r"The Qdrant server 127\.0\.0\.1:\d+ is away.*qdrant\.url"
        ) as caught:
            stores.load(1)
    assert "secret" not in str(caught.value)


def test_https_to_a_server_that_speaks_plain_http(server: QdrantServer) -> None:
    config = QdrantConfig(url=server.url.replace("http://", "https://"))
    with pytest.raises(StoreServerError, match="could not be reached over TLS"):
        QdrantServerStores(config, "uid1", "docs", Slept()).load(1)


def test_a_server_that_is_too_old_is_refused_before_anything_is_made(server: QdrantServer) -> None:
    server.version = "1.17.4"
    with pytest.raises(StoreServerError, match=r"has version 1\.17\.4; 1\.18 or newer"):
        stores_on(server).create(1)
    assert server.requests == ["GET /"]


def test_what_is_no_qdrant_server(server: QdrantServer) -> None:
    for body in ('{"hello": "you"}', "<html>"):
        server.bad = [Bad(200, {"content-type": "application/json"}, body)]
        with pytest.raises(StoreServerError, match=r"no Qdrant server sends.*qdrant\.url"):
            stores_on(server).load(1)


@pytest.mark.parametrize("url", ["localhost:6333", "ftp://host", "http://"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(UsageError, match=r"qdrant\.url: expected http"):
        QdrantServerStores(QdrantConfig(url=url), "uid1", "docs").load(1)


def test_collections_share_a_server_unseen(server: QdrantServer) -> None:
    one, two, longer = stores_on(server, "uid1"), stores_on(server, "uid2"), stores_on(server, "uid1-vectors-1")
    for stores in (one, two, longer):
        with stores.create(1) as index:
            index.add([(A, ([1], [1.0]))])
    one.drop_but(None)
    assert (one.numbers(), two.numbers(), longer.numbers()) == ([], [1], [1])
    with pytest.raises(IndexCorruptError, match=r"uid1-vectors-1 on 127\.0\.0\.1"):
        one.load(1)
    with two.load(1) as index:
        assert index.count() == 1


def test_a_search_of_what_was_just_replaced_says_to_try_again(server: QdrantServer) -> None:
    stores = stores_on(server)
    with stores.create(1) as index:
        stores.drop_but(None)
        with pytest.raises(StoreServerError, match=r"does not have it \(404\).*again"):
            index.search_sparse(([1], [1.0]), 5)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the client forgets its lock's file
def test_the_local_mode_has_one_owner_and_a_broken_folder_is_said_to_be_damaged(home: Path) -> None:
    stores = QdrantFolderStores(home, "uid1", "docs")
    with stores.create(1), pytest.raises(IndexBusyError, match="open in another process"):
        stores.load(1)
    (home / "uid1-vectors-1" / "meta.json").write_text('{"collections": {')
    with pytest.raises(IndexCorruptError, match=r"JSONDecodeError.*hydragraph index PATH --name docs"):
        stores.load(1)
