"""The stage that makes a vector store quick to open: when it runs, what it leaves, and what a kill leaves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hydragraph.evals.index_state import differences, read_state
from hydragraph.retrieval.indexing.optimize import optimize
from hydragraph.retrieval.indexing.outbox import Holding, Outbox
from hydragraph.retrieval.indexing.progress import Progress
from hydragraph.retrieval.indexing.run import IndexOptions, index
from hydragraph.retrieval.stores.collection import Collection
from hydragraph.retrieval.stores.edge_vectors import EdgeVectors
from hydragraph.storage.disk import free_bytes

OPTIMIZE = IndexOptions(optimize_from=1)


def folders(collection: Collection) -> list[str]:
    return sorted(path.name for path in collection.folder.glob("vectors-*"))


def is_optimized(collection: Collection) -> bool:
    with Collection.open(collection.home, collection.name) as opened:
        assert isinstance(opened.shard, EdgeVectors)
        return opened.shard.is_optimized


def test_the_last_stage_puts_an_optimized_copy_in_the_place_of_the_store(docs, tree, make_embedder) -> None:
    index(docs, [tree], make_embedder())
    before = read_state(docs)
    assert (folders(docs), is_optimized(docs)) == (["vectors-1"], False)
    seen: list[tuple[str, int, int | None]] = []

    def report(progress: Progress) -> None:
        seen.append((progress.stage, progress.done, progress.total))

    index(docs, [tree], make_embedder(), report, OPTIMIZE)
    chunks = len(before.sparse)
    assert [entry for entry in seen if entry[0] == "optimize"] == [
        ("optimize", 0, chunks),
        ("optimize", chunks, chunks),
    ]
    assert (folders(docs), is_optimized(docs)) == (["vectors-2"], True)
    assert differences(before, read_state(docs)) == []


def test_it_runs_again_only_where_enough_was_written(docs, tree, write, make_embedder) -> None:
    for number in range(20):
        write(tree / f"note{number}.txt", f"Number {number} of the notes about zebras.\n")
    index(docs, [tree], make_embedder(), options=OPTIMIZE)
    assert folders(docs) == ["vectors-2"]
    write(tree / "note0.txt", "One of them is about lions now.\n")
    index(docs, [tree], make_embedder(), options=OPTIMIZE)
    assert folders(docs) == ["vectors-2"]
    for number in range(9):
        write(tree / f"note{number}.txt", f"Number {number} of the notes is about tigers now.\n")
    index(docs, [tree], make_embedder(), options=OPTIMIZE)
    assert (folders(docs), is_optimized(docs)) == (["vectors-3"], True)


def test_a_store_without_dense_vectors_is_optimized_again_and_again(docs, tree, write) -> None:
    for number in range(3):
        write(tree / "app.py", f"def open_session_{number}(path):\n    return {number}\n")
        write(tree / "guide.md", f"# Guide {number}\n\nHow to open session {number}.\n")
        index(docs, [tree], None, options=OPTIMIZE)
        assert is_optimized(docs)
    assert len(folders(docs)) == 1


def test_a_disk_without_room_for_the_copy_leaves_the_index_as_it_is(docs, tree, make_embedder, caplog) -> None:
    index(docs, [tree], make_embedder())
    before = read_state(docs)
    with Collection.open(docs.home, docs.name) as opened:
        store = opened.store
        outbox = Outbox(docs, store, Holding(free=lambda _: 64 << 20))
    assert_not_optimized(docs, outbox, before)
    assert "free some space" in caplog.text


def assert_not_optimized(docs: Collection, outbox: Outbox, before) -> None:
    from hydragraph.retrieval.stores.texts import Store

    with Store(docs.database) as store:
        assert not optimize(Outbox(docs, store, outbox.holding), 1)
    assert folders(docs) == ["vectors-1"]
    assert differences(before, read_state(docs)) == []


def test_ctrl_c_leaves_the_old_store_and_the_next_run_goes_on(docs, tree, make_embedder) -> None:
    index(docs, [tree], make_embedder())
    before = read_state(docs)

    class Interrupts:
        """Asked for free space before the copy, and when it is opened: then Ctrl-C comes."""

        def __init__(self) -> None:
            self.armed = 0

        def __call__(self, folder: Path) -> int:
            if f".{os.getpid()}" in folder.name:
                raise KeyboardInterrupt
            return free_bytes(folder)

    options = IndexOptions(optimize_from=1, holding=Holding(free=Interrupts()))
    with pytest.raises(KeyboardInterrupt):
        index(docs, [tree], make_embedder(), options=options)
    assert (folders(docs), is_optimized(docs)) == (["vectors-1"], False)
    assert differences(before, read_state(docs)) == []
    index(docs, [tree], make_embedder(), options=OPTIMIZE)
    assert (folders(docs), is_optimized(docs)) == (["vectors-2"], True)


def test_what_a_killed_run_left_behind_is_removed(docs, tree, make_embedder) -> None:
    """A copy that was under way, and one that was ready but not named by the database."""
    index(docs, [tree], make_embedder())
    for leftover in ("vectors-1.4711", "vectors-2"):
        shutil.copytree(docs.folder / "vectors-1", docs.folder / leftover)
    index(docs, [tree], make_embedder())
    assert folders(docs) == ["vectors-1"]


KILLED = """
import os, signal, sys
from pathlib import Path
from hydragraph.evals.kill_child import HashingEmbedder
from hydragraph.retrieval.indexing.outbox import Holding
from hydragraph.retrieval.indexing.run import IndexOptions, index
from hydragraph.retrieval.stores.collection import Collection
from hydragraph.storage.disk import free_bytes

home, tree, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
steps = []

def step():
    steps.append(1)
    if len(steps) > last:
        os.kill(os.getpid(), signal.SIGKILL)

def report(progress):
    if progress.stage == "optimize":
        step()

def free(folder):
    if steps:
        step()
    return free_bytes(folder)

options = IndexOptions(optimize_from=1, holding=Holding(free=free))
index(Collection(home, "docs"), [tree], HashingEmbedder(), report, options)
"""


def test_a_kill_at_any_step_of_the_stage_converges(docs, tree, make_embedder) -> None:
    """Before the copy, between copy and child, after the child, when the copy is opened, after the swap."""
    index(docs, [tree], make_embedder())
    before = read_state(docs)
    fresh = docs.folder.with_name("fresh")
    shutil.copytree(docs.folder, fresh)
    killed = 0
    for last in range(20):
        shutil.rmtree(docs.folder)
        shutil.copytree(fresh, docs.folder)
        command = [sys.executable, "-c", KILLED, str(docs.home), str(tree), str(last)]
        code = subprocess.run(command, check=False, timeout=120).returncode
        assert differences(before, read_state(docs)) == []
        index(docs, [tree], make_embedder(), options=OPTIMIZE)
        assert (len(folders(docs)), is_optimized(docs)) == (1, True)
        assert differences(before, read_state(docs)) == []
        if code == 0:
            break
        assert code == -signal.SIGKILL
        killed += 1
    assert killed >= 4
