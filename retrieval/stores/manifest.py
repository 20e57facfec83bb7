"""Writing files into the store: rows, chunks, references, word statistics and outbox, each file whole or not at all.

After every transaction the database is what its files, one by one, would have made of an empty one; what the vector
store still has to do stands in the outbox of the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Literal

import numpy as np

from ...domain import Chunk, Reference, ReferenceKind
from ...text.tokenizer import tokenize
from ..reading.text_class import TextClass
from .edges import pack_edges
from .lexical import pack_terms, unpack_terms
from .owed import DENSE, DENSE_PRIORITY, GRAPH, GRAPH_PRIORITY, SPARSE, SPARSE_PRIORITY, Action, Owed
from .texts import Store

FileStatus = Literal["indexed", "quarantined"]
NO_COUNTER = "none"  # where there was no embedder, and tokens were estimated


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells without reading that a file is as it was."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class ChunkerStamp:
    """What the chunks of a file depend on besides its bytes and its place: the version of the readers and chunkers,
    whether credentials are kept, and whose tokens are counted."""

    reading: int
    secrets: bool
    counter: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as the manifest has it. `hash` is empty where the bytes could not be read; `withheld` chunks are left out,
    because a credential stands in them."""

    path: str
    root: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    seen_ns: int
    hash: str
    chunker: ChunkerStamp
    status: FileStatus = "indexed"
    reason: str = ""
    withheld: int = 0

    @property
    def signature(self) -> Signature:
        return Signature(self.size, self.mtime_ns, self.ctime_ns, self.inode)


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A chunk with what the store keeps beside it."""

    chunk: Chunk
    id: str
    content: bytes
    terms: bytes
    length: int
    text_class: TextClass

    @classmethod
    def of(cls, chunk: Chunk, text_class: TextClass) -> ChunkRow:
        tokens = tokenize(chunk.embedded_text)
        return cls(chunk, chunk.id, chunk.content_key, pack_terms(tokens), len(tokens), text_class)

    def key(self) -> tuple[object, ...]:
        """What must be equal for the row in the database to stay as it is."""
        chunk = self.chunk
        return (self.id, chunk.end_line, chunk.symbol, chunk.language, chunk.place, self.content, self.text_class)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file that has been read: its row and what is in it. `extract` is the text that its chunks' lines count."""

    row: FileRow
    chunks: tuple[ChunkRow, ...] = ()
    references: tuple[Reference, ...] = ()
    extract: str | None = None


def _file_row(row: tuple[Any, ...]) -> FileRow:
    reading, secrets, counter = row[8:11]
    values = (*row[:8], ChunkerStamp(reading, bool(secrets), counter), *row[11:])
    return FileRow(*values)


