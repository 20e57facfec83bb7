"""The graph of a collection on a Neo4j server (5.23 or newer), through its official driver.

Chunks are put by the ids of the ledger, a batch a transaction, so that everything can be done twice. Several
collections and homes share a server: what is theirs has keys that begin with the collection's id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import numpy as np

from ...domain import Reference, ReferenceKind
from ...settings import Neo4jConfig
from . import neo4j_queries as queries
from .edges import KINDS, edges_of, key_hash, keys, weight_of
from .names import as_written, fullest_key, those_of
from .neighbourhood import (
    FAN_OUT,
    FAR_EDGES,
    HUB_LEAST,
    HUB_SHARE,
    MOST_DEFINERS,
    NEAR_CHUNKS,
    Frequencies,
    GraphItem,
    Links,
    Neighbourhood,
)
from .neo4j_connection import Neo4jConnection, Transaction

BATCH: Final = 500  # chunks in one transaction
CLEAR_BATCH: Final = 5000  # nodes in one transaction
LIMITS: Final[Mapping[str, Any]] = {
    "hub_share": HUB_SHARE,
    "hub_least": HUB_LEAST,
    "fan_out": FAN_OUT,
    "near_chunks": NEAR_CHUNKS,
    "far_edges": FAR_EDGES,
}
T = TypeVar("T")
UID = re.compile(r"[0-9a-f]{32}")


class Neo4jGraph:
    """A GraphStore. `uid` is the id that the collection was given when it was made."""

    def __init__(self, config: Neo4jConfig, uid: str, *, patience: float | None = None) -> None:
        if not UID.fullmatch(uid):
            raise ValueError(f"expected the id of a collection, 32 hex digits, got {uid!r}")
        self._uid = uid
        self._connection = Neo4jConnection(config, patience)
        self._is_defined = False

    def close(self) -> None:
        self._connection.close()

    # --- what a search asks

    def frequencies(self, keys: Sequence[str]) -> Frequencies:
        rows = self._read(queries.FREQUENCIES, names=self._names(keys))
        if not rows:
            return Frequencies(0, {})
        degrees = dict(rows[0]["names"])
        found = {key: degrees[key_hash(key)] for key in keys if key_hash(key) in degrees}
        return Frequencies(rows[0]["total"], found)

    def definers(self, keys: Sequence[str]) -> dict[str, list[str]]:
        rows = self._read(queries.DEFINERS, names=self._names(keys), most=MOST_DEFINERS + 1)
        found = {row["hash"]: row["chunks"] for row in rows}
        return {key: found[key_hash(key)] for key in keys if key_hash(key) in found}

    def neighbourhood(self, keys: Sequence[str], seeds: Sequence[str]) -> Neighbourhood:
        chunks = [self._chunk(chunk_id) for chunk_id in seeds]
        rows = self._read(queries.NEIGHBOURHOOD, names=self._names(keys), seeds=chunks, **LIMITS)
        return _neighbourhood(**rows[0]) if rows else _neighbourhood(0, [], [])

    # --- what a person or a machine asks

    def definitions(self, name: str) -> list[Reference]:
        return as_written(name, self.references(name, ["defines"]))

    def references(self, name: str, kinds: Iterable[ReferenceKind]) -> list[Reference]:
        wanted, key = frozenset(kinds), fullest_key(name)
        rows = self._read(queries.REFERENCES, name=self._name(key), kinds=sorted(wanted))
        return those_of(key, wanted, (_reference(row["id"], said) for row in rows for said in row["said"]))

    def counts(self) -> Mapping[ReferenceKind, int]:
        return {KINDS[row["kind"]]: row["count"] for row in self._read(queries.COUNTS) if row["count"]}

    # --- writing

    def put(self, items: Sequence[GraphItem]) -> None:
        latest = list({item.chunk_id: item for item in items}.values())
        for start in range(0, len(latest), BATCH):
            self._write(partial(self._put, latest[start : start + BATCH]))

    def delete(self, chunk_ids: Sequence[str]) -> None:
        chunks = [self._chunk(chunk_id) for chunk_id in dict.fromkeys(chunk_ids)]
        for start in range(0, len(chunks), BATCH):
            self._write(partial(self._delete, chunks[start : start + BATCH]))

    def clear(self) -> None:
        for query in queries.CLEAR:
            while self._write(partial(self._clear_some, query)):
                pass

    def _clear_some(self, query: str, transaction: Transaction) -> int:
        """How many nodes it took out."""
        return int(transaction.run(query, {"collection": self._uid, "limit": CLEAR_BATCH})[0]["gone"])

    def _put(self, items: Sequence[GraphItem], transaction: Transaction) -> None:
        edges = [edge for item in items for edge in self._edges(item)]
        chunks = [self._chunk_row(item) for item in items]
        old = self._take_out_edges(transaction, [chunk["key"] for chunk in chunks])
        transaction.run(queries.PUT_CHUNKS, {"collection": self._uid, "chunks": chunks})
        transaction.run(queries.PUT_NAMES, {"collection": self._uid, "names": _names_of(edges)})
        transaction.run(queries.PUT_EDGES, {"edges": edges})
        transaction.run(queries.DELETE_UNUSED_NAMES, {"names": old})

    def _delete(self, chunks: Sequence[str], transaction: Transaction) -> None:
        old = self._take_out_edges(transaction, chunks)
        transaction.run(queries.DELETE_CHUNKS, {"collection": self._uid, "chunks": chunks})
        transaction.run(queries.DELETE_UNUSED_NAMES, {"names": old})

    @staticmethod
    def _take_out_edges(transaction: Transaction, chunks: Sequence[str]) -> list[str]:
        """The keys of the names that these chunks had."""
        found: list[str] = transaction.run(queries.TAKE_OUT_EDGES, {"chunks": chunks})[0]["names"]
        return found

    def _chunk_row(self, item: GraphItem) -> dict[str, Any]:
        said = {(one.kind, one.name) for one in item.references}
        counts = [sum(kind == other for other, _ in said) for kind in KINDS]
        return {"key": self._chunk(item.chunk_id), "id": item.chunk_id, "counts": counts}

    def _edges(self, item: GraphItem) -> Iterator[dict[str, Any]]:
        said = sorted({(one.kind, one.name) for one in item.references})
        meeting: dict[str, list[tuple[ReferenceKind, str]]] = {}
        for kind, name in said:
            for key in keys(kind, name):
                meeting.setdefault(key, []).append((kind, name))
        for key, mask in edges_of(said).items():
            yield {
                "chunk": self._chunk(item.chunk_id),
                "name": self._name(key),
                "hash": key_hash(key),
                "text": key,
                "weight": weight_of(mask),
                "kinds": sorted({kind for kind, _ in meeting[key]}),
                "said": [f"{kind} {name}" for kind, name in meeting[key]],
            }

    # --- keys and transactions

    def _chunk(self, chunk_id: str) -> str:
        return f"{self._uid}:{chunk_id}"

    def _name(self, key: str) -> str:
        return f"{self._uid}:{key_hash(key)}"

    def _names(self, keys: Sequence[str]) -> list[str]:
        return [self._name(key) for key in dict.fromkeys(keys)]

    def _read(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        return self._connection.read(query, {"collection": self._uid, **parameters})

    def _write(self, work: Callable[[Transaction], T]) -> T:
        if not self._is_defined:
            for statement in queries.SCHEMA:
                self._connection.define(statement)
            self._is_defined = True
        return self._connection.write(work)


def _names_of(edges: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The names at the ends of these edges, each once, with how many there are and what they weigh."""
    found: dict[str, dict[str, Any]] = {}
    for edge in edges:
        of_none = {"key": edge["name"], "hash": edge["hash"], "name": edge["text"], "degree": 0, "weight": 0}
        name = found.setdefault(edge["name"], of_none)
        name["degree"] += 1
        name["weight"] += edge["weight"]
    return list(found.values())


def _reference(chunk_id: str, said: str) -> Reference:
    kind, _, name = said.partition(" ")
    return Reference(chunk_id, next(one for one in KINDS if one == kind), name)


def _neighbourhood(total: int, names: Sequence[Sequence[int]], chunks: Sequence[tuple[str, Any]]) -> Neighbourhood:
    """In the order of hashes and ids."""
    by_id = sorted(chunks)
    links = [(at, *link) for at, (_, links) in enumerate(by_id) for link in sorted(links)]
    columns = np.array(links, dtype=np.int64).reshape(-1, 4).T
    pairs = np.array(sorted(map(tuple, names)), dtype=np.int64).reshape(-1, 2)
    return Neighbourhood(total, [chunk_id for chunk_id, _ in by_id], pairs[:, 0], pairs[:, 1], Links(*columns))
