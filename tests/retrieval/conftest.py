"""A small tree, a collection that is not there yet, and an embedder that counts: for the tests of the ledger."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from hydragraph.evals.kill_child import HashingEmbedder
from hydragraph.retrieval.stores.collection import Collection

ROOM = 1 << 30


class CountingEmbedder(HashingEmbedder):
    """Counts the texts that it embeds, and stops as Ctrl-C would after `interrupt_after` of them."""

    def __init__(self, name: str = "hashing", interrupt_after: int | None = None) -> None:
        super().__init__(name)
        self.embedded = 0
        self.interrupt_after = interrupt_after

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        if self.interrupt_after is not None and self.embedded >= self.interrupt_after:
            raise KeyboardInterrupt
        self.embedded += len(texts)
        return super().embed(texts)


@pytest.fixture
def make_embedder() -> type[CountingEmbedder]:
    return CountingEmbedder


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home in memory where there is room: most of the time of a small index goes into waiting for the disk."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or shutil.disk_usage(memory).free < ROOM:
        memory = tmp_path
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def docs(home: Path) -> Collection:
    return Collection(home, "docs")


@pytest.fixture
def write() -> Callable[[Path, str], Path]:
    return _write


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    _write(folder / "app.py", "import os\n\n\ndef open_session(path):\n    return os.path.join(path, 'session')\n")
    _write(folder / "guide.md", "# Guide\n\nHow to open a session.\n\n# Closing\n\nSee [app](app.py).\n")
    _write(folder / "notes" / "plain.txt", "Remember the zebra crossing.\n")
    return folder


def _write(path: Path, text: str) -> Path:
    """A file as if it had been there for an hour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    earlier = time.time() - 3600
    os.utime(path, (earlier, earlier))
    return path
