"""What only Qdrant Edge has: a lock, a folder that may be damaged, a disk that may be full."""

from pathlib import Path

import pytest

from hydragraph.errors import DiskFullError, IndexBusyError, IndexCorruptError
from hydragraph.retrieval.stores.edge_vectors import RESERVE, EdgeVectors, vector_name

A, B, C = ("a" * 32, "b" * 32, "c" * 32)


def test_a_second_owner_is_refused(home: Path) -> None:
    with EdgeVectors.create(home / "v"), pytest.raises(IndexBusyError):
        EdgeVectors.load(home / "v")


def test_a_folder_that_is_no_shard_is_said_to_be_damaged(home: Path) -> None:
    (home / "v").mkdir()
    (home / "v" / "edge_config.json").write_text("{}")
    with pytest.raises(IndexCorruptError, match="hydragraph index"):
        EdgeVectors.load(home / "v")


def test_a_disk_without_reserve_stops_before_writing(home: Path) -> None:
    space = [RESERVE + 1000]
    with EdgeVectors.create(home / "v", free=lambda _: space[0]) as shard:
        shard.add([(A, ([1], [1.0]))])
        space[0] = RESERVE + 10
        with pytest.raises(DiskFullError, match="free"):
            shard.add([(B, ([1], [1.0]))])
        space[0] = RESERVE + 1000
        shard.add([(C, ([1], [1.0]))])
        assert {chunk_id for chunk_id, _, _ in shard.points()} == {A, C}


def test_names_of_vectors_differ_by_model_and_dimension() -> None:
    assert len({vector_name("m:3"), vector_name("m:4"), vector_name("n:3")}) == 3
