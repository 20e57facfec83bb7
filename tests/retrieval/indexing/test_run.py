from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hydragraph.domain import Embedder
from hydragraph.errors import CollectionError, DiskFullError, IndexBusyError, NoIndexError, UsageError
from hydragraph.evals.index_state import differences, read_state
from hydragraph.evals.trees import make_tree
from hydragraph.retrieval.indexing.forget import forget_path
from hydragraph.retrieval.indexing.outbox import Holding
from hydragraph.retrieval.indexing.progress import Progress
from hydragraph.retrieval.indexing.run import IndexOptions, index
from hydragraph.retrieval.stores.collection import Collection, list_collections
from hydragraph.retrieval.stores.lexical import LexicalQuery, search_bm25
from hydragraph.retrieval.stores.stamps import stamp_of
from hydragraph.retrieval.stores.texts import Store
from hydragraph.storage.disk import RESERVE, free_bytes

MakeEmbedder = Callable[..., Any]  # conftest.CountingEmbedder
Write = Callable[[Path, str], Path]


def found(collection: Collection, query: str) -> list[str]:
    """The names of the files that BM25 finds."""
    with Collection.open(collection.home, collection.name) as opened:
        ids = [
            chunk_id
            for chunk_id, _ in search_bm25(opened.store, opened.shard, LexicalQuery.read(query, opened.store), 10)
        ]
        places = opened.store.places(ids)
    return list(dict.fromkeys(Path(places[chunk_id].path).name for chunk_id in ids))


def let_time_pass(collection: Collection) -> None:
    """As if all files had been read long after they last changed."""
    with Store(collection.database) as store:
        store.execute("UPDATE files SET seen_ns = seen_ns + 10000000000")


def assert_as_undisturbed(collection: Collection, roots: list[Path], embedder: Embedder | None) -> None:
    """The collection is what indexing its files into an empty home gives."""
    fresh = Collection(collection.home / "fresh", collection.name)
    shutil.rmtree(fresh.home, ignore_errors=True)
    index(fresh, roots, embedder)
    assert differences(read_state(fresh), read_state(collection)) == []


def test_a_tree_is_searchable_and_reported(docs: Collection, tree: Path, make_embedder: MakeEmbedder) -> None:
    embedder = make_embedder()
    stages: list[Progress] = []
    report = index(docs, [tree], embedder, stages.append)
    assert (report.files, report.read, report.unchanged, report.removed, report.truncated) == (3, 3, 0, 0, 0)
    assert report.chunks == report.embedded == embedder.embedded >= 3
    assert (report.dense_ready, report.quarantined, report.roots) == (1.0, (), (str(tree),))
    assert found(docs, "zebra") == ["plain.txt"]
    assert found(docs, "open session")[0] in {"app.py", "guide.md"}
    assert list(dict.fromkeys(stage.stage for stage in stages)) == ["scan", "read", "dense"]
    last = stages[-1]
    assert (last.done, last.total, last.eta_seconds) == (report.chunks, report.chunks, 0)


def test_an_unchanged_tree_costs_no_embedding_and_no_reading(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder
) -> None:
    index(docs, [tree], make_embedder())
    before = read_state(docs)
    let_time_pass(docs)
    embedder = make_embedder()
    report = index(docs, [tree], embedder)
    assert (report.read, report.unchanged, report.embedded, embedder.embedded) == (0, 3, 0, 0)
    assert differences(before, read_state(docs)) == []


