"""Qdrant's HTTP API on the loopback, as far as Hydragraph asks it, over the client's own local mode in memory.

No real server: it shows what is sent, and answers badly when told to. As on a server, a vector for a point that is not
there is refused.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qdrant_client import QdrantClient, models


@dataclass(frozen=True, slots=True)
class Bad:
    """One bad response: a status with headers, or status 0 for a connection that is cut off."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"status": {"error": "told to fail"}}'


@dataclass
class QdrantServer:
    """What was asked of it, in order, and what it is told to answer next: `bad` first, then the truth."""

    url: str = ""
    version: str = "1.18.0"
    bad: list[Bad] = field(default_factory=list)
    hold: threading.Event | None = None
    requests: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    client: QdrantClient = field(default_factory=lambda: QdrantClient(":memory:", force_disable_check_same_thread=True))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if path == "/":
            return 200, {"title": "qdrant - vector search engine", "version": self.version}
        for pattern, reply in ROUTES.items():
            if match := re.fullmatch(pattern, f"{method} {path}"):
                return self._result(reply, match.groups(), body)
        return 404, {"status": {"error": f"no route {method} {path}"}}

    def _result(self, reply: Callable[..., Any], names: tuple[str, ...], body: Any) -> tuple[int, Any]:
        try:
            with self.lock:
                result = reply(self.client, *names, body)
        except (KeyError, ValueError) as error:
            return 404, {"status": {"error": f"Not found: {error}"}}
        return 200, {"status": "ok", "time": 0.0, "result": result}


def _json(model: Any) -> Any:
    return model.model_dump(mode="json")


def _listed(client: QdrantClient, _: Any) -> Any:
    return _json(client.get_collections())


def _exists(client: QdrantClient, name: str, _: Any) -> Any:
    return {"exists": client.collection_exists(name)}


def _described(client: QdrantClient, name: str, _: Any) -> Any:
    return _json(client.get_collection(name))


def _created(client: QdrantClient, name: str, body: Any) -> Any:
    asked = models.CreateCollection(**body)
    return client.create_collection(name, asked.vectors, sparse_vectors_config=asked.sparse_vectors)


def _dropped(client: QdrantClient, name: str, _: Any) -> Any:
    return client.delete_collection(name)


def _upserted(client: QdrantClient, name: str, body: Any) -> Any:
    return _json(client.upsert(name, models.PointsList(**body).points))


def _deleted(client: QdrantClient, name: str, body: Any) -> Any:
    return _json(client.delete(name, models.PointIdsList(**body).points))


def _updated(client: QdrantClient, name: str, body: Any) -> Any:
    return _json(client.update_vectors(name, models.UpdateVectors(**body).points))


def _retrieved(client: QdrantClient, name: str, body: Any) -> Any:
    asked = models.PointRequest(**body)
    found = client.retrieve(name, asked.ids, with_payload=asked.with_payload, with_vectors=asked.with_vector)
    return [_json(record) for record in found]


def _scrolled(client: QdrantClient, name: str, body: Any) -> Any:
    asked = models.ScrollRequest(**body)
    records, following = client.scroll(
        name, asked.filter, asked.limit, offset=asked.offset, with_vectors=asked.with_vector
    )
    return {"points": [_json(record) for record in records], "next_page_offset": following}


def _counted(client: QdrantClient, name: str, body: Any) -> Any:
    asked = models.CountRequest(**body)
    return _json(client.count(name, asked.filter))


def _queried(client: QdrantClient, name: str, body: Any) -> Any:
    asked = models.QueryRequest(**body)
    found = client.query_points(name, asked.query, using=asked.using, limit=asked.limit, with_payload=False)
    return _json(found)


def _named(client: QdrantClient, name: str, vector: str, body: Any) -> Any:
    return _json(client.create_vector_name(name, vector, models.DenseVectorNameConfig(**body)))


def _unnamed(client: QdrantClient, name: str, vector: str, _: Any) -> Any:
    return _json(client.delete_vector_name(name, vector))


ROUTES: Mapping[str, Callable[..., Any]] = {
    "GET /collections": _listed,
    "GET /collections/([^/]+)/exists": _exists,
    "GET /collections/([^/]+)": _described,
    "PUT /collections/([^/]+)": _created,
    "DELETE /collections/([^/]+)": _dropped,
    "PUT /collections/([^/]+)/points": _upserted,
    "POST /collections/([^/]+)/points/delete": _deleted,
    "PUT /collections/([^/]+)/points/vectors": _updated,
    "POST /collections/([^/]+)/points": _retrieved,
    "POST /collections/([^/]+)/points/scroll": _scrolled,
    "POST /collections/([^/]+)/points/count": _counted,
    "POST /collections/([^/]+)/points/query": _queried,
    "PUT /collections/([^/]+)/vectors/([^/]+)": _named,
    "DELETE /collections/([^/]+)/vectors/([^/]+)": _unnamed,
}


@contextmanager
def qdrant_server() -> Iterator[QdrantServer]:
    like = QdrantServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            body = json.loads(content) if content else None
            like.requests.append(f"{self.command} {self.path}")
            like.bodies.append(body)
            like.headers.append({name.lower(): value for name, value in self.headers.items()})
            if like.hold is not None:
                like.hold.wait()
            if like.bad:
                self._fail(like.bad.pop(0))
            else:
                status, result = like.answer(self.command, self.path.split("?")[0], body)
                self._send(status, {"content-type": "application/json"}, json.dumps(result))

        do_GET = do_PUT = do_POST = do_DELETE = _serve

        def _fail(self, bad: Bad) -> None:
            if bad.status == 0:
                self.connection.close()
                self.close_connection = True
            else:
                self._send(bad.status, bad.headers, bad.body)

        def _send(self, status: int, headers: Mapping[str, str], text: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing goes to the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        like.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield like
        finally:
            if like.hold is not None:
                like.hold.set()
            server.shutdown()
            thread.join()
            like.client.close()
