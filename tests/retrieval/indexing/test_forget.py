from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stored import bytes_below

from hydragraph.errors import NoIndexError
from hydragraph.evals.index_state import differences, read_state
from hydragraph.evals.trees import make_tree
from hydragraph.retrieval.indexing.forget import forget_collection, forget_path
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.stores.collection import Collection, list_collections
from hydragraph.retrieval.stores.texts import Store

SECRET = "xyloquartzmarker"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    make_tree(tmp_path / "other", 60, seed=9)
    for path in sorted((tmp_path / "other").rglob("*"))[::7]:
        if path.is_file():
            path.write_text(f"# {SECRET}\n\nThe {SECRET} and its {SECRET}_name.\n" + path.read_text())
    return tmp_path / "other"


def test_a_and_b_less_b_is_a_and_no_byte_of_b_stays(
    docs: Collection, tree: Path, other: Path, make_embedder: Callable[[], Any]
) -> None:
    index(docs, [tree], make_embedder())
    before = read_state(docs)
    index(docs, [other], make_embedder())
    with Collection.open(docs.home, docs.name) as opened:
        gone = [row[0] for row in opened.store.execute("SELECT id FROM chunks WHERE path LIKE '%/other/%'")]
    assert SECRET.encode() in bytes_below(docs.folder)
    assert forget_path(docs, other) == 60
    assert differences(before, read_state(docs)) == []
    left = bytes_below(docs.folder)
    assert SECRET.encode() not in left
    assert b"/other/" not in left
    for chunk_id in gone:
        assert bytes.fromhex(chunk_id) not in left
        assert chunk_id.encode() not in left


def test_one_file_of_a_root_can_be_forgotten(docs: Collection, tree: Path, make_embedder: Callable[[], Any]) -> None:
    index(docs, [tree], make_embedder())
    assert forget_path(docs, tree / "notes") == 1
    assert b"zebra" not in bytes_below(docs.folder)
    assert list_collections(docs.home)[0].counts.files == 2
    index(docs, [tree], make_embedder())
    assert list_collections(docs.home)[0].counts.files == 3


def test_the_collection_goes_with_its_last_file(docs: Collection, tree: Path, make_embedder: Callable[[], Any]) -> None:
    index(docs, [tree], make_embedder())
    assert forget_path(docs, tree) == 3
    assert not docs.folder.exists()


def test_a_root_that_is_gone_from_the_disk_can_be_forgotten(
    docs: Collection, tree: Path, other: Path, make_embedder: Callable[[], Any]
) -> None:
    index(docs, [tree, other], make_embedder())
    other.rename(other.with_name("elsewhere"))
    assert forget_path(docs, other) == 60
    assert list_collections(docs.home)[0].roots == (str(tree),)


def test_a_name_that_only_begins_the_same_is_kept(
    docs: Collection, tree: Path, make_embedder: Callable[[], Any], write: Callable[[Path, str], Path]
) -> None:
    write(tree / "notes-too" / "a.txt", "A separate folder.")
    index(docs, [tree], make_embedder())
    assert forget_path(docs, tree / "notes") == 1


def test_a_path_that_is_not_in_it_is_an_error(docs: Collection, tree: Path, make_embedder: Callable[[], Any]) -> None:
    index(docs, [tree], make_embedder())
    with pytest.raises(NoIndexError, match="nowhere"):
        forget_path(docs, tree / "nowhere")


def test_a_whole_collection_is_forgotten_even_a_damaged_one(
    docs: Collection, tree: Path, make_embedder: Callable[[], Any]
) -> None:
    index(docs, [tree], make_embedder())
    docs.database.write_bytes(b"damaged")
    forget_collection(docs)
    assert list((docs.home / "collections").iterdir()) == []
    with pytest.raises(NoIndexError):
        forget_collection(docs)


@pytest.mark.parametrize("goes_on", ["forget", "index"])
def test_an_interrupted_forget_is_finished_by_the_next_command(
    docs: Collection, tree: Path, other: Path, make_embedder: Callable[[], Any], goes_on: str
) -> None:
    from hydragraph.retrieval.stores.manifest import Manifest

    index(docs, [tree], make_embedder())
    before = read_state(docs)
    index(docs, [other], make_embedder())
    with docs.writer(), Store(docs.database) as store:  # what a kill after the commit leaves
        store.set_meta("scrub", "1")
        gone = [row[0] for row in store.execute("SELECT path FROM files WHERE root = ?", (str(other),))]
        Manifest(store).commit([], gone, [str(other)])
    if goes_on == "forget":
        assert forget_path(docs, other) == 0
    else:
        index(docs, [tree], make_embedder())
    assert differences(before, read_state(docs)) == []
    assert SECRET.encode() not in bytes_below(docs.folder)
