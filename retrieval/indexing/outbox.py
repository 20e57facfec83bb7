"""From the outbox to the vector store: what the database has and the store has not yet.

The order makes every prefix safe: the database commits first, the vector store follows and is flushed, and only then
the flag in the database says done. All steps can be taken twice. The owner's lock is held for a second or two at a
time, so that searches come between.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...domain import Embedder
from ...errors import EmbedderError
from ..stores.collection import WAIT_SECONDS, Collection
from ..stores.edge_vectors import FreeBytes, VectorShard, free_bytes, require_space
from ..stores.lexical import document_vector, grid_length
from ..stores.texts import Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

SPARSE_BATCH = 2000
DENSE_BATCH = 256
EMBED_BATCH = 64  # kept as soon as it is made
HOLD_SECONDS = 2.0
BREATH_SECONDS = 0.1  # between two holds, several times what a waiting search sleeps

Count = Callable[[int], None]
DenseRow = tuple[int, str, bytes]  # num, id and content key of a chunk


def uncounted(_: int) -> None:
    """For those who do not ask for progress."""


@dataclass(frozen=True, slots=True)
class Holding:
    """How long to wait for the owner's lock, and how to ask for free disk space."""

    wait: float = WAIT_SECONDS
    free: FreeBytes = free_bytes


def stamp_of(embedder: Embedder) -> str:
    """What the vectors of an index depend on."""
    return f"{embedder.name}:{embedder.dimension}"


