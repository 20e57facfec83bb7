"""`forget`: take a collection, or what is below a path, out of the index so that no byte of it stays."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from ...errors import IndexCorruptError, NoIndexError
from ..stores.collection import Collection
from ..stores.edge_vectors import EdgeStores
from ..stores.manifest import Manifest
from ..stores.texts import Store
from .optimize import optimize
from .outbox import Holding, Outbox
from .rebuild import ensure_shard, scrub


def forget_collection(collection: Collection, holding: Holding | None = None) -> None:
    """Delete a collection, even a damaged one."""
    holding = holding or Holding()
    if not collection.folder.is_dir():
        collection.require()
    with collection.writer(holding.wait):
        drop_copies(collection)
        with collection.owner(holding.wait):
            collection.remove()


def drop_copies(collection: Collection) -> None:
    """Delete vectors and graph where they are not in the collection's folder: first, so that none is lost of sight.

    Raises StoreServerError where a server is away, before anything is deleted. A database that cannot be read names no
    engine.
    """
    try:
        with Store(collection.database) as store:
            require_servers(collection, store)
            vectors = collection.vectors(store)
            if not isinstance(vectors, EdgeStores):
                vectors.drop_but(None)
            if (graph := collection.graph_server(store)) is not None:
                with closing(graph):
                    graph.clear()
    except (IndexCorruptError, NoIndexError):
        return


def require_reachable(collection: Collection, path: Path) -> None:
    """Raise StoreServerError where something at or below a path is to be forgotten on a server that does not answer."""
    if collection.exists():
        with Store(collection.database) as store:
            if any(_below(store, path)):
                require_servers(collection, store)


def require_servers(collection: Collection, store: Store) -> None:
    """Raise StoreServerError where a server that keeps a part of the collection does not answer."""
    vectors = collection.vectors(store)
    if vectors.host:
        vectors.numbers()
    if (graph := collection.graph_server(store)) is not None:
        with closing(graph):
            graph.frequencies(())


def forget_path(collection: Collection, path: Path, holding: Holding | None = None) -> int:
    """Take the files at or below a path out of the index; how many there were. The collection goes with its last file.

    The index is then what it would be had they never been there. A file below a root that stays comes back with the
    next `index` of that root.
    """
    holding = holding or Holding()
    collection.require()
    with collection.writer(holding.wait):
        with Store(collection.database) as store:
            gone, roots = _below(store, path)
            if not gone and not roots and store.meta("scrub"):
                _wipe(Outbox(collection, store, holding))  # an earlier forget was interrupted
                return 0
            if not gone and not roots:
                raise NoIndexError(f"Nothing at or below {path} is in collection {collection.name!r}.")
            remain = len(store.files()) - len(gone)
            require_servers(collection, store)
            if remain:
                _take_out(Outbox(collection, store, holding), gone, roots)
        if not remain:
            drop_copies(collection)
            with collection.owner(holding.wait):
                collection.remove()
    return len(gone)


def names_of(path: Path) -> set[str]:
    """A path as given and with its links resolved: a link may since have been turned elsewhere."""
    return {Path(os.path.abspath(path)).as_posix(), path.resolve().as_posix()}


def _below(store: Store, path: Path) -> tuple[list[str], list[str]]:
    """Files and roots at or below a path, by its name as given or with its links resolved."""
    names = names_of(path)
    folders = tuple(name.rstrip("/") + "/" for name in names)
    gone = [file for file in store.files() if file in names or file.startswith(folders)]
    roots = [root for root in store.roots() if root in names or root.startswith(folders)]
    return gone, roots


def _take_out(outbox: Outbox, gone: list[str], roots: list[str]) -> None:
    store = outbox.store
    store.set_meta("scrub", "1")  # first, so that a kill from here on is made good by the next run
    Manifest(store).commit([], gone, roots)
    _wipe(outbox)


def _wipe(outbox: Outbox) -> None:
    ensure_shard(outbox)
    outbox.settle_weights()
    outbox.drop_unused_vectors()
    scrub(outbox)
    optimize(outbox)
