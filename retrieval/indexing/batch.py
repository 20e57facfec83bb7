"""What was read of some files, to be committed together."""

from __future__ import annotations

import time
from typing import Final

from ..reading.skipped import Skipped
from ..stores.manifest import FileEntry, FileRow

BATCH_CHUNKS: Final = 2000
BATCH_SECONDS: Final = 2.0


class Batch:
    """Files with new chunks, files with the same bytes as before, and files that are left out."""

    def __init__(self) -> None:
        self.entries: list[FileEntry] = []
        self.touched: list[FileRow] = []
        self.skipped: list[Skipped] = []
        self._started = time.monotonic()

    def __len__(self) -> int:
        return len(self.entries) + len(self.touched) + len(self.skipped)

    def add(self, result: FileEntry | FileRow | Skipped) -> None:
        if isinstance(result, FileEntry):
            self.entries.append(result)
        elif isinstance(result, FileRow):
            self.touched.append(result)
        else:
            self.skipped.append(result)

    def is_full(self, files: int) -> bool:
        is_late = time.monotonic() - self._started > BATCH_SECONDS
        return is_late or len(self) >= files or sum(len(entry.chunks) for entry in self.entries) >= BATCH_CHUNKS

    @property
    def size(self) -> int:
        return sum(len(row.terms) + 4 * len(row.chunk.text) for entry in self.entries for row in entry.chunks)