class Outbox:
    """Carries one collection's outbox to its vector store. The writer's lock is held by the caller."""

    def __init__(self, collection: Collection, store: Store, holding: Holding) -> None:
        self.collection = collection
        self.store = store
        self.holding = holding

    @contextmanager
    def shard(self) -> Iterator[VectorShard]:
        """The vector store, under the owner's lock for as long as the block runs."""
        with (
            self.collection.owner(self.holding.wait),
            self.collection.shard(self.store, free=self.holding.free) as shard,
        ):
            yield shard

    # --- deleted points and sparse vectors

    def carry_sparse(self, count: Count = uncounted) -> None:
        """Take out what is gone, and bring every sparse vector up to date."""
        if not self.store.meta("grid"):
            self.store.set_meta("grid", repr(self.store.grid_length()))
        while self._waiting():
            with self.shard() as shard:
                until = time.monotonic() + HOLD_SECONDS
                self._bury(shard)
                while time.monotonic() < until and (carried := self._carry_some(shard)):
                    count(carried)
            if self._waiting():
                time.sleep(BREATH_SECONDS)

    def _waiting(self) -> bool:
        sql = "SELECT EXISTS (SELECT 1 FROM tombstones) OR EXISTS (SELECT 1 FROM chunks WHERE sparse <> 1)"
        return bool(self.store.execute(sql).fetchone()[0])

    def _bury(self, shard: VectorShard) -> None:
        """First of all: a chunk that came back must not be put before its old point is out."""
        ids = [str(chunk_id) for (chunk_id,) in self.store.execute("SELECT id FROM tombstones")]
        if not ids:
            return
        shard.delete(ids)
        shard.flush()
        with self.store.transaction():
            self.store.executemany("DELETE FROM tombstones WHERE id = ?", [(chunk_id,) for chunk_id in ids])
            self.store.set_meta("buried", str(int(self.store.meta("buried", "0")) + len(ids)))

    def _carry_some(self, shard: VectorShard) -> int:
        sql = "SELECT num, id, length, sparse, terms FROM chunks JOIN texts USING (num) WHERE sparse <> 1 LIMIT ?"
        rows = self.store.execute(sql, (SPARSE_BATCH,)).fetchall()
        average = self.store.grid_length()
        vectors = [(row[1], document_vector(row[4], row[2], average)) for row in rows]
        shard.add([vector for vector, row in zip(vectors, rows, strict=True) if row[3] == 0])
        shard.set_sparse([vector for vector, row in zip(vectors, rows, strict=True) if row[3] == 2])
        shard.flush()
        self._mark("sparse", [row[0] for row in rows])
        return len(rows)

    def _mark(self, column: str, nums: Sequence[int]) -> None:
        with self.store.transaction():
            self.store.executemany(f"UPDATE chunks SET {column} = 1 WHERE num = ?", [(num,) for num in nums])  # noqa: S608

    def settle_weights(self) -> None:
        """Put the stored weights on the grid step of what is there now, and keep the statistics for searches."""
        stats = self.store.count_stats()
        grid = repr(grid_length(stats.average_length))
        with self.store.transaction():
            kept = {"generation": self.store.meta("generation"), **asdict(stats)}
            self.store.set_meta("stats", json.dumps(kept))
            if self.store.meta("grid") != grid:
                self.store.set_meta("grid", grid)
                self.store.execute("UPDATE chunks SET sparse = 2 WHERE sparse = 1")

    # --- dense vectors

    def stamp(self, embedder: Embedder) -> None:
        """From now on the outbox is about this embedder; the vectors of another stay until these are complete."""
        if self.store.embedder == stamp_of(embedder):
            return
        with self.store.transaction():
            self.store.set_meta("embedder", stamp_of(embedder))
            self.store.execute("UPDATE chunks SET dense = 0")

    def carry_dense(self, embedder: Embedder, count: Count = uncounted) -> int:
        """Give every chunk its dense vector; how many texts had to be embedded."""
        embedded = 0
        sql = "SELECT num, id, content FROM chunks WHERE dense = 0 AND sparse > 0 ORDER BY num LIMIT ?"
        while rows := self.store.execute(sql, (DENSE_BATCH,)).fetchall():
            vectors = self._kept(stamp_of(embedder), rows)
            try:
                embedded += self._make(embedder, rows, vectors, count)
            except (KeyboardInterrupt, EmbedderError):
                self._carry_some_dense(embedder, rows, vectors)  # what is made is ready for searches
                raise
            self._carry_some_dense(embedder, rows, vectors)
        return embedded

    def _carry_some_dense(self, embedder: Embedder, rows: Sequence[DenseRow], vectors: Mapping[bytes, Vectors]) -> None:
        ready = [row for row in rows if row[2] in vectors]
        if ready:
            with self.shard() as shard:
                shard.set_dense(stamp_of(embedder), [(chunk_id, vectors[content]) for _, chunk_id, content in ready])
                shard.flush()
                self._mark("dense", [num for num, _, _ in ready])

    def _kept(self, model: str, rows: Sequence[DenseRow]) -> dict[bytes, Vectors]:
        """The vectors of these chunks that were made before, by content key."""
        sql = "SELECT vector FROM vectors WHERE model = ? AND content = ?"
        found = {row[2]: self.store.execute(sql, (model, row[2])).fetchone() for row in rows}
        return {content: np.frombuffer(row[0], dtype=np.float32) for content, row in found.items() if row}

    def _make(self, embedder: Embedder, rows: Sequence[DenseRow], known: dict[bytes, Vectors], count: Count) -> int:
        """Make and keep the vectors that are missing, and put them to the known ones; how many they were."""
        missing = {content: chunk_id for _, chunk_id, content in rows if content not in known}
        same = Counter(content for _, _, content in rows)
        count(sum(same[key] for key in known))
        keys = list(missing)
        for start in range(0, len(keys), EMBED_BATCH):
            part = keys[start : start + EMBED_BATCH]
            made = dict(zip(part, self._embed(embedder, [missing[key] for key in part]), strict=True))
            self._keep(stamp_of(embedder), list(made.items()))
            known |= made
            count(sum(same[key] for key in part))
        return len(keys)

    def _embed(self, embedder: Embedder, chunk_ids: Sequence[str]) -> Vectors:
        from ..chunking.chunker import embedded_text

        chunks = self.store.chunks(chunk_ids)
        vectors = embedder.embed([embedded_text(chunks[chunk_id]) for chunk_id in chunk_ids])
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def _keep(self, model: str, items: Sequence[tuple[bytes, Vectors]]) -> None:
        require_space(self.collection.folder, 4 * sum(vector.nbytes for _, vector in items), self.holding.free)
        with self.store.transaction():
            rows = [(model, key, vector.tobytes()) for key, vector in items]
            self.store.executemany("INSERT OR REPLACE INTO vectors VALUES (?,?,?)", rows)

    def drop_unused_vectors(self) -> None:
        """Keep the vectors of chunks that are there, and of another embedder only until this one's are complete."""
        unused = "DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.content = vectors.content)"
        model = self.store.embedder
        with self.store.transaction():
            self.store.execute(unused)
        if self.store.execute("SELECT EXISTS (SELECT 1 FROM chunks WHERE dense = 0)").fetchone()[0]:
            return
        if self.store.execute("SELECT EXISTS (SELECT 1 FROM vectors WHERE model <> ?)", (model,)).fetchone()[0]:
            with self.shard() as shard:
                shard.drop_dense_but(model)
                shard.flush()
            self.store.execute("DELETE FROM vectors WHERE model <> ?", (model,))
