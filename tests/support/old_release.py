"""A home that the program of commit 2b2cda1 left, and the tree that it had indexed (see tests/data/release_2b2cda1)."""

from __future__ import annotations

import fcntl
import json
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parents[1] / "data" / "release_2b2cda1"
EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text())
TREE = Path(EXPECTED["tree"])
_VECTORS = np.load(DATA / "queries.npy")
QUERIES = {search["query"]: vector for search, vector in zip(EXPECTED["searches"], _VECTORS, strict=True)}


def unpack_home(folder: Path) -> Path:
    """The old home below a folder."""
    with tarfile.open(DATA / "home.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "home"


@contextmanager
def old_tree() -> Iterator[Path]:
    """The tree where it was indexed, for paths in an index are absolute; one test at a time has it."""
    TREE.parent.mkdir(exist_ok=True)
    with (TREE.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(TREE, ignore_errors=True)
        shutil.copytree(DATA / "tree", TREE)
        yield TREE


class RecordedQueries:
    """MiniLM as far as these tests need it: the vectors of the questions, and of nothing else."""

    name, dimension, max_tokens = "all-MiniLM-L6-v2", 384, 256

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([QUERIES[text] for text in texts])
