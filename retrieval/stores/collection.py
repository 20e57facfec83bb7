"""A collection: one folder under the home with a database, a vector store and two locks.

`owner.lock` is held by whoever has the vector store open, so never for long; `writer.lock` by the one index or forget
that runs. Both name the process, and the kernel lets go of them when a process dies.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...errors import CollectionError, NoIndexError, UsageError
from ...storage.disk import FreeBytes, free_bytes
from ...storage.faults import os_fault
from ...storage.locks import WAIT_SECONDS, is_locked, locked, locked_in_turn
from ...storage.private import close_home, close_tree, make_folder
from .edge_vectors import unusable
from .engines import EMBEDDED, Engines, graph_server, vector_stores
from .protocols import GraphServer, VectorIndex, VectorStores
from .texts import Counts, Store

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Opened:
    """A collection whose owner's lock is held."""

    collection: Collection
    store: Store
    shard: VectorIndex


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """A collection in a list. `trouble` says what is wrong with it; what stands beside it may then be all there is."""

    name: str
    roots: tuple[str, ...] = ()
    counts: Counts = field(default_factory=Counts)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """The name of a collection below a home; whether it is there shows when it is opened."""

    home: Path
    name: str
    engines: Engines = field(default=EMBEDDED, repr=False)

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise UsageError(
                f"A collection's name has 1 to 64 letters, digits, '.', '_' or '-' and starts with a letter or digit; "
                f"got {self.name!r}."
            )
        if os.path.islink(self.folder):
            raise UsageError(f"The folder of collection {self.name!r} is a link ({self.folder}); expected a folder.")

    @property
    def folder(self) -> Path:
        return self.home / "collections" / self.name

    @property
    def database(self) -> Path:
        return self.folder / "index.db"

    def exists(self) -> bool:
        return os.path.isfile(self.database)

    @classmethod
    @contextmanager
    def open(
        cls,
        home: Path,
        name: str,
        *,
        write: bool = False,
        wait: float = WAIT_SECONDS,
        engines: Engines = EMBEDDED,
    ) -> Iterator[Opened]:
        """Database and vector store, with the owner's lock where one is needed; with `write`, the writer's lock too."""
        collection = cls(home, name, engines)
        collection.require()
        with (
            collection.writer(wait) if write else nullcontext(),
            Store(collection.database) as store,
            collection.shard(store, wait) as shard,
        ):
            yield Opened(collection, store, shard)

    def require(self) -> None:
        """Raise NoIndexError unless something was indexed here. The home of an older version is closed to others."""
        close_home(self.home)
        if not self.exists():
            known = ", ".join(collection_names(self.home)) or "none"
            raise NoIndexError(
                f"There is no collection {self.name!r} (there are: {known}). "
                f"Run `hydragraph index PATH --name {self.name}` first."
            )

    @contextmanager
    def owner(self, wait: float = WAIT_SECONDS) -> Iterator[None]:
        """Hold the owner's lock: nobody else has the vector store open. First come, first served."""
        lock, turn = self.folder / "owner.lock", self.folder / "turn.lock"
        with locked_in_turn(lock, turn, f"Collection {self.name!r}", wait, gone=self._gone):
            close_tree(self.folder)
            try:
                yield
            finally:
                close_tree(self.folder)  # the vector store makes files as it likes

    @contextmanager
    def writer(self, wait: float = WAIT_SECONDS, *, create: bool = False) -> Iterator[None]:
        """Hold the writer's lock: nobody else indexes or forgets."""
        if create:
            try:
                make_folder(self.folder, home=self.home)
                close_home(self.home)
            except OSError as error:
                raise os_fault(self.folder, error) from error
        with locked(self.folder / "writer.lock", f"Collection {self.name!r}", wait, gone=self._gone):
            yield

    def is_being_written(self) -> bool:
        """Does an index or forget run now?"""
        return is_locked(self.folder / "writer.lock")

    def _gone(self) -> NoIndexError:
        return NoIndexError(f"There is no collection {self.name!r}. Run `hydragraph index PATH --name {self.name}`.")

    def vectors(self, store: Store, free: FreeBytes = free_bytes) -> VectorStores:
        """Where the vector indexes live, by the engine that the database names."""
        return vector_stores(self.engines, store.meta("vectors_engine", "edge"), store.meta("uid"), self.folder, free)

    def graph_server(self, store: Store) -> GraphServer | None:
        """The server of the graph, if it is on one. Raises StoreServerError where the settings name none."""
        return graph_server(self.engines, store)

    @contextmanager
    def shard(self, store: Store, wait: float = WAIT_SECONDS, *, free: FreeBytes = free_bytes) -> Iterator[VectorIndex]:
        """The vector index that the database names, with the owner's lock where only one process may have it open."""
        stores = self.vectors(store, free)
        with self.owner(wait) if stores.is_exclusive else nullcontext():
            number = store.meta("shard")
            if not number:
                raise NoIndexError(
                    f"Nothing of collection {self.name!r} can be searched yet: its first index is running."
                )
            with stores.load(int(number)) as shard:
                yield shard

    def remove(self) -> None:
        """Delete the folder. Both locks must be held. Whatever part of it a kill leaves over is no collection."""
        for name in (self.database.name, f"{self.database.name}-wal", f"{self.database.name}-shm"):
            (self.folder / name).unlink(missing_ok=True)
        self.folder.rename(self.folder.with_name(f".{self.name}.{os.getpid()}"))
        for remains in self.folder.parent.glob(f".{self.name}.*"):
            shutil.rmtree(remains)


def list_collections(home: Path) -> list[CollectionInfo]:
    """Every collection with something in it, by name. Raises HomeError where the home cannot be read."""
    close_home(home)
    found = []
    for name in collection_names(home):
        with suppress(NoIndexError):  # its first index has not begun
            found.append(_info(Collection(home, name)))
    return found


def collection_names(home: Path) -> list[str]:
    """The collections below a home, whatever state they are in."""
    folder = home / "collections"
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise os_fault(folder, error) from error
    return sorted(name for name in names if NAME.fullmatch(name) and _holds_one(folder / name))


def _holds_one(folder: Path) -> bool:
    return os.path.isfile(folder / "index.db") and not os.path.islink(folder)


def _info(collection: Collection) -> CollectionInfo:
    info = CollectionInfo(collection.name)
    try:
        with Store(collection.database) as store:
            counts = store.counts()
            info = CollectionInfo(collection.name, tuple(store.roots()), replace(counts, sparse=0, dense=0))
            if store.meta("shard"):
                _require_files(collection, store)
            return replace(info, counts=counts)
    except NoIndexError:
        raise
    except CollectionError as error:
        return replace(info, trouble=str(error))


def _require_files(collection: Collection, store: Store) -> None:
    """Raise IndexCorruptError where the vector index should be on this machine and is not; no server is asked."""
    number = int(store.meta("shard"))
    if store.meta("vectors_engine", "edge") == "edge" and number not in collection.vectors(store).numbers():
        raise unusable(collection.folder / f"vectors-{number}", "it is gone", collection.name)
