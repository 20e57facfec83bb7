"""What `evals.startup` runs beside its searches: change files of a drawn collection and index them, until killed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Final

from ..retrieval.indexing.progress import Progress
from ..retrieval.indexing.run import index
from ..retrieval.stores.collection import Collection
from .drawn import TEXTS_A_FILE, DrawnEmbedder, as_file, draw
from .measuring import default_embedder

MOST_CHANGED: Final = 100  # files a run


def write_for_ever(home: Path, chunks: int, seed: int) -> None:
    name = f"drawn-{chunks}"
    folder = home.parent / f"{name}-texts"
    embedder = DrawnEmbedder(like=default_embedder(home))
    files = sorted(folder.rglob("*.md"))
    changed = files[: min(MOST_CHANGED, max(1, len(files) // 10))]  # the text that is searched for stays
    told = False

    def tell(progress: Progress) -> None:
        nonlocal told
        if not told and progress.stage == "read" and progress.done:
            told = True
            print("writing", flush=True)

    for number in count(1):
        texts = draw(len(changed) * TEXTS_A_FILE, 0, seed + number).texts
        for start, path in zip(range(0, len(texts), TEXTS_A_FILE), changed, strict=True):
            path.write_text(as_file(texts[start : start + TEXTS_A_FILE]))
        index(Collection(home, name), [folder], embedder, tell)


def main(arguments: Sequence[str] | None = None) -> int:
    home, chunks, seed = sys.argv[1:] if arguments is None else arguments
    write_for_ever(Path(home), int(chunks), int(seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
