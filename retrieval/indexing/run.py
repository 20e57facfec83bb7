"""`index`: bring a collection up to date with its files; a kill at any moment costs no more than the last batch.

scan -> read (text, BM25, graph: searchable at once) -> lexical (weights settled) -> dense -> optimize. Each batch is
committed to the database with its outbox before the vector store hears of it; the next run goes on from there.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...domain import Embedder
from ...errors import IndexCorruptError, NoIndexError, StoreServerError, UsageError
from ...storage.disk import require_space
from ..reading.skipped import Skipped
from ..reading.text_class import TextClass
from ..reading.walk import MAX_BYTES
from ..stores.collection import Collection
from ..stores.graph_copy import drop_other_arrays
from ..stores.manifest import FileEntry, FileRow, Manifest
from ..stores.texts import Store
from .batch import Batch
from .file_reader import FileReader, chunker_stamp, withheld_reason
from .forget import require_servers
from .graph_stage import follow_graph
from .optimize import LEAST, optimize
from .outbox import Holding, Outbox
from .progress import DenseMeter, Meter, Report, quiet
from .rebuild import ensure_shard, finish_scrub, rebuild, verify
from .scan import LeftOut, Scan, cut_for_others, scan

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexOptions:
    include_secrets: bool = False
    embed_data: bool = False
    max_bytes: int = MAX_BYTES
    batch_files: int = 200
    optimize_from: int = LEAST
    holding: Holding = field(default_factory=Holding)


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a run did and what the collection holds after it.

    `read` files were new, changed or moved; `quarantined` files could not be read or parsed, `skipped` counts what was
    left out on purpose by reason. `dense_ready` is 0 where there was no embedder; `classes` says of each class how many
    of how many chunks have their vector. `missing` are roots of earlier runs
    that are gone from the disk: what stood below them is still found.
    """

    collection: str
    roots: tuple[str, ...]
    files: int
    chunks: int
    references: int
    read: int
    unchanged: int
    removed: int
    quarantined: tuple[tuple[str, str], ...]
    skipped: Mapping[str, int]
    left_out: tuple[LeftOut, ...]
    withheld: tuple[tuple[str, int], ...]
    wiped: tuple[str, ...]
    embedded: int
    truncated: int
    dense_ready: float
    seconds: float
    classes: Mapping[TextClass, tuple[int, int]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def index(
    collection: Collection,
    roots: list[Path],
    embedder: Embedder | None,
    progress: Report = quiet,
    options: IndexOptions | None = None,
) -> IndexReport:
    """Bring the collection up to date with the files below `roots`; other roots of the collection stay as they are.

    Without an embedder text, BM25 and graph are indexed and the dense leg is absent until a run with one.
    """
    options = options or IndexOptions()
    if not roots:
        raise UsageError("Expected at least one file or folder to index, got none.")
    with collection.writer(options.holding.wait, create=True):
        require_space(collection.folder, 0, options.holding.free)
        with Store(collection.database, create=True) as store:
            try:
                return _Run(collection, store, embedder, progress, options).run(roots)
            except (NoIndexError, UsageError, StoreServerError):
                if not store.roots():
                    _remove_empty(collection, store, options.holding.wait)
                raise


def _remove_empty(collection: Collection, store: Store, wait: float) -> None:
    """A collection that never had anything leaves no folder behind."""
    store.close()
    with collection.owner(wait):
        collection.remove()


class _Run:
    """One run over one collection."""

    def __init__(
        self, collection: Collection, store: Store, embedder: Embedder | None, report: Report, options: IndexOptions
    ) -> None:
        self._collection = collection
        self._store = store
        self._embedder = embedder
        self._report = report
        self._options = options
        self._manifest = Manifest(store)
        self._outbox = Outbox(collection, store, options.holding)
        self._truncated = 0
        self._wiped: set[str] = set()
        self._touched = 0
        self._start = time.monotonic()

    def run(self, roots: list[Path]) -> IndexReport:
        drop_other_arrays(self._store)
        ensure_shard(self._outbox)
        require_servers(self._collection, self._store)
        try:
            return self._run(roots)
        except IndexCorruptError as error:
            log.warning("rebuilding: %s", error)
            rebuild(self._outbox)
            return self._run(roots)

    def _run(self, roots: list[Path]) -> IndexReport:
        finish_scrub(self._outbox)
        scanned = self._scan(roots)
        self._outbox.embed_data(self._options.embed_data)
        if self._embedder is not None:
            self._outbox.stamp(self._embedder)
        scanned = self._read(scanned)
        self._settle()
        self._refuse_emptiness(scanned)
        finish_scrub(self._outbox)
        embedded = self._embed()
        self._outbox.drop_unused_vectors()
        verify(self._outbox)
        optimize(self._outbox, self._options.optimize_from, lambda points: Meter("optimize", self._report, points).add)
        return self._describe(scanned, embedded)

    def _scan(self, roots: list[Path]) -> Scan:
        stamp = chunker_stamp(self._embedder, self._options.include_secrets)
        if self._embedder is not None:
            roots = [*roots, *map(Path, cut_for_others(self._store, stamp))]
        meter = Meter("scan", self._report)
        return scan(self._store, roots, stamp, self._options, lambda: meter.add(1))

    def _read(self, scanned: Scan) -> Scan:
        """Read what has changed and take out what is gone; the scan without what was opened and not wanted."""
        self._store.put_roots(scanned.roots, scanned.absorbed)
        meter = Meter("read", self._report, len(scanned.to_read))
        self._touched = 0
        skipped: list[Skipped] = []
        for batch in self._batches(scanned):
            self._commit(batch, scanned.known)
            skipped += batch.skipped
            meter.add(len(batch))
        scanned = scanned.without(skipped)
        if scanned.gone:
            self._scrub_after(scanned.hidden)
            self._manifest.commit([], scanned.gone)
            self._outbox.carry_sparse()
        return scanned

    def _commit(self, batch: Batch, known: Mapping[str, FileRow]) -> None:
        require_space(self._collection.folder, 2 * batch.size, self._options.holding.free)
        self._manifest.touch(batch.touched)
        self._touched += len(batch.touched)
        if batch.entries:
            self._scrub_after({entry.row.path for entry in batch.entries if _was_known_whole(entry, known)})
            self._manifest.commit(batch.entries)
            self._outbox.carry_sparse()
            follow_graph(self._outbox)

    def _scrub_after(self, paths: set[str]) -> None:
        """First, so that a kill from here on is made good by the next run."""
        if paths:
            self._store.set_meta("scrub", "1")
            self._wiped |= paths

    def _batches(self, scanned: Scan) -> Iterator[Batch]:
        reader = FileReader(self._embedder, include_secrets=self._options.include_secrets)
        batch = Batch()
        for found in scanned.to_read:
            batch.add(reader.read(found, scanned.known.get(found.path.as_posix())))
            if batch.is_full(self._options.batch_files):
                yield batch
                batch = Batch()
        if batch:
            yield batch
        self._truncated = reader.truncated

    def _settle(self) -> None:
        self._outbox.carry_sparse()
        self._outbox.settle_weights()
        waiting = self._store.counts()
        if waiting.sparse < waiting.chunks:
            meter = Meter("lexical", self._report, waiting.chunks - waiting.sparse)
            self._outbox.carry_sparse(meter.add)
        follow_graph(self._outbox, at_end=True)

    def _embed(self) -> int:
        if self._embedder is None:
            return 0
        meter = DenseMeter(self._report, self._store.dense_by_class())
        return self._outbox.carry_dense(self._embedder, meter.add_ranked)

    def _refuse_emptiness(self, scanned: Scan) -> None:
        """Never success over nothing: not in the collection, and not below the roots that were asked for."""
        empty = [root for root in scanned.roots if not self._store.has_chunks(root)]
        if len(empty) < len(scanned.roots):
            return
        reasons = [f"{count} {reason}" for reason, count in sorted(scanned.skipped.items())]
        reasons += [f"{path}: {reason}" for path, reason in self._quarantined(scanned)[:5]]
        reasons += [f"{path}: {withheld_reason(count)}" for path, count in self._withheld(scanned)[:5]]
        self._store.drop_roots(empty)
        raise NoIndexError(
            f"Nothing to index under {', '.join(scanned.roots)}: no file with text was found"
            f" ({'; '.join(reasons) or 'there are no files'})."
        )

    def _quarantined(self, scanned: Scan) -> list[tuple[str, str]]:
        rows = [row for root in scanned.roots for row in self._store.quarantined(root)]
        return sorted([*rows, *scanned.troubled])

    def _withheld(self, scanned: Scan) -> list[tuple[str, int]]:
        return [row for root in scanned.roots for row in self._store.withheld(root)]

    def _describe(self, scanned: Scan, embedded: int) -> IndexReport:
        counts = self._store.counts()
        return IndexReport(
            collection=self._collection.name,
            roots=tuple(scanned.roots),
            files=counts.files,
            chunks=counts.chunks,
            references=counts.references,
            read=len(scanned.to_read) - self._touched,
            unchanged=scanned.unchanged + self._touched,
            removed=len(scanned.gone),
            quarantined=tuple(self._quarantined(scanned)),
            skipped=scanned.skipped,
            left_out=tuple(scanned.left_out),
            withheld=tuple(self._withheld(scanned)),
            wiped=tuple(sorted(self._wiped)),
            embedded=embedded,
            truncated=self._truncated,
            dense_ready=counts.dense_ready,
            seconds=time.monotonic() - self._start,
            classes=self._store.dense_by_class(),
            missing=tuple(root for root in self._store.roots() if not os.path.lexists(root)),
        )


def _was_known_whole(entry: FileEntry, known: Mapping[str, FileRow]) -> bool:
    """Whether chunks are withheld now that an earlier run, by other rules, may have stored."""
    before, row = known.get(entry.row.path), entry.row
    if before is None or not row.withheld:
        return False
    return before.chunker != row.chunker and before.withheld != row.withheld
