"""One file at a time: bytes to a manifest entry with chunks, words and references, or to a reason."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...domain import Embedder
from ...errors import EmbedderError, HydragraphError
from ..chunking.chunker import chunk_document
from ..reading.contents import Contents, read_contents, unwanted
from ..reading.document import Document, UnreadableError, read_document
from ..reading.skipped import Skipped, trouble
from ..reading.text import lines_of, storable
from ..reading.text_class import text_class
from ..reading.walk import Found
from ..secrets.credentials import MASKED, masked
from ..stores.manifest import NO_COUNTER, ChunkerStamp, ChunkRow, FileEntry, FileRow, Signature
from .scan import signature

if TYPE_CHECKING:
    import numpy as np

READING = 3  # raise it when readers, chunking or the tokenizer give something else for the same file
PIECE = re.compile(r"[A-Za-z0-9_]+|\S")

log = logging.getLogger(__name__)


def chunker_stamp(embedder: Embedder | None, include_secrets: bool) -> ChunkerStamp:
    counter = f"{embedder.name}:{embedder.dimension}:{embedder.max_tokens}" if embedder else NO_COUNTER
    return ChunkerStamp(READING, include_secrets, counter)


def concealed(document: Document) -> Document:
    """The document with each credential blotted out, so that no title, no name and no neighbour carries it on; the
    chunks in which one stood are then left out, and so every chunk that is kept is the file's own text."""
    text = document.text
    blotted = masked(text)
    return document if blotted == text else replace(document, lines=lines_of(blotted))


def withheld_reason(chunks: int) -> str:
    """Why an indexed file is not indexed whole."""
    return f"{chunks} {'chunk' if chunks == 1 else 'chunks'} with a credential left out"


class FileReader:
    """Reads files for one run. `truncated` counts chunks that the embedder would cut."""

    def __init__(self, embedder: Embedder | None, *, include_secrets: bool = False) -> None:
        self._embedder = embedder or TokenEstimate()
        self._include_secrets = include_secrets
        self._chunker = chunker_stamp(embedder, include_secrets)
        self.truncated = 0

    def read(self, found: Found, known: FileRow | None) -> FileEntry | FileRow | Skipped:
        """The file's new entry; only its row where it holds the same bytes as before; why it is left out."""
        try:
            status = signature(found.path)
        except OSError as error:
            return Skipped(found.path, trouble(error))
        seen = time.time_ns()
        contents = read_contents(found.path)
        if isinstance(contents, Skipped):
            return contents
        row = self._row(found, status, seen, contents.data)
        if known and (known.hash, known.chunker, known.root) == (row.hash, row.chunker, row.root):
            return replace(row, status=known.status, reason=known.reason, withheld=known.withheld)
        skipped = unwanted(found.path, found.root, contents, include_secrets=self._include_secrets)
        return skipped or self._parsed(found, contents, row)

    def _row(self, found: Found, status: Signature, seen_ns: int, data: bytes) -> FileRow:
        return FileRow(
            path=found.path.as_posix(),
            root=found.root.as_posix(),
            size=status.size,
            mtime_ns=status.mtime_ns,
            ctime_ns=status.ctime_ns,
            inode=status.inode,
            seen_ns=seen_ns,
            hash=hashlib.sha256(data).hexdigest(),
            chunker=self._chunker,
        )

    def _parsed(self, found: Found, contents: Contents, row: FileRow) -> FileEntry:
        """Whatever a parser raises is about this file alone: it never stops the others."""
        try:
            return self._parse(found, contents, row)
        except (MemoryError, HydragraphError):  # of the embedder that counts tokens, and so of every file
            raise
        except UnreadableError as error:
            return FileEntry(replace(row, status="quarantined", reason=str(error)))
        except Exception as error:
            log.warning("quarantined %s", found.path, exc_info=True)
            reason = storable(f"the reader failed ({type(error).__name__}: {error})")
            return FileEntry(replace(row, status="quarantined", reason=reason))

    def _parse(self, found: Found, contents: Contents, row: FileRow) -> FileEntry:
        document = read_document(found.path, contents, found.root)
        if not self._include_secrets:
            document = concealed(document)
        chunked = chunk_document(document, self._embedder)
        text = MASKED.sub("***", document.text) if document.extracted else None
        for chunk in chunked.chunks:
            f"{chunk.header}{chunk.text}{chunk.symbol}".encode()  # what is no UTF-8 cannot be stored
        if not chunked.chunks and not chunked.withheld:
            raise UnreadableError("no text")
        self.truncated += chunked.truncated
        chunks = {chunk.id: chunk for chunk in reversed(chunked.chunks)}  # parts of one line may be the same: the first
        looks = document.text if document.language == "text" else ""
        kind = text_class(row.path[len(row.root) :], document.language, looks)
        rows = tuple(ChunkRow.of(chunk, kind) for chunk in reversed(chunks.values()))
        references = tuple(reference for reference in chunked.references if reference.chunk_id in chunks)
        return FileEntry(replace(row, withheld=chunked.withheld), rows, references, text)


class TokenEstimate:
    """Stands in for an embedder where there is none: sizes chunks as a word-piece model would, roughly and on the safe
    side. A later run with an embedder cuts the files again."""

    name = "none"
    dimension = 0
    max_tokens = 256

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [2 + sum((len(piece) + 3) // 4 for piece in PIECE.findall(text)) for text in texts]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        raise EmbedderError(f"Asked for vectors of {len(texts)} texts without an embedding model.")
