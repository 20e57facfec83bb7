"""Whether files still say what was cited from them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...domain import FileSpan

EXTRACTED = (".pdf", ".ipynb")  # a citation's lines are those of a text that has to be extracted first
FileHashes = Callable[[Sequence[str]], Mapping[str, str]]


def are_current(cited: Sequence[tuple[FileSpan, str]], indexed: FileHashes) -> list[bool]:
    """For each citation, whether its text stands verbatim in its lines now. Blocking; each file is read once.

    Of a format that has to be extracted, a file with the hash that was indexed is not extracted again: `indexed` knows
    the hashes.
    """
    paths = list(dict.fromkeys(span.path for span, _ in cited))
    costly = [path for path in paths if path.lower().endswith(EXTRACTED)]
    known = indexed(costly) if costly else {}
    files = {path: FileNow(Path(path), known.get(path, "")) for path in paths}
    return [files[span.path].has(span, text) for span, text in cited]


@dataclass
class FileNow:
    """A file as it is now, and the SHA-256 of what was indexed of it, empty where that is not known."""

    path: Path
    indexed: str

    def has(self, span: FileSpan, text: str) -> bool:
        return self._is_as_indexed or text in "\n".join(self._lines[span.start - 1 : span.end])

    @cached_property
    def _data(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError:
            return b""

    @cached_property
    def _is_as_indexed(self) -> bool:
        return bool(self.indexed) and hashlib.sha256(self._data).hexdigest() == self.indexed

    @cached_property
    def _lines(self) -> Sequence[str]:
        from ...retrieval.reading.contents import Contents
        from ...retrieval.reading.document import UnreadableError, read_document
        from ...retrieval.reading.text import lines_of

        try:
            if self.path.suffix.lower() in EXTRACTED:
                return read_document(self.path, self._data, self.path.parent).lines
            return lines_of(Contents(self._data).text)
        except UnreadableError:
            return ()
