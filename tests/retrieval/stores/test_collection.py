import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hydragraph.errors import CollectionError, IndexBusyError, IndexCorruptError, NoIndexError, UsageError
from hydragraph.retrieval.stores.collection import Collection, list_collections
from hydragraph.retrieval.stores.texts import Store

HOLD = """
import sys, time
from pathlib import Path
from hydragraph.retrieval.stores.collection import Collection
with getattr(Collection(Path(sys.argv[1]), "docs"), sys.argv[2])():
    print("held", flush=True)
    time.sleep(float(sys.argv[3]))
"""


@pytest.fixture
def docs(tmp_path: Path) -> Collection:
    collection = Collection(tmp_path, "docs")
    with collection.writer(create=True):
        Store(collection.database, create=True).close()
    return collection


def hold(collection: Collection, lock: str, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(collection.home), lock, str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", ".hidden", "-x", "a b", "a\n", "ü", "x" * 65])
def test_names_that_could_leave_the_folder_or_surprise_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="name"):
        Collection(tmp_path, name)


@pytest.mark.parametrize("name", ["docs", "my-code_2.0", "A", "x" * 64])
def test_plain_names_are_folders_below_the_home(tmp_path: Path, name: str) -> None:
    assert Collection(tmp_path, name).folder == tmp_path / "collections" / name


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "collections").mkdir()
    (tmp_path / "collections" / "docs").symlink_to("/")
    with pytest.raises(UsageError, match="link"):
        Collection(tmp_path, "docs")


def test_a_collection_that_is_not_there_names_those_that_are(docs: Collection) -> None:
    with pytest.raises(NoIndexError, match=r"'other' \(there are: docs\)"), Collection.open(docs.home, "other"):
        pass
    assert not Collection(docs.home, "other").folder.exists()


def test_a_collection_before_its_first_batch_cannot_be_searched_yet(docs: Collection) -> None:
    with pytest.raises(NoIndexError, match="first index"), Collection.open(docs.home, "docs"):
        pass


@pytest.mark.parametrize("lock", ["owner", "writer"])
def test_a_lock_names_the_process_that_holds_it_and_dies_with_it(docs: Collection, lock: str) -> None:
    with hold(docs, lock, 60) as process:
        with pytest.raises(IndexBusyError, match=f"process {process.pid}") as caught, getattr(docs, lock)(0.1):
            pass
        assert caught.value.pid == process.pid
        assert caught.value.exit_code == 5
        process.kill()
    with getattr(docs, lock)(0.1):
        assert (docs.folder / f"{lock}.lock").read_text().strip() == str(os.getpid())


def test_who_waits_long_enough_gets_the_lock(docs: Collection) -> None:
    with hold(docs, "owner", 0.3), docs.owner(10):
        pass


def test_a_lock_is_exclusive_within_a_process_too(docs: Collection) -> None:
    with docs.owner(), pytest.raises(IndexBusyError), docs.owner(0.05):
        pass


def test_removing_leaves_nothing_and_a_waiter_gets_no_ghost(docs: Collection) -> None:
    with docs.writer(), docs.owner():
        docs.remove()
        with pytest.raises(NoIndexError), docs.owner(0.05):
            pass
    assert list((docs.home / "collections").iterdir()) == []


def test_collections_are_listed_with_what_is_in_them(docs: Collection) -> None:
    with Store(docs.database) as store:
        store.execute("INSERT INTO roots VALUES ('/code')")
    (docs.home / "collections" / "empty").mkdir()
    [info] = list_collections(docs.home)
    assert (info.name, info.roots, info.counts.chunks, info.counts.dense_ready) == ("docs", ("/code",), 0, 0.0)
    assert list_collections(docs.home / "nowhere") == []


def test_a_database_that_is_none_is_said_to_be_damaged(docs: Collection) -> None:
    docs.database.write_bytes(b"not a database" * 1000)
    with pytest.raises(IndexCorruptError, match="hydragraph forget docs"), Collection.open(docs.home, "docs"):
        pass
    [info] = list_collections(docs.home)
    assert "hydragraph forget docs" in info.trouble


def test_a_database_of_a_later_version_is_refused_in_words(docs: Collection) -> None:
    with Store(docs.database) as store:
        store.execute("PRAGMA user_version = 99")
        store.set_meta("program", "7.1")
    with pytest.raises(CollectionError, match=r"schema version 99.*Use hydragraph 7\.1 or newer; nothing") as raised:
        Store(docs.database)
    assert "forget" not in str(raised.value)


def test_who_waits_comes_before_who_lets_go_and_asks_again(docs: Collection) -> None:
    turns = []

    def wait() -> None:
        with docs.owner(10):
            turns.append("waiter")

    with docs.owner():
        waiter = threading.Thread(target=wait)
        waiter.start()
        time.sleep(0.1)
    with docs.owner(10):
        turns.append("again")
    waiter.join()
    assert turns == ["waiter", "again"]
