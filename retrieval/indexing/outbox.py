"""From the outbox to the vector store: what the database has and the store has not yet.

The order makes every prefix safe: the database commits first, the vector store follows and is flushed, and only then
the flag in the database says done. All steps can be taken twice. The owner's lock is held for a second or two at a
time, so that searches come between.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...domain import Embedder
from ...errors import EmbedderError
from ...storage.disk import FreeBytes, free_bytes, require_space
from ...storage.locks import WAIT_SECONDS
from ..reading.text_class import TextClass
from ..stores.collection import Collection
from ..stores.lexical import document_vector, grid_length
from ..stores.owed import DENSE, DENSE_PRIORITY, SPARSE, SPARSE_PRIORITY, Owed
from ..stores.protocols import VectorIndex, VectorStores
from ..stores.stamps import stamp_of
from ..stores.texts import Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

SPARSE_BATCH = 2000
DENSE_BATCH = 256
MOST_DENSE = 8192  # 13 MB of vectors
CARRYING = 0.1  # of the time of embedding
EMBED_BATCH = 64  # kept as soon as it is made
HOLD_SECONDS = 2.0
BREATH_SECONDS = 0.1  # between two holds, several times what a waiting search sleeps

Count = Callable[[int], None]
CountRanked = Callable[[Mapping[int, int]], None]  # by the priority that they were owed with
DenseRow = tuple[Owed, bytes]  # a chunk that is owed, and the key of its vector


def uncounted(_: object) -> None:
    """For those who do not ask for progress."""


@dataclass(frozen=True, slots=True)
class Holding:
    """How long to wait for the owner's lock, and how to ask for free disk space."""

    wait: float = WAIT_SECONDS
    free: FreeBytes = free_bytes


def next_batch(size: int, making: float, carrying: float) -> int:
    """How many chunks to embed before the next are carried, from the seconds that the last took.

    Opening a vector store of 100,000 points takes more than a second, whether for few vectors or for many.
    """
    wanted = size * carrying / (CARRYING * making) if making > 0 else MOST_DENSE
    return int(min(max(wanted, DENSE_BATCH), MOST_DENSE))


def owe_dense(store: Store, chunks: Iterable[tuple[str, TextClass]]) -> None:
    """Owe the vectors of these chunks; data has none, unless the collection embeds it."""
    embedded = [(chunk_id, kind) for chunk_id, kind in chunks if kind != "data" or store.embeds_data]
    owed = [Owed(chunk_id, "put", DENSE_PRIORITY[kind]) for chunk_id, kind in embedded]
    store.outbox.owe(DENSE, owed)


