"""What the disk says is not taken for what it is not: only a damaged file is a damaged index."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hydragraph.errors import (
    CollectionError,
    DiskFullError,
    HomeError,
    HydragraphError,
    IndexBusyError,
    IndexCorruptError,
)
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection, list_collections
from hydragraph.retrieval.stores.edge_vectors import EdgeVectors, _fault
from hydragraph.retrieval.stores.texts import Store
from hydragraph.storage.faults import damaged, os_fault, sqlite_fault


def said(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorcode = getattr(sqlite3, name)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("SQLITE_CORRUPT", IndexCorruptError),
        ("SQLITE_CORRUPT_INDEX", IndexCorruptError),
        ("SQLITE_NOTADB", IndexCorruptError),
        ("SQLITE_FULL", DiskFullError),
        ("SQLITE_IOERR_SHMSIZE", DiskFullError),
        ("SQLITE_READONLY", HomeError),
        ("SQLITE_READONLY_DIRECTORY", HomeError),
        ("SQLITE_CANTOPEN", HomeError),
        ("SQLITE_PERM", HomeError),
        ("SQLITE_BUSY", IndexBusyError),
        ("SQLITE_IOERR_READ", CollectionError),
    ],
)
def test_each_code_of_sqlite_has_its_error_and_only_damage_is_to_be_made_again(
    name: str, wanted: type[CollectionError], tmp_path: Path
) -> None:
    fault = sqlite_fault(tmp_path / "index.db", said(name), damaged)
    assert type(fault) is wanted
    assert ("`hydragraph index PATH" in str(fault)) == (wanted is IndexCorruptError)


def test_a_mistake_in_a_statement_is_no_fault_of_the_disk(tmp_path: Path) -> None:
    assert sqlite_fault(tmp_path / "index.db", said("SQLITE_ERROR"), damaged) is None
    with Store(tmp_path / "index.db", create=True) as store, pytest.raises(sqlite3.OperationalError):
        store.execute("SELECT nothing FROM nowhere")


@pytest.mark.parametrize(
    ("code", "wanted"), [(errno.ENOSPC, DiskFullError), (errno.EACCES, HomeError), (errno.EISDIR, HomeError)]
)
def test_what_the_system_said_names_the_path(code: int, wanted: type[HydragraphError]) -> None:
    fault = os_fault(Path("/home/index.db"), OSError(code, os.strerror(code)))
    assert type(fault) is wanted
    assert "/home/index.db" in str(fault)


def test_edge_says_what_the_system_said_only_in_its_message(tmp_path: Path) -> None:
    words = "Service runtime error: failed to load segment /x: Service runtime error: {} (os error {})"
    assert type(_fault(tmp_path, words.format("Permission denied", errno.EACCES))) is HomeError
    assert type(_fault(tmp_path, words.format("No space left on device", errno.ENOSPC))) is DiskFullError
    assert type(_fault(tmp_path, words.format("No such file or directory", errno.ENOENT))) is IndexCorruptError


def test_a_vector_store_on_a_full_disk_is_not_opened(
    docs: Collection, tree: Path, make_embedder: Callable[[], Any]
) -> None:
    index(docs, [tree], make_embedder())  # opening it would end the process with SIGBUS
    with pytest.raises(DiskFullError, match="full"):
        EdgeVectors.load(docs.folder / "vectors-1", free=lambda _: 4096)
    EdgeVectors.load(docs.folder / "vectors-1", free=lambda _: 8 << 20).close()


@pytest.mark.parametrize("part", ["index.db", "writer.lock", "owner.lock", "turn.lock"])
def test_a_folder_in_place_of_a_file_is_said_to_be_in_the_way(
    docs: Collection, tree: Path, make_embedder: Callable[[], Any], part: str
) -> None:
    index(docs, [tree], make_embedder())
    (docs.folder / part).unlink(missing_ok=True)
    (docs.folder / part).mkdir()
    with pytest.raises(HomeError, match=part):
        index(docs, [tree], make_embedder())


def overwrite(database: Path) -> None:
    """Pages in the middle, as a bad disk would: the first page, which tells that it is a database, stays."""
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xaa" * (size - 3 * 4096))


def halve(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 8192 * 4096)


@pytest.mark.parametrize("harm", [overwrite, halve])
def test_a_database_damaged_in_the_middle_is_said_to_be_wherever_it_shows(
    docs: Collection, tree: Path, make_embedder: Callable[[], Any], harm: Callable[[Path], None]
) -> None:
    index(docs, [tree], make_embedder())
    harm(docs.database)
    [info] = list_collections(docs.home)
    assert "hydragraph forget docs" in info.trouble
    with pytest.raises(IndexCorruptError, match="hydragraph forget docs"):
        index(docs, [tree], make_embedder())
    with pytest.raises(IndexCorruptError, match="hydragraph forget docs"):
        LocalSearcher(docs.home, docs.name).search_now("session")


def test_damage_that_shows_in_a_later_row_is_translated_too(tmp_path: Path) -> None:
    with Store(tmp_path / "index.db", create=True) as store:
        store.executemany("INSERT INTO extracts VALUES (?,?)", [(f"{at:04}", "x" * 2000) for at in range(200)])
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (tmp_path / "index.db").open("r+b") as file:
        file.seek(-20 * 4096, os.SEEK_END)
        file.write(b"\xaa" * (20 * 4096))
    with Store(tmp_path / "index.db") as store:
        rows = store.execute("SELECT path, text FROM extracts ORDER BY path")
        assert rows.fetchone()[0] == "0000"
        with pytest.raises(IndexCorruptError, match="not UTF-8"):
            rows.fetchall()
        with pytest.raises(IndexCorruptError):
            list(store.execute("SELECT path, text FROM extracts"))


def test_a_lost_vector_store_is_not_ready_and_the_next_index_makes_it_again(
    docs: Collection, tree: Path, make_embedder: Callable[[], Any]
) -> None:
    index(docs, [tree], make_embedder())
    shutil.rmtree(docs.folder / "vectors-1")
    [info] = list_collections(docs.home)
    assert (info.counts.files, info.counts.dense_ready) == (3, 0.0)
    assert "hydragraph index PATH --name docs" in info.trouble
    assert "forget" not in info.trouble
    index(docs, [tree], make_embedder())
    [info] = list_collections(docs.home)
    assert (info.trouble, info.counts.dense_ready) == ("", 1.0)
