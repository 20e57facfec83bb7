"""What only Qdrant Edge has: a lock, a folder that may be damaged, a disk that may be full."""

import uuid
from pathlib import Path

import numpy as np
import pytest
import qdrant_edge

from hydragraph.errors import DiskFullError, IndexBusyError, IndexCorruptError
from hydragraph.retrieval.stores.edge_config import WAL_SEGMENT, optimize_shard
from hydragraph.retrieval.stores.edge_vectors import NO_POINT, EdgeVectors, vector_name
from hydragraph.storage.disk import RESERVE

A, B, C = ("a" * 32, "b" * 32, "c" * 32)


def test_a_second_owner_is_refused(home: Path) -> None:
    with EdgeVectors.create(home / "v"), pytest.raises(IndexBusyError):
        EdgeVectors.load(home / "v")


def test_the_engine_says_that_a_folder_is_open_by_the_word_that_is_looked_for(home: Path) -> None:
    with EdgeVectors.create(home / "v"):
        with pytest.raises(Exception, match="WouldBlock") as caught:
            qdrant_edge.EdgeShard.load(str(home / "v"))
        assert type(caught.value) is Exception


def test_a_panic_of_the_engine_is_no_exception_and_means_a_damaged_store(home: Path) -> None:
    with EdgeVectors.create(home / "v") as shard:
        shard.add([(A, ([1], [1.0]))])
        shard.flush()
    [flags] = home.glob("v/segments/*/vector_storage-bm25/deleted/status.dat")
    flags.write_bytes(flags.read_bytes()[: flags.stat().st_size // 2])
    with pytest.raises(BaseException, match="out of bounds") as caught:
        qdrant_edge.EdgeShard.load(str(home / "v"))
    assert (type(caught.value).__name__, isinstance(caught.value, Exception)) == ("PanicException", False)
    with pytest.raises(IndexCorruptError, match="hydragraph index"):
        EdgeVectors.load(home / "v")


def test_an_id_that_is_not_there_is_said_in_the_words_that_are_looked_for(home: Path) -> None:
    with EdgeVectors.create(home / "v"):
        pass
    shard = qdrant_edge.EdgeShard.load(str(home / "v"))
    vector = qdrant_edge.PointVectors(str(uuid.UUID(A)), {"bm25": qdrant_edge.SparseVector([1], [1.0])})
    with pytest.raises(Exception, match=NO_POINT) as caught:
        shard.update(qdrant_edge.UpdateOperation.update_vectors([vector]))
    assert type(caught.value) is Exception
    shard.close()


def test_a_new_shard_has_a_small_log(home: Path) -> None:
    with EdgeVectors.create(home / "v") as shard:
        shard.add([(A, ([1], [1.0]))])
    assert sum(path.stat().st_size for path in (home / "v" / "wal").iterdir()) < 3 * WAL_SEGMENT


def test_what_was_written_is_counted_until_the_shard_is_optimized(home: Path) -> None:
    one = np.array([1, 0], dtype=np.float32)
    with EdgeVectors.create(home / "v") as shard:
        shard.add([(A, ([1], [1.0])), (B, ([1], [2.0]))])
        shard.set_sparse([(A, ([1], [3.0]))])
        shard.set_dense("m:2", [(A, one)])
        shard.delete([B])
        shard.flush()
        assert (shard.written, shard.is_optimized) == (5, False)
    with EdgeVectors.load(home / "v") as shard:
        assert shard.written == 5
    optimize_shard(home / "v")
    with EdgeVectors.load(home / "v") as shard:
        assert (shard.written, shard.is_optimized) == (0, True)
        assert shard.search_sparse(([1], [1.0]), 5) == [(A, 3.0)]
        assert shard.search_dense("m:2", one, 5) == [(A, 1.0)]


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
