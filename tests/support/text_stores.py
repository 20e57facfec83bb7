"""Both implementations of the texts and the outbox of a collection, as the contract and congruence tests want them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hydragraph.domain import Chunk, Language, Reference
from hydragraph.retrieval.reading.text_class import TextClass
from hydragraph.retrieval.stores.manifest import ChunkerStamp, ChunkRow, FileEntry, FileRow, Manifest
from hydragraph.retrieval.stores.memory import MemoryTexts
from hydragraph.retrieval.stores.protocols import Outbox, TextStore, TextWriter
from hydragraph.retrieval.stores.texts import Store

STAMP = ChunkerStamp(1, False, "none")


@dataclass(frozen=True, slots=True)
class Texts:
    reader: TextStore
    writer: TextWriter
    outbox: Outbox


@contextmanager
def in_sqlite(folder: Path) -> Iterator[Texts]:
    with Store(folder / "index.db", create=True) as store:
        yield Texts(store, Manifest(store), store.outbox)


@contextmanager
def in_memory(folder: Path) -> Iterator[Texts]:
    texts = MemoryTexts()
    yield Texts(texts, texts, texts.outbox)


BOTH = {"sqlite": in_sqlite, "memory": in_memory}


def entry(
    path: str, *texts: str, kind: TextClass = "source", root: str = "/t", language: Language = "python"
) -> FileEntry:
    """A file of chunks of two lines each; each defines the first word of its text."""
    chunks = [Chunk(path, 2 * n - 1, 2 * n, text, "head", language, f"symbol{n}") for n, text in enumerate(texts, 1)]
    references = [Reference(chunk.id, "defines", chunk.text.split()[0]) for chunk in chunks if chunk.text.split()]
    row = FileRow(path, root, 1, 2, 3, 4, 5, "hash", STAMP)
    return FileEntry(row, tuple(ChunkRow.of(chunk, kind) for chunk in chunks), tuple(references))


def ids_of(entry: FileEntry) -> list[str]:
    return [row.id for row in entry.chunks]
