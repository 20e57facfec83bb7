"""Where the vector indexes of a collection live on Qdrant: on a server, or in folders of the client's local mode.

Names begin with the collection's uid, so that two collections, or two homes, share a server without seeing each other.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import CollectionError, IndexBusyError, IndexCorruptError
from ...settings import QdrantConfig
from ...storage.disk import FreeBytes, free_bytes, require_space
from ...storage.faults import LEAST_FREE, full
from ...storage.private import make_folder
from .edge_config import SPARSE
from .edge_vectors import unusable
from .qdrant_connection import WRITING, Server, connect, host_of, require_client
from .qdrant_vectors import QdrantVectors

if TYPE_CHECKING:
    from qdrant_client import QdrantClient


@dataclass(frozen=True, slots=True)
class QdrantServerStores:
    """A collection's vector indexes on a Qdrant server: one Qdrant collection each."""

    config: QdrantConfig
    uid: str
    collection: str
    sleep: Callable[[float], object] = time.sleep

    @property
    def is_exclusive(self) -> bool:
        return False

    @property
    def host(self) -> str:
        return host_of(self.config.url)

    def create(self, number: int) -> QdrantVectors:
        client, server = self._connect()
        with _closing_on_error(client):
            server.require_version(client)
            server.ask(lambda: _make(client, self._name(number)), WRITING)
            return QdrantVectors(client, self._name(number), server)

    def load(self, number: int) -> QdrantVectors:
        client, server = self._connect()
        with _closing_on_error(client):
            if not server.ask(lambda: client.collection_exists(self._name(number))):
                raise unusable(f"{self._name(number)} on {self.host}", "it is gone", self.collection)
            return QdrantVectors(client, self._name(number), server)

    def numbers(self) -> list[int]:
        client, server = self._connect()
        with closing(client):
            return self._numbers(client, server)

    def drop_but(self, number: int | None) -> None:
        client, server = self._connect()
        with closing(client):
            for name in [self._name(other) for other in self._numbers(client, server) if other != number]:
                server.ask(partial(_remove, client, name), WRITING)

    def _numbers(self, client: QdrantClient, server: Server) -> list[int]:
        names = [item.name for item in server.ask(client.get_collections).collections]
        return sorted(int(name.removeprefix(self._name(""))) for name in names if self._is_ours(name))

    def _name(self, number: int | str) -> str:
        return f"{self.uid}-vectors-{number}"

    def _is_ours(self, name: str) -> bool:
        return name.startswith(self._name("")) and name.removeprefix(self._name("")).isdigit()

    def _connect(self) -> tuple[QdrantClient, Server]:
        require_client()
        config = self.config
        server = Server(self.host, config.api_key, config.timeout, self.sleep)
        return connect(config.url, config.api_key, config.timeout), server


@dataclass(frozen=True, slots=True)
class QdrantFolderStores:
    """A collection's vector indexes in the client's local mode: a folder each, which one process may have open.

    The client reads all points into memory and scans them: for tests and trials, not for large collections.
    """

    folder: Path
    uid: str
    collection: str
    free: FreeBytes = free_bytes

    @property
    def is_exclusive(self) -> bool:
        return True

    @property
    def host(self) -> str:
        return ""

    def create(self, number: int) -> QdrantVectors:
        make_folder(self.folder, home=self.folder)
        require_space(self.folder, 0, self.free)
        client = self._open(number)
        with _closing_on_error(client), self._translated(number):
            _make(client, self._place(number).name)
            return QdrantVectors(client, self._place(number).name, None)

    def load(self, number: int) -> QdrantVectors:
        place = self._place(number)
        if not place.is_dir():
            raise self._unusable(number, "it is gone")
        if self.free(self.folder) < LEAST_FREE:
            raise full(self.folder)
        client = self._open(number)
        with _closing_on_error(client):
            if not client.collection_exists(place.name):
                raise self._unusable(number, "it is empty")
            return QdrantVectors(client, place.name, None)

    def numbers(self) -> list[int]:
        prefix = self._place("").name
        found = [path.name.removeprefix(prefix) for path in self.folder.glob(f"{prefix}*")]
        return sorted(int(number) for number in found if number.isdigit())

    def drop_but(self, number: int | None) -> None:
        for other in self.numbers():
            if other != number:
                shutil.rmtree(self._place(other))

    def _place(self, number: int | str) -> Path:
        return self.folder / f"{self.uid}-vectors-{number}"

    def _open(self, number: int) -> QdrantClient:
        require_client()
        from qdrant_client import QdrantClient

        with self._translated(number):
            # A searcher's threads take turns, and the one that lets go is not the one that opened.
            return QdrantClient(path=str(self._place(number)), force_disable_check_same_thread=True)

    @contextmanager
    def _translated(self, number: int) -> Iterator[None]:
        """The local mode raises what its parts raise: json, pickle, SQLite, and RuntimeError for its lock."""
        try:
            yield
        except (CollectionError, OSError):
            raise
        except Exception as error:
            if "already accessed" in str(error):
                raise IndexBusyError(f"The vector store {self._place(number)} is open in another process.") from error
            raise self._unusable(number, f"{type(error).__name__}: {error}") from error

    def _unusable(self, number: int, reason: str) -> IndexCorruptError:
        return unusable(str(self._place(number)), reason, self.collection)


def _make(client: QdrantClient, name: str) -> None:
    from qdrant_client import models

    if not client.collection_exists(name):
        sparse = {SPARSE: models.SparseVectorParams()}
        client.create_collection(name, vectors_config={}, sparse_vectors_config=sparse)


def _remove(client: QdrantClient, name: str) -> None:
    if client.collection_exists(name):
        client.delete_collection(name)


@contextmanager
def _closing_on_error(client: QdrantClient) -> Iterator[None]:
    try:
        yield
    except BaseException:
        client.close()
        raise
