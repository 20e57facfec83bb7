"""The vector store of a collection: one Qdrant Edge shard, one point per chunk with a sparse and a dense vector.

A point holds no text and no path, only numbers under the chunk's id. Dense vectors live under one name per embedder, so
that those of a new embedder are made beside the old ones.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...errors import CollectionError, IndexBusyError, IndexCorruptError
from ...storage.disk import FreeBytes, free_bytes, require_space
from ...storage.faults import LEAST_FREE, full, os_fault
from .edge_config import SPARSE, create_shard, note_written, read_config, search_params, written
from .lexical import SparseVector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from qdrant_edge import EdgeShard, UpdateOperation

    Vectors = NDArray[np.float32]

PREFIX = "vectors-"
SPARSE_BATCH = 500  # every call holds the GIL until it is done
DENSE_BATCH = 128
PAGE = 1000
NO_POINT = "No point with id"
NOT_DAMAGE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE})

T = TypeVar("T")


def vector_name(stamp: str) -> str:
    """The name of an embedder's vectors in the shard."""
    return f"dense-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"


class EdgeVectors:
    """An open shard. Its folder is locked by Qdrant Edge until `close`; errors come as our own."""

    def __init__(self, folder: Path, shard: EdgeShard, free: FreeBytes) -> None:
        self.folder = folder
        self._shard = shard
        self._free = free
        vectors = read_config(folder).get("vectors", {})
        self._dense = set(vectors)
        self._coded = {name for name, vector in vectors.items() if vector.get("quantization_config")}
        self._writes = 0

    @property
    def is_exclusive(self) -> bool:
        return True

    @classmethod
    def create(cls, folder: Path, *, free: FreeBytes = free_bytes) -> EdgeVectors:
        """Make an empty shard in a folder that is not there yet."""
        require_space(folder.parent, 0, free)
        with _translated(folder):
            return cls(folder, create_shard(folder), free)

    @classmethod
    def load(cls, folder: Path, *, free: FreeBytes = free_bytes) -> EdgeVectors:
        """Open a shard that is there."""
        import qdrant_edge as edge

        if free(folder) < LEAST_FREE:
            raise full(folder)
        with _translated(folder):
            shard = cls(folder, edge.EdgeShard.load(str(folder)), free)
        if SPARSE in read_config(folder).get("sparse_vectors", {}):
            return shard
        shard.close()
        raise unusable(folder, "it has no sparse vectors", folder.parent.name)

    def close(self) -> None:
        with _translated(self.folder):
            self._shard.close()

    def __enter__(self) -> EdgeVectors:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def flush(self) -> None:
        """Everything until here is on the disk, even if the power fails now."""
        with _translated(self.folder):
            self._shard.flush()
        if self._writes:
            note_written(self.folder, self.written)
            self._writes = 0

    @property
    def is_optimized(self) -> bool:
        """Whether it was ever brought into its optimized form; what was written since is not."""
        return "hnsw_config" in read_config(self.folder)

    @property
    def written(self) -> int:
        """How many points were written or deleted since the shard was made or optimized, each time counted."""
        return written(self.folder) + self._writes

    # --- writing

    def add(self, items: Sequence[tuple[str, SparseVector]]) -> None:
        """Put points with their sparse vector; what was there under the same ids is gone, dense vectors included."""
        import qdrant_edge as edge

        for part in parts(items, SPARSE_BATCH):
            points = [edge.Point(_uuid(chunk_id), {SPARSE: edge.SparseVector(*vector)}) for chunk_id, vector in part]
            self._update(edge.UpdateOperation.upsert_points(points), _sparse_bytes(part))
            self._writes += len(part)

    def set_sparse(self, items: Sequence[tuple[str, SparseVector]]) -> None:
        """Replace the sparse vectors of points that are there; their dense vectors stay."""
        import qdrant_edge as edge

        for part in parts(items, SPARSE_BATCH):
            vectors = [(_uuid(chunk_id), {SPARSE: edge.SparseVector(*vector)}) for chunk_id, vector in part]
            self._set(vectors, _sparse_bytes(part))

    def set_dense(self, stamp: str, items: Sequence[tuple[str, Vectors]]) -> None:
        """Give points that are there their dense vector of one embedder."""

        name = vector_name(stamp)
        if items:
            self._ensure_dense(name, len(items[0][1]))
        for part in parts(items, DENSE_BATCH):
            vectors = [(_uuid(chunk_id), {name: vector.tolist()}) for chunk_id, vector in part]
            self._set(vectors, sum(vector.nbytes for _, vector in part))

    def delete(self, chunk_ids: Sequence[str]) -> None:
        """Take points out; ids that are not there are no error."""
        import qdrant_edge as edge

        for part in parts(chunk_ids, SPARSE_BATCH):
            self._update(edge.UpdateOperation.delete_points([_uuid(chunk_id) for chunk_id in part]), 16 * len(part))
            self._writes += len(part)

    def drop_dense_but(self, stamp: str) -> None:
        """Drop the vectors of every other embedder."""
        import qdrant_edge as edge

        for name in self._dense - {vector_name(stamp)}:
            self._update(edge.UpdateOperation.delete_vector_name(name), 0)
            self._dense.discard(name)
            self._coded.discard(name)

    def _ensure_dense(self, name: str, dimension: int) -> None:
        import qdrant_edge as edge

        if name not in self._dense:
            create = edge.UpdateOperation.create_dense_vector(name, dimension, edge.Distance.Dot)
            self._update(create, 0)
            self._dense.add(name)

    def _set(self, items: Sequence[tuple[str, Any]], size: int) -> None:
        """Edge stops at the first id that is not there, so leave those out, but look only where it has stopped."""
        import qdrant_edge as edge

        self._writes += len(items)
        try:
            self._update(edge.UpdateOperation.update_vectors([edge.PointVectors(*item) for item in items]), size)
        except IndexCorruptError as error:
            if NO_POINT not in str(error):
                raise
            with _translated(self.folder):
                found = {str(record.id) for record in self._shard.retrieve([key for key, _ in items], False, False)}
            points = [edge.PointVectors(*item) for item in items if item[0] in found]
            self._update(edge.UpdateOperation.update_vectors(points), size)

    def _update(self, operation: UpdateOperation, size: int) -> None:
        require_space(self.folder, 4 * size, self._free)  # log and storage, and room for their growth
        with _translated(self.folder):
            self._shard.update(operation)

    # --- reading

    def search_sparse(self, vector: SparseVector, limit: int) -> list[tuple[str, float]]:
        """The best points by the dot product of sparse vectors: chunk id and score, best first."""
        import qdrant_edge as edge

        return self._search(edge.SparseVector(*vector), SPARSE, limit)

    def search_dense(self, stamp: str, vector: Vectors, limit: int) -> list[tuple[str, float]]:
        """The best points by the dot product of one embedder's vectors, of all; none where it has none here."""
        name = vector_name(stamp)
        if name not in self._dense:
            return []
        return self._search(vector.tolist(), name, limit)

    def count(self, stamp: str | None = None) -> int:
        """How many points there are, or have a dense vector of this embedder."""
        import qdrant_edge as edge

        condition = None
        if stamp is not None:
            if vector_name(stamp) not in self._dense:
                return 0
            condition = edge.Filter(must=[edge.HasVectorCondition(vector_name(stamp))])
        with _translated(self.folder):
            return int(self._shard.count(edge.CountRequest(filter=condition, exact=True)))

    def points(self, stamp: str = "") -> Iterator[tuple[str, SparseVector, list[float] | None]]:
        """Every point: chunk id, sparse vector, and this embedder's vector where it is there; in the order of ids."""
        import qdrant_edge as edge

        offset: Any = None
        while True:
            with _translated(self.folder):
                request = edge.ScrollRequest(offset=offset, limit=PAGE, with_payload=False, with_vector=True)
                records, offset = self._shard.scroll(request)
            for record in records:
                vectors = cast(Mapping[str, Any], record.vector or {})
                sparse = vectors.get(SPARSE)
                pair = (list(sparse.indices), list(sparse.values)) if sparse else ([], [])
                yield cast(uuid.UUID, record.id).hex, pair, vectors.get(vector_name(stamp))
            if offset is None:
                return

    def _search(self, vector: Any, name: str, limit: int) -> list[tuple[str, float]]:
        import qdrant_edge as edge

        query = edge.Query.Nearest(vector, using=name)
        request = edge.SearchRequest(query, limit, params=search_params(has_codes=name in self._coded))
        with _translated(self.folder):
            found: Any = self._shard.search(request)  # ids are uuid.UUIDs here, never the other kinds
            return [(point.id.hex, point.score) for point in found]


def parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in batches of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _sparse_bytes(items: Sequence[tuple[str, SparseVector]]) -> int:
    return sum(16 + 8 * len(ids) for _, (ids, _) in items)


def _uuid(chunk_id: str) -> str:
    return str(uuid.UUID(hex=chunk_id))


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    """Qdrant Edge raises bare Exceptions, and panics that are no Exceptions."""
    try:
        yield
    except BaseException as error:
        if type(error) is not Exception and type(error).__name__ != "PanicException":
            raise
        if "WouldBlock" in str(error):
            raise IndexBusyError(f"The vector store {folder} is open in another process.") from error
        raise _fault(folder, str(error)) from error


def _fault(folder: Path, reason: str) -> CollectionError:
    """Edge says what the system said only in its message."""
    for code in map(int, re.findall(r"\(os error (\d+)\)", reason)):
        if code in NOT_DAMAGE:
            return os_fault(folder, OSError(code, os.strerror(code)))
    return unusable(folder, reason, folder.parent.name)


def unusable(place: Path | str, reason: str, collection: str) -> IndexCorruptError:
    """A vector store is a copy: the next index makes it again from the database, without embedding anything anew."""
    return IndexCorruptError(
        f"The vector store {place} cannot be used: {reason}.",
        f"Run `hydragraph index PATH --name {collection}` to make it again.",
    )


@dataclass(frozen=True, slots=True)
class EdgeStores:
    """A collection's vector indexes on this machine: folders `vectors-1`, `vectors-2`, ... beside its database."""

    folder: Path
    free: FreeBytes = free_bytes

    @property
    def is_exclusive(self) -> bool:
        return True

    @property
    def host(self) -> str:
        return ""

    def create(self, number: int) -> EdgeVectors:
        return EdgeVectors.create(self.place(number), free=self.free)

    def load(self, number: int) -> EdgeVectors:
        if not self.place(number).is_dir():
            raise unusable(self.place(number), "it is gone", self.folder.name)
        return EdgeVectors.load(self.place(number), free=self.free)

    def numbers(self) -> list[int]:
        found = [path.name.removeprefix(PREFIX) for path in self.folder.glob(f"{PREFIX}*")]
        return sorted(int(number) for number in found if number.isdigit())

    def drop_but(self, number: int | None) -> None:
        for path in self.folder.glob(f"{PREFIX}*"):
            if number is None or path != self.place(number):
                shutil.rmtree(path)

    def place(self, number: int) -> Path:
        return self.folder / f"{PREFIX}{number}"
