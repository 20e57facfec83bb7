from pathlib import Path

import numpy as np
import pytest

from hydragraph.errors import DiskFullError, IndexBusyError, IndexCorruptError
from hydragraph.retrieval.stores.edge_vectors import RESERVE, VectorShard, vector_name

A, B, C = ("a" * 32, "b" * 32, "c" * 32)
MODEL = "model:3"


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def test_sparse_and_dense_live_in_one_point_and_survive_reopening(home: Path) -> None:
    with VectorShard.create(home / "v") as shard:
        shard.add([(A, ([1, 4294967295], [1.5, 0.25])), (B, ([1], [0.5])), (C, ([], []))])
        shard.set_dense(MODEL, [(A, unit(1, 0, 0)), (B, unit(1, 1, 0))])
        assert (shard.count(), shard.count(MODEL), shard.count("other:3")) == (3, 2, 0)
    with VectorShard.load(home / "v") as shard:
        assert shard.search_sparse(([1], [2.0]), 10) == [(A, 3.0), (B, 1.0)]
        assert [chunk_id for chunk_id, _ in shard.search_dense(MODEL, unit(0, 1, 0), 1)] == [B]
        points = {chunk_id: (sparse, dense) for chunk_id, sparse, dense in shard.points(MODEL)}
        assert points[A] == (([1, 4294967295], [1.5, 0.25]), [1.0, 0.0, 0.0])
        assert points[C] == (([], []), None)


def test_new_weights_keep_the_dense_vector_and_a_new_point_drops_it(home: Path) -> None:
    with VectorShard.create(home / "v") as shard:
        shard.add([(A, ([1], [1.0]))])
        shard.set_dense(MODEL, [(A, unit(0, 0, 1))])
        shard.set_sparse([(A, ([2], [3.0]))])
        assert shard.search_sparse(([1], [1.0]), 5) == []
        assert shard.search_sparse(([2], [1.0]), 5) == [(A, 3.0)]
        assert shard.count(MODEL) == 1
        shard.add([(A, ([2], [3.0]))])
        assert shard.count(MODEL) == 0


def test_deleting_twice_is_no_error(home: Path) -> None:
    with VectorShard.create(home / "v") as shard:
        shard.add([(A, ([1], [1.0])), (B, ([1], [2.0]))])
        shard.delete([A])
        shard.delete([A, C])
        assert shard.search_sparse(([1], [1.0]), 5) == [(B, 2.0)]


def test_vectors_of_two_embedders_stand_beside_each_other_until_one_is_dropped(home: Path) -> None:
    with VectorShard.create(home / "v") as shard:
        shard.add([(A, ([1], [1.0])), (B, ([1], [1.0]))])
        shard.set_dense("old:2", [(A, unit(1, 0)), (B, unit(0, 1))])
        shard.set_dense(MODEL, [(A, unit(1, 0, 0))])
        assert [chunk_id for chunk_id, _ in shard.search_dense("old:2", unit(0, 1), 1)] == [B]
        shard.drop_dense_but(MODEL)
        assert shard.search_dense("old:2", unit(0, 1), 1) == []
        assert [chunk_id for chunk_id, _ in shard.search_dense(MODEL, unit(1, 0, 0), 5)] == [A]
    with VectorShard.load(home / "v") as shard:
        assert (shard.count("old:2"), shard.count(MODEL)) == (0, 1)


def test_scrolling_reaches_every_point(home: Path) -> None:
    ids = [f"{number:032x}" for number in range(1, 2204)]
    with VectorShard.create(home / "v") as shard:
        shard.add([(chunk_id, ([7], [1.0])) for chunk_id in ids])
        assert [chunk_id for chunk_id, _, _ in shard.points()] == ids


def test_a_second_owner_is_refused(home: Path) -> None:
    with VectorShard.create(home / "v"), pytest.raises(IndexBusyError):
        VectorShard.load(home / "v")


def test_a_folder_that_is_no_shard_is_said_to_be_damaged(home: Path) -> None:
    (home / "v").mkdir()
    (home / "v" / "edge_config.json").write_text("{}")
    with pytest.raises(IndexCorruptError, match="hydragraph index"):
        VectorShard.load(home / "v")


def test_a_point_that_is_not_there_cannot_get_a_vector(home: Path) -> None:
    with VectorShard.create(home / "v") as shard, pytest.raises(IndexCorruptError, match="No point with id"):
        shard.set_sparse([(A, ([1], [1.0]))])


def test_a_disk_without_reserve_stops_before_writing(home: Path) -> None:
    space = [RESERVE + 1000]
    with VectorShard.create(home / "v", free=lambda _: space[0]) as shard:
        shard.add([(A, ([1], [1.0]))])
        space[0] = RESERVE + 10
        with pytest.raises(DiskFullError, match="free"):
            shard.add([(B, ([1], [1.0]))])
        space[0] = RESERVE + 1000
        shard.add([(C, ([1], [1.0]))])
        assert {chunk_id for chunk_id, _, _ in shard.points()} == {A, C}


def test_names_of_vectors_differ_by_model_and_dimension() -> None:
    assert len({vector_name("m:3"), vector_name("m:4"), vector_name("n:3")}) == 3
