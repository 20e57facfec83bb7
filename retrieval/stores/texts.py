"""Reading the SQLite side of a collection, and its transactions: chunks, references, word statistics, outbox counts."""

from __future__ import annotations

import json
from collections.abc import Collection as Sized
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ...domain import Chunk, Language, Reference
from ...text.tokenizer import tokenize
from ..reading.text_class import CLASSES, TextClass
from .database import Database
from .kept_vectors import KeptVectors
from .lexical import Candidate, CorpusStats, grid_length, stats_from_histogram, term_key
from .outbox_table import OutboxTable
from .owed import DENSE, DENSE_PRIORITY, SPARSE


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk stands, without its text."""

    chunk_id: str
    path: str
    start_line: int
    end_line: int
    symbol: str
    language: Language
    place: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What is in the collection and how much of it the vector store has.

    `dense` of the `embeddable` chunks have their vector of the embedder `embedder`; data is none of them.
    """

    files: int = 0
    quarantined: int = 0
    chunks: int = 0
    references: int = 0
    sparse: int = 0
    dense: int = 0
    embeddable: int = 0
    embedder: str = ""

    @property
    def dense_ready(self) -> float:
        return self.dense / self.embeddable if self.embeddable else 0.0


class Store(Database):
    """The texts of one collection and what is known about them. One thread writes; any number may read."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        super().__init__(path, create=create)
        self.outbox = OutboxTable(self)
        self.vectors = KeptVectors(self)

    # --- what is known about the collection

    def meta(self, key: str, default: str = "") -> str:
        row = self.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else default

    def set_meta(self, key: str, value: str) -> None:
        self.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def embedder(self) -> str:
        """The stamp of the embedder whose vectors the outbox is about: `name:dimension`, or nothing."""
        return self.meta("embedder")

    @property
    def embeds_data(self) -> bool:
        """Whether texts of the class data have vectors too."""
        return self.meta("embed_data") == "1"

    def roots(self) -> list[str]:
        return [str(path) for (path,) in self.execute("SELECT path FROM roots ORDER BY path")]

    def put_roots(self, roots: Iterable[str], absorbed: Iterable[str] = ()) -> None:
        """Know these roots, and no longer those that lie inside them."""
        with self.transaction():
            self.executemany("DELETE FROM roots WHERE path = ?", [(root,) for root in absorbed])
            self.executemany("INSERT OR IGNORE INTO roots VALUES (?)", [(root,) for root in roots])

    def drop_roots(self, roots: Iterable[str]) -> None:
        """Know these roots no longer, nor the files below them, which have no chunks."""
        with self.transaction():
            for root in roots:
                self.execute("DELETE FROM files WHERE root = ?", (root,))
                self.execute("DELETE FROM roots WHERE path = ?", (root,))

    def files(self) -> list[str]:
        return [str(path) for (path,) in self.execute("SELECT path FROM files ORDER BY path")]

    def quarantined(self, root: str) -> list[tuple[str, str]]:
        """Files of this root that could not be read, and why."""
        sql = "SELECT path, reason FROM files WHERE status = 'quarantined' AND root = ? ORDER BY path"
        return self.execute(sql, (root,)).fetchall()

    def withheld(self, root: str) -> list[tuple[str, int]]:
        """Files of this root with chunks that are left out because a credential stands in them, and how many."""
        sql = "SELECT path, withheld FROM files WHERE withheld > 0 AND root = ? ORDER BY path"
        return self.execute(sql, (root,)).fetchall()

    def file_roots(self) -> list[str]:
        """The roots that files stand under; more than `roots()` where a run that put one inside another was cut off."""
        return [str(root) for (root,) in self.execute("SELECT DISTINCT root FROM files ORDER BY root")]

    def file_counters(self) -> list[tuple[str, str]]:
        """Each root of files with whose tokens were counted in them."""
        return self.execute("SELECT DISTINCT root, counter FROM files ORDER BY root, counter").fetchall()

    def counts(self) -> Counts:
        count = "SELECT (SELECT COUNT(*) FROM files WHERE status = 'indexed'),"
        count += " (SELECT COUNT(*) FROM files WHERE status = 'quarantined'), (SELECT COUNT(*) FROM chunks),"
        count += " (SELECT COUNT(*) FROM refs), (SELECT COUNT(*) FROM chunks WHERE class = 'data')"
        files, quarantined, chunks, references, data = self.execute(count).fetchone()
        sparse = self.outbox.counts(SPARSE)
        carried = chunks - sparse.get("put", 0) - sparse.get("reweigh", 0)
        embeddable = chunks if self.embeds_data else chunks - data
        dense = embeddable - self.outbox.count(DENSE)
        return Counts(files, quarantined, chunks, references, carried, dense, embeddable, embedder=self.embedder)

    def embeddable(self) -> int:
        """How many chunks can have a vector."""
        sql = "SELECT COUNT(*) FROM chunks WHERE ? OR class <> 'data'"
        return int(self.execute(sql, (self.embeds_data,)).fetchone()[0])

    def dense_by_class(self) -> dict[TextClass, tuple[int, int]]:
        """How many chunks of each class have their vector, and of how many, in the order of embedding."""
        totals: dict[TextClass, int] = dict(self.execute("SELECT class, COUNT(*) FROM chunks GROUP BY class"))
        sql = "SELECT priority, COUNT(*) FROM outbox WHERE store = ? GROUP BY priority"
        owed: dict[int, int] = dict(self.execute(sql, (DENSE,)))
        kinds = [kind for kind in CLASSES if kind in totals and (kind != "data" or self.embeds_data)]
        return {kind: (totals[kind] - owed.get(DENSE_PRIORITY[kind], 0), totals[kind]) for kind in kinds}

    # --- chunks

    def has_chunks(self, root: str | None = None) -> bool:
        """Is there any chunk, or any below this root?"""
        if root is None:
            return bool(self.one("SELECT EXISTS (SELECT 1 FROM chunks)"))
        sql = "SELECT EXISTS (SELECT 1 FROM chunks JOIN files USING (path) WHERE root = ?)"
        return bool(self.one(sql, (root,)))

    def chunks_at(self, path_suffix: str, line: int) -> list[str]:
        """The chunks in which this line of a file stands, of all files whose path ends so; by path and line."""
        sql = (
            "SELECT id FROM files JOIN chunks USING (path)"
            " WHERE (path = ?1 OR substr(path, -length(?1) - 1) = '/' || ?1) AND start_line <= ?2 AND end_line >= ?2"
            " ORDER BY path, start_line, id"
        )
        return [str(chunk_id) for (chunk_id,) in self.execute(sql, (path_suffix, line))]

    def chunks(self, chunk_ids: Sized[str]) -> dict[str, Chunk]:
        """Those that are there, with their text."""
        sql = (
            "SELECT id, path, start_line, end_line, text, header, language, symbol, place"
            " FROM chunks JOIN texts USING (num) WHERE id IN ({})"
        )
        return {row[0]: Chunk(*row[1:]) for row in self.in_slices(sql, chunk_ids)}

    def places(self, chunk_ids: Sized[str]) -> dict[str, Place]:
        """Those that are there, without their text."""
        sql = "SELECT id, path, start_line, end_line, symbol, language, place FROM chunks WHERE id IN ({})"
        return {row[0]: Place(*row) for row in self.in_slices(sql, chunk_ids)}

    def extract(self, path: str) -> str | None:
        """The text that was extracted from a PDF or notebook: what its chunks' lines count."""
        row = self.execute("SELECT text FROM extracts WHERE path = ?", (path,)).fetchone()
        return str(row[0]) if row else None

    def chunk_ids(self) -> list[str]:
        return [str(chunk_id) for (chunk_id,) in self.execute("SELECT id FROM chunks")]

    def classes(self) -> list[tuple[str, TextClass]]:
        """Each chunk's id and class."""
        return self.execute("SELECT id, class FROM chunks").fetchall()

    def classes_of(self, chunk_ids: Sized[str]) -> set[TextClass]:
        """The classes that some of these chunks are of."""
        sql = "SELECT DISTINCT class FROM chunks WHERE id IN ({})"
        return {kind for (kind,) in self.in_slices(sql, chunk_ids)}

    def without_vector(self, model: str) -> list[tuple[str, TextClass]]:
        """The chunks, with their classes, of which no vector of this embedder is kept."""
        sql = (
            "SELECT id, class FROM chunks"
            " WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE model = ? AND vectors.content = chunks.content)"
        )
        return self.execute(sql, (model,)).fetchall()

    def points_after(self, num: int, limit: int) -> list[tuple[int, Candidate, bytes, TextClass]]:
        """Chunks by number, from behind `num`: number, words, content key and class."""
        sql = (
            "SELECT num, content, class, id, path, start_line, length, terms FROM chunks JOIN texts USING (num)"
            " WHERE num > ? ORDER BY num LIMIT ?"
        )
        return [(row[0], Candidate(*row[3:]), row[1], row[2]) for row in self.execute(sql, (num, limit))]

    def content_keys(self, chunk_ids: Sized[str]) -> dict[str, bytes]:
        """What the vectors of these chunks are kept under."""
        return dict(self.in_slices("SELECT id, content FROM chunks WHERE id IN ({})", chunk_ids))

    # --- the graph: references as they stand in the text

    def references(self, chunk_ids: Sized[str]) -> list[Reference]:
        """What these chunks define, call, import, ..."""
        sql = "SELECT id, kind, name FROM refs JOIN chunks ON chunk = num WHERE id IN ({}) ORDER BY id, kind, name"
        return [Reference(*row) for row in self.in_slices(sql, chunk_ids)]

    # --- the lexical leg

    def stats(self) -> CorpusStats:
        """Statistics of all chunks: what the last commit kept; counted now where that was by an older program."""
        kept = json.loads(self.meta("stats", "{}"))
        if kept.get("generation") == self.meta("generation"):
            return CorpusStats(kept["chunks"], kept["tokens"], kept["terms"], kept["idf_sum"])
        return self.count_stats()

    def keep_stats(self) -> None:
        """Count them once for all searches of this generation, a quarter of a second at 100,000 chunks."""
        kept = {"generation": self.meta("generation"), **asdict(self.count_stats())}
        self.set_meta("stats", json.dumps(kept))

    def count_stats(self) -> CorpusStats:
        chunks, tokens = self.execute("SELECT COUNT(*), COALESCE(SUM(length), 0) FROM chunks").fetchone()
        histogram: Mapping[int, int] = dict(self.execute("SELECT n, COUNT(*) FROM terms GROUP BY n"))
        return stats_from_histogram(histogram, chunks, tokens)

    def state(self) -> tuple[str, float]:
        """The generation, and the average length inside the stored weights, in one look."""
        values = dict(self.execute("SELECT key, value FROM meta WHERE key IN ('generation', 'grid')"))
        return str(values.get("generation", "")), float(values.get("grid", "0")) or self.grid_length()

    def grid_length(self) -> float:
        """The average length inside the stored weights."""
        return float(self.meta("grid", "0")) or grid_length(self.stats().average_length)

    def document_frequencies(self, keys: Iterable[int]) -> dict[int, int]:
        return dict(self.in_slices("SELECT term, n FROM terms WHERE term IN ({})", list(keys)))

    def has_word(self, word: str) -> bool:
        """Whether any chunk has the word, or of a compound a part of it."""
        return bool(self.document_frequencies([term_key(token) for token in tokenize(word)]))

    def candidates(self, chunk_ids: Sequence[str]) -> list[Candidate]:
        sql = "SELECT id, path, start_line, length, terms FROM chunks JOIN texts USING (num) WHERE id IN ({})"
        return [Candidate(*row) for row in self.in_slices(sql, chunk_ids)]

    # --- files

    def file_hashes(self, paths: Sized[str]) -> dict[str, str]:
        """The SHA-256 of the bytes, of those that are indexed."""
        return dict(self.in_slices("SELECT path, hash FROM files WHERE status = 'indexed' AND path IN ({})", paths))

    def changed_files(self) -> Iterator[tuple[str, int, int]]:
        """Path, size and mtime of each indexed file, to compare with the disk."""
        yield from self.execute("SELECT path, size, mtime_ns FROM files ORDER BY path")