class Manifest:
    """The writer of one collection's files."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._outbox = store.outbox
        self._embeds_data = False
        self._added: list[bytes] = []
        self._removed: list[bytes] = []
        self._has_graph_server = False

    def rows(self, roots: Iterable[str]) -> dict[str, FileRow]:
        """The files below these roots, by path."""
        sql = "SELECT * FROM files WHERE root = ?"
        rows = [row for root in roots for row in self._store.execute(sql, (root,))]
        return {row[0]: _file_row(row) for row in rows}

    def commit(self, entries: Sequence[FileEntry], gone: Iterable[str] = (), gone_roots: Iterable[str] = ()) -> None:
        """Put these files and take out files and roots that are gone, in one transaction."""
        self._added, self._removed = [], []
        self._has_graph_server = self._store.meta("graph_engine") == "neo4j"
        self._embeds_data = self._store.embeds_data
        with self._store.transaction():
            self._store.executemany("DELETE FROM roots WHERE path = ?", [(root,) for root in gone_roots])
            for path in gone:
                self._remove(path)
            for entry in entries:
                self._replace(entry)
            self._count_terms()
            generation = int(self._store.meta("generation", "0")) + 1
            self._store.set_meta("generation", str(generation))
            self._store.keep_stats()

    def touch(self, rows: Iterable[FileRow]) -> None:
        """Note newer signatures of files whose bytes are the same."""
        with self._store.transaction():
            for row in rows:
                self._put(row)

    def _put(self, row: FileRow) -> None:
        values = (*astuple(row)[:8], *astuple(row.chunker), row.status, row.reason, row.withheld)
        self._store.execute("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", values)

    def _replace(self, entry: FileEntry) -> None:
        path = entry.row.path
        wanted = {row.id: row for row in entry.chunks}
        kept = self._drop_chunks(path, {row.key() for row in wanted.values()})
        for chunk_id, row in wanted.items():
            if chunk_id not in kept:
                kept[chunk_id] = self._insert(row)
        self._refer(kept, entry.references)
        self._store.execute("DELETE FROM extracts WHERE path = ?", (path,))
        if entry.extract is not None:
            self._store.execute("INSERT INTO extracts VALUES (?,?)", (path, entry.extract))
        self._put(entry.row)

    def _remove(self, path: str) -> None:
        self._drop_chunks(path, set())
        self._store.execute("DELETE FROM extracts WHERE path = ?", (path,))
        self._store.execute("DELETE FROM files WHERE path = ?", (path,))

    def _drop_chunks(self, path: str, staying: set[tuple[object, ...]]) -> dict[str, int]:
        """Delete the chunks of a file but for those that stay as they are; these by id."""
        sql = "SELECT num, id, end_line, symbol, language, place, content, class FROM chunks WHERE path = ?"
        rows = self._store.execute(sql, (path,)).fetchall()
        kept = {row[1]: int(row[0]) for row in rows if tuple(row[1:]) in staying}
        dropped = {row[1]: int(row[0]) for row in rows if row[1] not in kept}
        for num in dropped.values():
            self._removed.append(self._store.execute("SELECT terms FROM texts WHERE num = ?", (num,)).fetchone()[0])
            self._refer_anew(num, ())
            self._store.execute("DELETE FROM edges WHERE chunk = ?", (num,))
            self._store.execute("DELETE FROM texts WHERE num = ?", (num,))
            self._store.execute("DELETE FROM chunks WHERE num = ?", (num,))
        self._outbox.owe(SPARSE, [Owed(chunk_id, "delete", SPARSE_PRIORITY["delete"]) for chunk_id in dropped])
        self._outbox.drop(DENSE, dropped)
        self._owe_graph("delete", dropped)
        return kept

    def _insert(self, row: ChunkRow) -> int:
        chunk = row.chunk
        span = (row.id, chunk.path, chunk.start_line, chunk.end_line, chunk.symbol, chunk.language, chunk.place)
        sql = (
            "INSERT INTO chunks (id, path, start_line, end_line, symbol, language, place, length, content, class)"
            " VALUES (?,?,?,?,?,?,?,?,?,?)"
        )
        num = self._store.execute(sql, (*span, row.length, row.content, row.text_class)).lastrowid
        assert num is not None
        self._store.execute("INSERT INTO texts VALUES (?,?,?,?)", (num, chunk.header, chunk.text, row.terms))
        self._added.append(row.terms)
        self._refer_anew(num, ())
        self._owe_graph("put", [row.id])
        self._outbox.owe(SPARSE, [Owed(row.id, "put", SPARSE_PRIORITY["put"])])
        if row.text_class != "data" or self._embeds_data:
            self._outbox.owe(DENSE, [Owed(row.id, "put", DENSE_PRIORITY[row.text_class])])
        return num

    def _refer(self, numbers: Mapping[str, int], references: Iterable[Reference]) -> None:
        """Give each of these chunks its references; those that are as they were are left alone."""
        wanted: dict[int, set[tuple[ReferenceKind, str]]] = {num: set() for num in numbers.values()}
        changed: set[int] = set()
        for reference in references:
            wanted[numbers[reference.chunk_id]].add((reference.kind, reference.name))
        for num, pairs in wanted.items():
            if pairs != set(self._store.execute("SELECT kind, name FROM refs WHERE chunk = ?", (num,))):
                self._refer_anew(num, pairs)
                changed.add(num)
        self._owe_graph("put", [chunk_id for chunk_id, num in numbers.items() if num in changed])

    def _refer_anew(self, num: int, pairs: Collection[tuple[ReferenceKind, str]]) -> None:
        self._store.execute("DELETE FROM refs WHERE chunk = ?", (num,))
        self._store.executemany("INSERT INTO refs VALUES (?,?,?)", [(num, *pair) for pair in pairs])
        self._store.execute("INSERT OR REPLACE INTO edges VALUES (?,?)", (num, pack_edges(pairs)))
        self._store.execute("INSERT OR IGNORE INTO graph_changes VALUES (?)", (num,))

    def _owe_graph(self, action: Action, chunk_ids: Iterable[str]) -> None:
        """The embedded graph reads the tables that are written here; a server is owed what has changed."""
        if self._has_graph_server:
            self._outbox.owe(GRAPH, [Owed(chunk_id, action, GRAPH_PRIORITY[action]) for chunk_id in chunk_ids])

    def _count_terms(self) -> None:
        """Move the document frequencies by what was added and removed."""
        changes: dict[int, int] = {}
        for blobs, sign in ((self._added, 1), (self._removed, -1)):
            keys, counts = np.unique(unpack_terms(b"".join(blobs))["key"], return_counts=True)
            for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
                changes[key] = changes.get(key, 0) + sign * count
        sql = "INSERT INTO terms VALUES (?,?) ON CONFLICT (term) DO UPDATE SET n = n + excluded.n"
        self._store.executemany(sql, [(key, change) for key, change in changes.items() if change])
        fewer = [(key,) for key, change in changes.items() if change < 0]
        self._store.executemany("DELETE FROM terms WHERE term = ? AND n <= 0", fewer)
