"""What `evals.speed` runs in a process of its own: every question once; prints by how many megabytes it grew."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ..retrieval.search.searcher import LocalSearcher
from .drawn import DrawnEmbedder, draw


def peak_mb() -> float:
    """The most resident memory that this process ever had. Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def main(arguments: Sequence[str] | None = None) -> int:
    home, chunks, queries, seed = sys.argv[1:] if arguments is None else arguments
    embedder = DrawnEmbedder()
    questions = draw(0, int(queries), int(seed)).questions
    embedder.keep(questions)
    before = peak_mb()
    searcher = LocalSearcher(Path(home), f"speed-{chunks}", lambda: embedder, idle=60.0)
    for question in questions:
        searcher.search_now(question)
    print(peak_mb() - before)
    searcher.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
