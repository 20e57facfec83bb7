"""The last stage of `index`: a vector store that is quick to open and to scan (`stores/edge_config`).

A copy of the folder is optimized by a child process while the old one goes on answering searches, and takes its place
in one commit. A kill or Ctrl-C at any moment leaves the old one as it is; the next run removes the copy and tries
again.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ...errors import DiskFullError
from ...storage.disk import require_space
from ..stores.edge_vectors import EdgeStores, EdgeVectors
from .outbox import Outbox
from .rebuild import rebuild

LEAST: Final = 4000  # writes. Up to here a shard as it was written opens in 30 to 60 ms, and scans in 1.5
SHARE: Final = 0.2  # of the points, written since: their part of the shard is slow to open again
COPIES: Final = 2  # the copy, and its segments written anew before the old ones go

log = logging.getLogger(__name__)


def optimize(outbox: Outbox, least: int = LEAST, begin: Callable[[int], Callable[[int], None]] | None = None) -> bool:
    """Whether the vector store was optimized: where enough of it was written since it last was.

    `begin` is told how many points there are, and gives what is told of those that are done.
    """
    with outbox.shard() as shard:
        if not isinstance(shard, EdgeVectors):
            return False  # a server optimizes by itself
        points, writes = shard.count(), shard.written
        is_worn = shard.is_optimized and not shard.count(outbox.store.embedder)
    if writes < max(least, SHARE * points):
        return False
    done = begin(points) if begin else None
    if is_worn:
        rebuild(outbox)  # Edge rewrites only what has dense vectors more than once
    try:
        _replace(outbox)
    except (OSError, DiskFullError, ChildProcessError) as error:
        log.warning("vector store not optimized, a first search takes longer: %s", error)
        return False
    if done:
        done(points)
    return True


def _replace(outbox: Outbox) -> None:
    collection, store = outbox.collection, outbox.store
    stores = EdgeStores(collection.folder, outbox.holding.free)
    number = int(store.meta("shard"))
    stores.drop_but(number)
    with _copied(outbox, stores.place(number)) as copy:
        _run_child(copy)
        _require_same(outbox, copy)
        _sync(copy)
        with collection.owner(outbox.holding.wait):
            copy.rename(stores.place(number + 1))
            with store.transaction():
                store.set_meta("shard", str(number + 1))
                store.set_meta("buried", "0")
            stores.drop_but(number + 1)


@contextmanager
def _copied(outbox: Outbox, source: Path) -> Iterator[Path]:
    """A copy under a name of this process, so that no child of a killed one writes to it; gone at the end."""
    copy = source.with_name(f"{source.name}.{os.getpid()}")
    size = sum(path.stat().st_blocks * 512 for path in source.rglob("*") if path.is_file())
    require_space(source, COPIES * size, outbox.holding.free)
    try:
        with outbox.collection.owner(outbox.holding.wait):
            shutil.copytree(source, copy)
        yield copy
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _run_child(folder: Path) -> None:
    command = [sys.executable, "-m", "hydragraph.retrieval.indexing.optimize_child", str(folder), str(os.getpid())]
    # In a session of its own: Ctrl-C reaches this process only, which then ends the child.
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) as child:  # noqa: S603
        try:
            code = child.wait()
        finally:
            child.kill()
    if code != 0:
        raise ChildProcessError(f"the process that does it ended with exit code {code}")


def _require_same(outbox: Outbox, folder: Path) -> None:
    """Raise ChildProcessError unless the copy has all points and vectors of the original."""
    stamp = outbox.store.embedder
    with outbox.shard() as old, EdgeVectors.load(folder, free=outbox.holding.free) as new:
        before, after = [(index.count(), index.count(stamp)) for index in (old, new)]
    if before != after:
        raise ChildProcessError(f"expected {before} points and vectors, got {after}")


def _sync(folder: Path) -> None:
    """Bring every file to the disk before the database names the folder."""
    for path in [folder, *folder.rglob("*")]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
