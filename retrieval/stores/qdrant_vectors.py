"""Vectors on a Qdrant server through its official client, or in the folder of that client's local mode.

The points are those of `edge_vectors`: the chunk's id, a sparse vector 'bm25' without any weighing by the server (the
query carries idf), a named dense vector per embedder. Names on the server begin with the collection's uid, so that two
collections, or two homes, share one without seeing each other.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .edge_config import SPARSE
from .edge_vectors import parts, vector_name
from .lexical import SparseVector
from .qdrant_connection import READING, WRITING, Server

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from qdrant_client import QdrantClient, models

    from .protocols import DensePoint

    Vector = NDArray[np.float32]

SPARSE_BATCH = 500
DENSE_BATCH = 128  # a request of one megabyte
PAGE = 1000
HNSW_EF = 256  # recall@10 .996 at 100,000 vectors, .98 with 128: measured on Edge with the server's m and ef_construct

T = TypeVar("T")


class QdrantVectors:
    """One Qdrant collection as a VectorIndex."""

    def __init__(self, client: QdrantClient, name: str, server: Server | None) -> None:
        self._client = client
        self._name = name
        self._server = server
        self._dense = set(self._configured())

    def _configured(self) -> Any:
        info = self._read(self._client.get_collection)
        return info.config.params.vectors or {}

    @property
    def is_exclusive(self) -> bool:
        return self._server is None

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> QdrantVectors:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def flush(self) -> None:
        """Nothing to do: each request waits until it is applied."""

    # --- writing

    def add(self, items: Sequence[tuple[str, SparseVector]]) -> None:
        from qdrant_client import models

        for part in parts(items, SPARSE_BATCH):
            points = [models.PointStruct(id=_uuid(key), vector={SPARSE: _sparse(vector)}) for key, vector in part]
            self._write(self._client.upsert, points, wait=True)

    def set_sparse(self, items: Sequence[tuple[str, SparseVector]]) -> None:
        for part in parts(items, SPARSE_BATCH):
            self._set([(key, {SPARSE: _sparse(vector)}) for key, vector in part])

    def set_dense(self, stamp: str, items: Sequence[tuple[str, Vector]]) -> None:
        name = vector_name(stamp)
        if items:
            self._ensure_dense(name, len(items[0][1]))
        for part in parts(items, DENSE_BATCH):
            self._set([(key, {name: vector.tolist()}) for key, vector in part])

    def delete(self, chunk_ids: Sequence[str]) -> None:
        for part in parts(chunk_ids, SPARSE_BATCH):
            self._write(self._client.delete, [_uuid(key) for key in part], wait=True)

    def drop_dense_but(self, stamp: str) -> None:
        for name in self._dense - {vector_name(stamp)}:
            self._write(self._client.delete_vector_name, name, wait=True)
            self._dense.discard(name)

    def _set(self, items: Sequence[tuple[str, Any]]) -> None:
        """Qdrant refuses a whole batch for one id that is not there."""
        from qdrant_client import models

        ids = [_uuid(key) for key, _ in items]
        found = self._read(self._client.retrieve, ids, with_payload=False, with_vectors=False)
        there = {str(record.id) for record in found}
        points = [
            models.PointVectors(id=key, vector=value)
            for key, (_, value) in zip(ids, items, strict=True)
            if key in there
        ]
        if points:
            self._write(self._client.update_vectors, points, wait=True)

    def _ensure_dense(self, name: str, dimension: int) -> None:
        from qdrant_client import models

        if name in self._dense:
            return
        dense = models.DenseVectorConfig(size=dimension, distance=models.Distance.DOT)
        config = models.DenseVectorNameConfig(dense=dense)
        self._write(self._client.create_vector_name, name, config, wait=True)
        self._dense.add(name)

    # --- reading

    def search_sparse(self, vector: SparseVector, limit: int) -> list[tuple[str, float]]:
        return self._search(_sparse(vector), SPARSE, limit) if vector[0] else []

    def search_dense(self, stamp: str, vector: Vector, limit: int) -> list[tuple[str, float]]:
        name = vector_name(stamp)
        return self._search(vector.tolist(), name, limit) if name in self._dense else []

    def count(self, stamp: str | None = None) -> int:
        from qdrant_client import models

        condition = None
        if stamp is not None:
            if vector_name(stamp) not in self._dense:
                return 0
            condition = models.Filter(must=[models.HasVectorCondition(has_vector=vector_name(stamp))])
        return self._read(self._client.count, condition, exact=True).count

    def points(self, stamp: str = "") -> Iterator[DensePoint]:
        name = vector_name(stamp)
        wanted = {"limit": PAGE, "with_payload": False, "with_vectors": [SPARSE, *({name} & self._dense)]}
        offset: Any = None
        while True:
            records, offset = self._read(self._client.scroll, offset=offset, **wanted)
            for record in records:
                vectors = cast("dict[str, Any]", record.vector or {})
                sparse = vectors.get(SPARSE)
                pair = (list(sparse.indices), list(sparse.values)) if sparse else ([], [])
                yield uuid.UUID(str(record.id)).hex, pair, vectors.get(name)
            if offset is None:
                return

    def _search(self, vector: Any, name: str, limit: int) -> list[tuple[str, float]]:
        from qdrant_client import models

        # The local mode scans, and warns of parameters.
        params = None if self._server is None else models.SearchParams(hnsw_ef=HNSW_EF, exact=False)
        query = {"using": name, "limit": limit, "search_params": params, "with_payload": False}
        found = self._read(self._client.query_points, vector, **query)
        return [(uuid.UUID(str(point.id)).hex, point.score) for point in found.points]

    def _read(self, method: Callable[..., T], *arguments: Any, **named: Any) -> T:
        return self._ask(READING, partial(method, self._name, *arguments, **named))

    def _write(self, method: Callable[..., T], *arguments: Any, **named: Any) -> T:
        return self._ask(WRITING, partial(method, self._name, *arguments, **named))

    def _ask(self, delays: tuple[float, ...], request: Callable[[], T]) -> T:
        return request() if self._server is None else self._server.ask(request, delays)


def _uuid(chunk_id: str) -> str:
    return str(uuid.UUID(hex=chunk_id))


def _sparse(vector: SparseVector) -> models.SparseVector:
    from qdrant_client import models

    return models.SparseVector(indices=vector[0], values=vector[1])
