"""A new vector store from the database: where the old one is lost, damaged, full of holes, or holds what was forgotten.

The new one is made beside the old, which goes on answering searches, and takes its place in one commit.
"""

from __future__ import annotations

import logging

from ...errors import CollectionError, IndexCorruptError
from ...storage.disk import require_space
from ..stores.lexical import document_vector
from ..stores.owed import DENSE, SPARSE
from ..stores.protocols import VectorIndex
from ..stores.texts import Store
from .graph_stage import renew_graph
from .outbox import Outbox, owe_dense

BATCH = 1000
HOLES = 2000  # points taken out since the last rebuild, and as many as are in: time to make room

log = logging.getLogger(__name__)


def ensure_shard(outbox: Outbox) -> None:
    """Make the vector store where it is missing or cannot be opened, and remove what a killed rebuild left behind."""
    number = outbox.store.meta("shard")
    if not number:
        engines = outbox.collection.engines.stores
        outbox.store.set_meta("vectors_engine", engines.vectors)
        outbox.store.set_meta("graph_engine", engines.graph)
    outbox.stores.drop_but(int(number) if number else None)
    if number:
        try:
            with outbox.shard() as shard:
                lost = shard.count() < _carried(outbox.store)
            if not lost:
                return
        except IndexCorruptError as error:
            log.warning("rebuilding: %s", error)
    rebuild(outbox)


def _carried(store: Store) -> int:
    """How many points the vector store has at least, be their weights of today or not."""
    return len(store.chunk_ids()) - store.outbox.counts(SPARSE).get("put", 0)


def rebuild(outbox: Outbox) -> None:
    """Make a vector store from the database and put it in the old one's place."""
    store, collection = outbox.store, outbox.collection
    old = store.meta("shard")
    outbox.stores.drop_but(int(old) if old else None)
    number = int(old or "0") + 1
    with outbox.stores.create(number) as shard:
        _fill(outbox, shard)
        shard.flush()
    with collection.owner(outbox.holding.wait):
        _swap(outbox, number)
        outbox.stores.drop_but(number)


def _fill(outbox: Outbox, shard: VectorIndex) -> None:
    store = outbox.store
    average = store.grid_length()
    last = 0
    while rows := store.points_after(last, BATCH):
        shard.add([(it.chunk_id, document_vector(it.terms, it.length, average)) for _, it, _, _ in rows])
        contents = {it.chunk_id: content for _, it, content, kind in rows if kind != "data"}
        vectors = store.vectors.of(store.embedder, set(contents.values()))
        shard.set_dense(store.embedder, [(key, vectors[it]) for key, it in contents.items() if it in vectors])
        last = rows[-1][0]


def _swap(outbox: Outbox, number: int) -> None:
    store = outbox.store
    with store.transaction():
        store.set_meta("shard", str(number))
        store.set_meta("buried", "0")
        store.outbox.drop(SPARSE)
        store.outbox.drop(DENSE)
        owe_dense(store, store.without_vector(store.embedder))


def verify(outbox: Outbox) -> None:
    """Rebuild the vector store where its points do not fit the database, or where most of it is holes."""
    buried = int(outbox.store.meta("buried", "0"))
    if buried > max(HOLES, outbox.store.counts().chunks):
        rebuild(outbox)
    if not _fits(outbox):
        rebuild(outbox)
        if not _fits(outbox):
            raise IndexCorruptError(
                f"The vector store of {outbox.collection.name!r} does not fit its database even after it was made anew:"
                " check the disk."
            )


def _fits(outbox: Outbox) -> bool:
    counts = outbox.store.counts()
    with outbox.shard() as shard:
        return (shard.count(), shard.count(counts.embedder)) == (counts.sparse, counts.dense)


def scrub(outbox: Outbox) -> None:
    """Leave no byte of what was deleted: a new vector store, new arrays of the graph, a compacted
    database, an empty log."""
    store, folder = outbox.store, outbox.collection.folder
    rebuild(outbox)
    renew_graph(outbox)
    with outbox.collection.owner(outbox.holding.wait):
        require_space(folder, 2 * store.size, outbox.holding.free)
        if not store.compact():
            raise CollectionError(
                f"What was forgotten is out of {outbox.collection.name!r}, but its bytes could not be wiped while"
                " another program reads the database: run the same command again."
            )
        store.set_meta("scrub", "")
        store.empty_log()


def finish_scrub(outbox: Outbox) -> None:
    """Go on where a forget was interrupted, or wipe what an index took out because it is secret."""
    if outbox.store.meta("scrub"):
        outbox.drop_unused_vectors()
        scrub(outbox)