def test_a_change_within_the_clocks_grain_is_seen(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    path = write(tree / "notes" / "plain.txt", "Remember the zebra crossing.\n")
    status = path.stat()
    index(docs, [tree], make_embedder())
    path.write_text("Remember the gecko crossing.\n")  # as long as before
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    index(docs, [tree], make_embedder())
    assert (found(docs, "zebra"), found(docs, "gecko")) == ([], ["plain.txt"])


def test_the_same_bytes_touched_are_not_embedded_again(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder
) -> None:
    index(docs, [tree], make_embedder())
    let_time_pass(docs)
    (tree / "app.py").touch()
    report = index(docs, [tree], make_embedder())
    assert (report.read, report.unchanged, report.embedded) == (0, 3, 0)


def test_changed_moved_added_and_deleted_files_are_followed(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    index(docs, [tree], make_embedder())
    write(tree / "app.py", "def close_window():\n    return 'curtain'\n")
    write(tree / "extra.md", "# Extra\n\nA walrus.\n")
    (tree / "notes" / "plain.txt").rename(tree / "moved.txt")
    (tree / "guide.md").unlink()
    embedder = make_embedder()
    report = index(docs, [tree], embedder)
    assert (report.files, report.removed) == (3, 2)
    assert found(docs, "zebra") == ["moved.txt"]
    assert (found(docs, "curtain"), found(docs, "walrus"), found(docs, "guide")) == (["app.py"], ["extra.md"], [])
    assert embedder.embedded == report.chunks  # a moved file has other headers
    assert_as_undisturbed(docs, [tree], make_embedder())


def test_chunks_that_only_moved_down_are_not_embedded_again(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    body = "\n\n".join(f"def function_{n}(value):\n    '''{'words ' * 60}'''\n    return value\n" for n in range(6))
    write(tree / "long.py", body)
    index(docs, [tree], make_embedder())
    write(tree / "long.py", "import os  # a new first line\n\n\n" + body)
    embedder = make_embedder()
    index(docs, [tree], embedder)
    assert 1 <= embedder.embedded <= 2
    assert_as_undisturbed(docs, [tree], make_embedder())


def test_without_an_embedder_text_is_searchable_and_vectors_follow_later(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder
) -> None:
    report = index(docs, [tree], None)
    assert (report.dense_ready, report.embedded) == (0.0, 0)
    assert found(docs, "zebra") == ["plain.txt"]
    assert index(docs, [tree], make_embedder()).dense_ready == 1.0
    assert_as_undisturbed(docs, [tree], make_embedder())


def test_a_run_without_the_embedder_keeps_the_vectors_that_are_there(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    index(docs, [tree], make_embedder())
    let_time_pass(docs)
    write(tree / "new.txt", "An okapi in the corn field.\n")
    report = index(docs, [tree], None)
    assert 0 < report.dense_ready < 1
    assert found(docs, "okapi") == ["new.txt"]
    assert index(docs, [tree], make_embedder()).embedded >= 1
    assert_as_undisturbed(docs, [tree], make_embedder())


def test_another_embedder_is_made_beside_the_old_one_and_takes_its_place(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder
) -> None:
    old, new = make_embedder("old"), make_embedder("new", interrupt_after=0)
    index(docs, [tree], old)
    with pytest.raises(KeyboardInterrupt):
        index(docs, [tree], new)
    query = old.embed(["session"])[0]
    with Collection.open(docs.home, docs.name) as opened:
        assert len(opened.shard.search_dense(stamp_of(old), query, 10)) == opened.store.counts().chunks
        assert opened.store.counts().dense_ready == 0.0
    new.interrupt_after = None
    assert index(docs, [tree], new).dense_ready == 1.0
    with Collection.open(docs.home, docs.name) as opened:
        assert opened.shard.search_dense(stamp_of(old), query, 10) == []
        assert len(opened.shard.search_dense(stamp_of(new), query, 10)) == opened.store.counts().chunks
    assert_as_undisturbed(docs, [tree], make_embedder("new"))


def test_ctrl_c_keeps_what_is_finished(docs: Collection, tmp_path: Path, make_embedder: MakeEmbedder) -> None:
    make_tree(tmp_path / "many", 200, seed=3)
    embedder = make_embedder(interrupt_after=128)
    with pytest.raises(KeyboardInterrupt):
        index(docs, [tmp_path / "many"], embedder)
    assert found(docs, "session cursor")
    counts = list_collections(docs.home)[0].counts
    assert counts.dense_ready == 128 / counts.chunks  # though a batch for the vector store is larger
    embedder.interrupt_after = None
    report = index(docs, [tmp_path / "many"], embedder)
    assert report.embedded == report.chunks - 128
    assert_as_undisturbed(docs, [tmp_path / "many"], make_embedder())


def test_what_cannot_be_read_is_quarantined_and_stops_nothing(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    write(tree / "blank.txt", " \n\n")
    write(tree / "list.ipynb", "[1, 2]")
    write(tree / "broken.ipynb", '{"cells": [')
    report = index(docs, [tree], make_embedder())
    assert {Path(path).name for path, _ in report.quarantined} == {"list.ipynb", "broken.ipynb"}
    assert report.skipped == {"empty": 1}
    assert all(reason for _, reason in report.quarantined)
    assert report.files == 3
    let_time_pass(docs)
    again = index(docs, [tree], make_embedder())
    assert (again.quarantined, again.read) == (report.quarantined, 0)
    write(tree / "list.ipynb", '{"cells": [{"cell_type": "markdown", "source": "A pelican at last."}]}')
    write(tree / "blank.txt", "Another pelican.\n")
    assert len(index(docs, [tree], make_embedder()).quarantined) == 1
    assert sorted(found(docs, "pelican")) == ["blank.txt", "list.ipynb"]


def test_roots_are_indexed_one_by_one_and_stay(
    docs: Collection, tree: Path, tmp_path: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    other = write(tmp_path / "other" / "b.txt", "A heron stands still.\n").parent
    index(docs, [tree], make_embedder())
    index(docs, [other], make_embedder())
    assert (found(docs, "heron"), found(docs, "zebra")) == (["b.txt"], ["plain.txt"])
    assert_as_undisturbed(docs, [tree, other], make_embedder())


def test_an_outer_root_takes_in_an_inner_one_and_an_inner_one_changes_nothing(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder
) -> None:
    index(docs, [tree / "notes"], make_embedder())
    index(docs, [tree], make_embedder())
    assert_as_undisturbed(docs, [tree], make_embedder())
    index(docs, [tree / "notes"], make_embedder())
    assert_as_undisturbed(docs, [tree], make_embedder())


@pytest.mark.parametrize("vanish", ["removed", "emptied"])
def test_a_root_that_vanished_is_not_wiped_in_silence(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, vanish: str
) -> None:
    index(docs, [tree], make_embedder())
    shutil.rmtree(tree)
    if vanish == "emptied":
        tree.mkdir()
    with pytest.raises(CollectionError, match="hydragraph forget"):
        index(docs, [tree], make_embedder())
    assert found(docs, "zebra") == ["plain.txt"]


def test_a_root_that_moved_away_is_named(docs: Collection, tree: Path, make_embedder: MakeEmbedder) -> None:
    assert index(docs, [tree], make_embedder()).missing == ()
    moved = tree.rename(tree.with_name("elsewhere"))
    assert index(docs, [moved], make_embedder()).missing == (str(tree),)
    forget_path(docs, tree)
    assert index(docs, [moved], make_embedder()).missing == ()


def test_nothing_to_index_is_an_error_that_says_what_was_there(
    docs: Collection, tmp_path: Path, make_embedder: MakeEmbedder
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoIndexError, match="no files"):
        index(docs, [tmp_path / "empty"], make_embedder())
    (tmp_path / "empty" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (tmp_path / "empty" / "b.txt").write_text(" ")
    with pytest.raises(NoIndexError, match=r"\(1 binary; 1 empty\)") as caught:
        index(docs, [tmp_path / "empty"], make_embedder())
    assert caught.value.exit_code == 4
    assert not docs.folder.exists()


def test_an_empty_root_leaves_the_others_alone(
    docs: Collection, tree: Path, tmp_path: Path, make_embedder: MakeEmbedder
) -> None:
    index(docs, [tree], make_embedder())
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoIndexError):
        index(docs, [tmp_path / "empty"], make_embedder())
    assert_as_undisturbed(docs, [tree], make_embedder())


@pytest.mark.parametrize("roots", [[], ["nowhere"]])
def test_roots_that_cannot_be_used_leave_nothing_behind(docs: Collection, tmp_path: Path, roots: list[str]) -> None:
    with pytest.raises(UsageError):
        index(docs, [tmp_path / root for root in roots], None)
    assert not docs.folder.exists()


@pytest.mark.parametrize("damage", ["folder", "segments", "config", "log"])
def test_a_damaged_vector_store_is_made_again_without_embedding(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, damage: str
) -> None:
    index(docs, [tree], make_embedder())
    [shard] = docs.folder.glob("vectors-*")
    if damage == "folder":
        shutil.rmtree(shard)
    elif damage == "config":
        (shard / "edge_config.json").write_text("{")
    else:
        shutil.rmtree(shard / {"segments": "segments", "log": "wal"}[damage])
    embedder = make_embedder()
    index(docs, [tree], embedder)
    assert embedder.embedded == 0
    assert_as_undisturbed(docs, [tree], make_embedder())


def test_stored_weights_are_a_function_of_the_content_not_of_its_history(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    index(docs, [tree], make_embedder())
    for number in range(8):
        write(tree / f"long{number}.txt", "many more words than the other files have on average " * 8)
        index(docs, [tree], make_embedder())
    assert_as_undisturbed(docs, [tree], make_embedder())


def test_files_with_the_same_long_line_in_pieces_have_one_chunk_for_each_piece(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    write(tree / "wide.txt", "again and again the same words in one line " * 400)
    report = index(docs, [tree], make_embedder())
    assert report.truncated == 0
    assert_as_undisturbed(docs, [tree], make_embedder())


def test_with_secrets_included_only_when_asked(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    write(tree / ".env", "TOUCAN=1\n")
    assert index(docs, [tree], make_embedder()).skipped["secret"] == 1
    index(docs, [tree], make_embedder(), options=IndexOptions(include_secrets=True))
    assert found(docs, "toucan") == [".env"]
    index(docs, [tree], make_embedder())
    assert found(docs, "toucan") == []


# --- several at once, and a disk that fills


def test_a_search_finds_its_moment_while_an_index_runs(
    docs: Collection, tree: Path, tmp_path: Path, make_embedder: MakeEmbedder
) -> None:
    index(docs, [tree], make_embedder())
    make_tree(tmp_path / "many", 150, seed=4)
    running = threading.Thread(target=index, args=(docs, [tmp_path / "many"], make_embedder()))
    running.start()
    answers = []
    while running.is_alive():
        answers.append(found(docs, "zebra"))
    running.join()
    assert answers
    assert all(answer == ["plain.txt"] for answer in answers)
    assert_as_undisturbed(docs, [tree, tmp_path / "many"], make_embedder())


def test_of_two_indexes_at_once_the_second_waits_and_names_the_first(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder
) -> None:
    hold = "import sys, time; from pathlib import Path; from hydragraph.retrieval.stores.collection import Collection\n"
    hold += "with Collection(Path(sys.argv[1]), 'docs').writer(create=True): print(flush=True); time.sleep(60)"
    command = [sys.executable, "-c", hold, str(docs.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        start = time.monotonic()
        with pytest.raises(IndexBusyError) as caught:
            index(docs, [tree], None, options=IndexOptions(holding=Holding(wait=0.3)))
        assert caught.value.pid == process.pid
        assert time.monotonic() - start >= 0.3
        process.kill()
    assert index(docs, [tree], None).files == 3


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A disk with a limit: a real one where this process may mount it, else one that counts what is written."""

    folder: Path
    mounted: bool
    quota: list[int]

    def grow(self) -> None:
        self.quota[0] *= 10
        if self.mounted:
            subprocess.run(["mount", "-o", f"remount,size={self.quota[0]}", str(self.folder)], check=True)

    def free(self, folder: Path) -> int:
        if self.mounted:
            return free_bytes(folder)
        return self.quota[0] - sum(path.stat().st_blocks * 512 for path in self.folder.rglob("*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    size = RESERVE + (8 << 20)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = shutil.which("mount") is not None and subprocess.run(command, capture_output=True).returncode == 0
    yield SmallDisk(folder, mounted, [size])
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_stops_the_run_and_loses_nothing(
    small_disk: SmallDisk, tmp_path: Path, make_embedder: MakeEmbedder
) -> None:
    docs = Collection(small_disk.folder / "home", "docs")
    make_tree(tmp_path / "many", 400, seed=5)
    options = IndexOptions(batch_files=20, holding=Holding(free=small_disk.free))
    with pytest.raises(DiskFullError, match="free"):
        index(docs, [tmp_path / "many"], make_embedder(), options=options)
    with sqlite3.connect(docs.database) as connection:
        kept = connection.execute("SELECT COUNT(*) FROM chunks").fetchone()[0]
    connection.close()
    assert kept > 0
    small_disk.grow()
    report = index(docs, [tmp_path / "many"], make_embedder(), options=options)
    assert report.unchanged + report.read == 400
    expected = Collection(tmp_path / "fresh", "docs")
    index(expected, [tmp_path / "many"], make_embedder())
    assert differences(read_state(expected), read_state(docs)) == []
