"""What is really stored below a folder: the vector store's files are mostly holes, which would take seconds to read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def bytes_below(folder: Path) -> bytes:
    return b"\0".join(part for path in folder.rglob("*") if path.is_file() for part in _extents(path))


def _extents(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        end, position = path.stat().st_size, 0
        while position < end:
            try:
                start = os.lseek(file.fileno(), position, os.SEEK_DATA)
            except OSError:  # only a hole is left
                return
            position = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            yield os.pread(file.fileno(), position - start, start)
