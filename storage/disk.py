"""Free space: a full disk kills some of the engines, so whoever writes much asks first."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..errors import DiskFullError

RESERVE: Final = 64 << 20  # two segments of Qdrant Edge's write-ahead log: stop well before the disk is full

FreeBytes = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """What this process may still write to the disk of a folder."""
    return shutil.disk_usage(folder).free


def require_space(folder: Path, needed: int, free: FreeBytes = free_bytes) -> None:
    """Raise DiskFullError unless `needed` bytes fit with the reserve on top."""
    available = free(folder)
    if available < needed + RESERVE:
        raise DiskFullError(
            f"The disk of {folder} has {available >> 20} MB free; at least {(needed + RESERVE) >> 20} MB are needed to"
            " go on safely. What is finished is kept: free some space and run the same command again."
        )
