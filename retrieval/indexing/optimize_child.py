"""The process that brings a copy of a vector store into its optimized form: `... optimize_child FOLDER`.

A process of its own, because Qdrant Edge holds the GIL all the time and takes up to 1 GB for 100,000 points. It dies
with the process that started it where the system can do that.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

from ..stores.edge_config import optimize_shard

DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux


def main(arguments: list[str]) -> int:
    folder, parent = Path(arguments[0]), int(arguments[1])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        return 1
    optimize_shard(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
