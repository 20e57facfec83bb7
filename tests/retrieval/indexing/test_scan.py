"""Which roots are walked, and in which list each thing that is left out stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hydragraph.retrieval.indexing.run import IndexOptions
from hydragraph.retrieval.indexing.scan import Scan, outermost, scan
from hydragraph.retrieval.stores.manifest import ChunkerStamp
from hydragraph.retrieval.stores.texts import Store


def scanned(root: Path) -> Scan:
    with Store(root.with_name("scan.db"), create=True) as store:
        return scan(store, [root], ChunkerStamp(1, False, "none"), IndexOptions(), lambda: None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "notes").mkdir(parents=True)
    (folder / "a.py").write_text("x = 1\n")
    return folder


def test_a_loop_of_links_is_left_out_for_one_reason_and_told_once(root: Path) -> None:
    """It used to stand among what was skipped and among what could not be read."""
    (root / "loop").symlink_to("loop")
    (root / "notes" / "up").symlink_to(root, target_is_directory=True)

    found = scanned(root)

    assert (found.skipped, found.troubled) == ({"symlink loop": 2}, [])


def test_what_could_not_be_looked_at_is_named_and_not_counted_again(root: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(root) + b"/bad\xff.py")).write_text("x = 1\n")
    except OSError:
        pytest.skip("this file system refuses names that are not UTF-8")

    found = scanned(root)

    assert (found.skipped, found.troubled) == ({}, [(f"{root}/bad\\xff.py", "path not UTF-8")])


@pytest.mark.parametrize(
    ("roots", "registered", "walked"),
    [
        (["/a"], [], ["/a"]),
        (["/a/b", "/a"], [], ["/a"]),
        (["/a/b"], ["/a"], ["/a"]),
        (["/a"], ["/a/b", "/c"], ["/a"]),
        (["/ab"], ["/a"], ["/ab"]),
        (["/a", "/c"], ["/c"], ["/a", "/c"]),
        (["/"], ["/a"], ["/"]),
    ],
)
def test_the_outermost_root_is_walked(roots: list[str], registered: list[str], walked: list[str]) -> None:
    assert outermost(roots, registered) == walked