class Outbox:
    """Carries one collection's outbox to its vector store. The writer's lock is held by the caller."""

    def __init__(self, collection: Collection, store: Store, holding: Holding) -> None:
        self.collection = collection
        self.store = store
        self.holding = holding
        self._owed = store.outbox

    @contextmanager
    def shard(self) -> Iterator[VectorIndex]:
        """The vector store, under the owner's lock for as long as the block runs where it has one."""
        with self.collection.shard(self.store, self.holding.wait, free=self.holding.free) as shard:
            yield shard

    @property
    def stores(self) -> VectorStores:
        """Where the vector store and those to replace it live."""
        return self.collection.vectors(self.store, self.holding.free)

    # --- deleted points and sparse vectors

    def carry_sparse(self, count: Count = uncounted) -> None:
        """Take out what is gone, and bring every sparse vector up to date."""
        if not self.store.meta("grid"):
            self.store.set_meta("grid", repr(self.store.grid_length()))
        while self._owed.count(SPARSE):
            with self.shard() as shard:
                until = time.monotonic() + HOLD_SECONDS
                while time.monotonic() < until and self._carry_some(shard, count):
                    pass
            if self._owed.count(SPARSE):
                time.sleep(BREATH_SECONDS)

    def _carry_some(self, shard: VectorIndex, count: Count) -> bool:
        """Whether anything was owed. What is gone comes first, so that no search finds it any more."""
        owed = self._owed.owed(SPARSE, SPARSE_BATCH)
        average = self.store.grid_length()
        gone = [one.item for one in owed if one.action == "delete"]
        chunks = {it.chunk_id: it for it in self.store.candidates([one.item for one in owed])}
        vectors = {key: document_vector(it.terms, it.length, average) for key, it in chunks.items()}
        shard.delete(gone)
        shard.add([(one.item, vectors[one.item]) for one in owed if one.action == "put"])
        shard.set_sparse([(one.item, vectors[one.item]) for one in owed if one.action == "reweigh"])
        shard.flush()
        with self.store.transaction():
            self._owed.done(SPARSE, owed)
            self.store.set_meta("buried", str(int(self.store.meta("buried", "0")) + len(gone)))
        count(len(owed) - len(gone))
        return bool(owed)

    def settle_weights(self) -> None:
        """Put the stored weights on the grid step of what is there now."""
        grid = repr(grid_length(self.store.stats().average_length))
        with self.store.transaction():
            if self.store.meta("grid") != grid:
                self.store.set_meta("grid", grid)
                ids = self.store.chunk_ids()
                self._owed.owe(SPARSE, [Owed(key, "reweigh", SPARSE_PRIORITY["reweigh"]) for key in ids])

    # --- dense vectors

    def stamp(self, embedder: Embedder) -> None:
        """From now on the outbox is about this embedder; the vectors of another stay until these are complete."""
        if self.store.embedder == stamp_of(embedder):
            return
        with self.store.transaction():
            self.store.set_meta("embedder", stamp_of(embedder))
            owe_dense(self.store, self.store.classes())

    def embed_data(self, wanted: bool) -> None:
        """Whether data is embedded from now on: what is there is owed its vectors, or is owed them no more."""
        if self.store.embeds_data == wanted:
            return
        data = [(chunk_id, kind) for chunk_id, kind in self.store.classes() if kind == "data"]
        with self.store.transaction():
            self.store.set_meta("embed_data", "1" if wanted else "")
            self._owed.drop(DENSE, [chunk_id for chunk_id, _ in data])
            if self.store.embedder:
                owe_dense(self.store, data)

    def carry_dense(self, embedder: Embedder, count: CountRanked = uncounted) -> int:
        """Give every chunk its dense vector; how many texts had to be embedded."""
        embedded, batch = 0, DENSE_BATCH
        while owed := self._owed.owed(DENSE, batch):
            rows = self._rows(owed)
            started = time.monotonic()
            vectors = self.store.vectors.of(stamp_of(embedder), {content for _, content in rows})
            try:
                embedded += self._make(embedder, rows, vectors, count)
            except (KeyboardInterrupt, EmbedderError):
                self._carry_some_dense(embedder, rows, vectors)  # what is made is ready for searches
                raise
            made = time.monotonic()
            self._carry_some_dense(embedder, rows, vectors)
            batch = next_batch(len(owed), made - started, time.monotonic() - made)
        return embedded

    def _rows(self, owed: Sequence[Owed]) -> list[DenseRow]:
        content = self.store.content_keys([one.item for one in owed])
        return [(one, content[one.item]) for one in owed]

    def _carry_some_dense(self, embedder: Embedder, rows: Sequence[DenseRow], vectors: Mapping[bytes, Vectors]) -> None:
        ready = [row for row in rows if row[1] in vectors]
        if ready:
            with self.shard() as shard:
                shard.set_dense(stamp_of(embedder), [(one.item, vectors[content]) for one, content in ready])
                shard.flush()
                with self.store.transaction():
                    self._owed.done(DENSE, [one for one, _ in ready])

    def _make(
        self, embedder: Embedder, rows: Sequence[DenseRow], known: dict[bytes, Vectors], count: CountRanked
    ) -> int:
        """Make and keep the vectors that are missing, and put them to the known ones; how many they were."""
        missing = {content: one.item for one, content in rows if content not in known}
        ranks: dict[bytes, Counter[int]] = defaultdict(Counter)
        for one, content in rows:
            ranks[content][one.priority] += 1
        count(sum((ranks[key] for key in known), Counter[int]()))
        keys = list(missing)
        for start in range(0, len(keys), EMBED_BATCH):
            part = keys[start : start + EMBED_BATCH]
            made = dict(zip(part, self._embed(embedder, [missing[key] for key in part]), strict=True))
            self._keep(stamp_of(embedder), list(made.items()))
            known |= made
            count(sum((ranks[key] for key in part), Counter[int]()))
        return len(keys)

    def _embed(self, embedder: Embedder, chunk_ids: Sequence[str]) -> Vectors:
        chunks = self.store.chunks(chunk_ids)
        vectors = embedder.embed([chunks[chunk_id].embedded_text for chunk_id in chunk_ids])
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def _keep(self, model: str, items: Sequence[tuple[bytes, Vectors]]) -> None:
        require_space(self.collection.folder, 4 * sum(vector.nbytes for _, vector in items), self.holding.free)
        self.store.vectors.keep(model, items)

    def drop_unused_vectors(self) -> None:
        """Keep the vectors of chunks that are there, and of another embedder only until this one's are complete."""
        model = self.store.embedder
        self.store.vectors.drop_unused()
        if self._owed.count(DENSE) or not self.store.vectors.has_others(model):
            return
        with self.shard() as shard:
            shard.drop_dense_but(model)
            shard.flush()
        self.store.vectors.drop_others(model)
