from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hydragraph.evals import kill
from hydragraph.evals.index_state import differences, read_state
from hydragraph.evals.kill_child import HashingEmbedder
from hydragraph.evals.trees import change_tree, make_tree
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.stores.collection import Collection


def test_an_index_that_was_killed_ends_as_one_that_was_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = Path("/dev/shm")  # most of the time would go into waiting for the disk
    folder = memory if memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30 else tmp_path
    arguments = ["--points", "3", "--files", "20", "--embedder", "hashing", "--folder", str(folder), "--json"]
    assert kill.main(arguments) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert (outcome["files"], outcome["failed"], outcome["embedder"]) == (20, 0, "hashing")
    assert [point["kind"] for point in outcome["points"]] == ["fresh", "update", "fresh"]
    assert all(point["stage"] and not point["wrong"] for point in outcome["points"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--points", "0"], "--points and --files: expected 1 or more"),
        (["--files", "-1"], "--points and --files: expected 1 or more"),
        (["--folder", "/nowhere/at/all"], "--folder: expected a folder, got /nowhere/at/all"),
        (["--embedder", "wrong"], "--embedder: embedder: expected one of minilm-int8"),
        (["--embedder", "none"], "--embedder: Expected an embedder that makes vectors, got 'none'"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_starts(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        kill.main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_the_plan_has_every_kind() -> None:
    kinds = kill.plan(20)
    assert (kinds.count("fresh"), kinds.count("update"), kinds.count("forget"), kinds.count("swap")) == (12, 8, 5, 5)


def test_a_difference_of_any_kind_is_seen(tmp_path: Path) -> None:
    make_tree(tmp_path / "tree", 20, seed=1)
    whole, damaged = (Collection(tmp_path / name, "c") for name in ("whole", "damaged"))
    for collection in (whole, damaged):
        index(collection, [tmp_path / "tree"], HashingEmbedder())
    expected = read_state(whole)
    assert differences(expected, read_state(damaged)) == []
    with Collection.open(damaged.home, "c") as opened:
        [first, second, *_] = sorted(expected.sparse)
        opened.shard.set_sparse([(first, ([1], [1.0]))])
        opened.shard.delete([second])
        opened.store.execute("DELETE FROM refs")
        opened.store.execute("UPDATE terms SET n = n + 1")
    lines = differences(expected, read_state(damaged))
    assert [line.split(":")[0] for line in lines] == [
        "references",
        "document frequencies",
        "graph",
        "names of the graph",
        "sparse vectors",
        "dense vectors",
    ]


def test_a_vector_that_is_off_by_more_than_the_tolerance_is_seen(tmp_path: Path) -> None:
    make_tree(tmp_path / "tree", 10, seed=1)
    collection = Collection(tmp_path / "home", "c")
    index(collection, [tmp_path / "tree"], HashingEmbedder())
    expected = read_state(collection)
    with Collection.open(collection.home, "c") as opened:
        points = opened.shard.points("hashing:64")
        key, vector = next((key, vector) for key, _, vector in points if vector)
        opened.shard.set_dense("hashing:64", [(key, np.array(vector, dtype=np.float32) + np.float32(2e-5))])
    assert [line.split(":")[0] for line in differences(expected, read_state(collection))] == ["dense vectors"]


def test_trees_and_their_changes_come_from_the_seed_alone(tmp_path: Path) -> None:
    def tree(name: str) -> dict[str, str]:
        make_tree(tmp_path / name, 60, seed=5)
        change_tree(tmp_path / name, seed=5)
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        return {path.relative_to(tmp_path / name).as_posix(): path.read_text() for path in files}

    first = tree("first")
    assert first == tree("second")
    assert len(first) == 60
    assert {Path(name).suffix for name in first} == {".py", ".md", ".txt"}
