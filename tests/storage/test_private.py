"""What is kept is for its owner only, whatever the umask is; an old home is closed, somebody else's is not touched."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hydragraph.graphs.threads.kept import threads_of
from hydragraph.graphs.threads.saver import open_threads
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection, list_collections
from hydragraph.storage.private import (
    close,
    close_home,
    close_tree,
    make_file,
    make_folder,
    opened_to_others,
    owner_of_open_home,
    owner_only,
)


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_paths(home: Path) -> dict[str, str]:
    return {str(path): oct(mode(path)) for path in [home, *home.rglob("*")] if mode(path) & 0o077}


def made(home: Path, text: Path) -> Collection:
    collection = Collection(home, "notes")
    index(collection, [text], None)
    return collection


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "notes.md"
    path.write_text("# Fees\n\nA transfer costs 2 euros.\n")
    return path


@pytest.mark.usefixtures("no_umask")
async def test_all_that_is_made_is_for_its_owner_only(tmp_path: Path, text: Path) -> None:
    home = tmp_path / "above" / "home"
    made(home, text)
    async with open_threads(home) as saver:
        await saver.conn.execute("CREATE TABLE t (x)")
        assert (home / "threads.sqlite-wal").is_file()
        assert open_paths(home) == {}
    assert open_paths(home) == {}
    assert {mode(home), mode(home / "collections")} == {0o700}
    assert mode(home / "collections" / "notes" / "index.db") == 0o600
    assert mode(home.parent) == 0o777  # what is above the home is made as the system does


@pytest.mark.usefixtures("no_umask")
def test_the_command_makes_nothing_that_others_can_read(tmp_path: Path, text: Path) -> None:
    home = tmp_path / "home"
    environment = os.environ | {"HYDRAGRAPH_EMBEDDER": "none", "HYDRAGRAPH_HOME": str(home)}
    environment["HYDRAGRAPH_OLLAMA__BASE_URL"] = "http://127.0.0.1:9"
    for line in (["index", str(text)], ["ask", "What does a transfer cost?", "--thread", "t"]):
        command = [sys.executable, "-m", "hydragraph", *line]
        subprocess.run(command, check=True, capture_output=True, env=environment, cwd=tmp_path, umask=0)
        assert open_paths(home) == {}


def loosened(home: Path) -> None:
    for path in [home, *home.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def searched(home: Path) -> None:
    searcher = LocalSearcher(home, "notes", lambda: None)
    searcher.search_now("fees")
    searcher.close()


def test_an_old_home_is_closed_by_a_search(tmp_path: Path, text: Path) -> None:
    home = tmp_path / "home"
    made(home, text)
    loosened(home)
    (home / "models").mkdir(mode=0o755)
    (home / "models" / "model.onnx").touch(0o644)
    assert opened_to_others(home)[:2] == [home, home / "collections"]
    searched(home)
    assert open_paths(home) == {}
    assert opened_to_others(home) == []


@pytest.mark.parametrize("opened", [lambda home: list_collections(home), lambda home: threads_of(home, None)])
def test_an_old_home_is_closed_by_whatever_lists_it(opened: object, tmp_path: Path, text: Path) -> None:
    home = tmp_path / "home"
    made(home, text)
    make_file(home / "threads.sqlite")
    loosened(home)
    assert callable(opened)
    opened(home)
    assert (mode(home), mode(home / "collections"), mode(home / "threads.sqlite")) == (0o700, 0o700, 0o600)


def test_only_the_bits_of_others_are_taken(tmp_path: Path, text: Path) -> None:
    home = tmp_path / "home"
    make_folder(home, home=home)
    text.chmod(0o555)
    close(text)
    assert mode(text) == 0o500


def test_a_folder_that_holds_other_things_is_left_as_it_is(tmp_path: Path, text: Path) -> None:
    made(tmp_path, text)
    tmp_path.chmod(0o755)
    (tmp_path / "collections").chmod(0o755)
    assert opened_to_others(tmp_path) == [tmp_path / "collections"]
    searched(tmp_path)
    assert (mode(tmp_path), mode(tmp_path / "collections"), mode(text) & 0o044) == (0o755, 0o700, 0o044)
    assert opened_to_others(tmp_path) == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    home = tmp_path / "home"
    make_folder(home / "collections", home=home)
    (home / "collections" / "link").symlink_to(outside)
    (home / "models").symlink_to(outside)
    close_home(home)
    close_tree(home)
    assert mode(outside) == 0o755


def test_a_home_that_is_a_link_is_closed_where_it_leads(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir(mode=0o755)
    (tmp_path / "home").symlink_to(real)
    close_home(tmp_path / "home")
    assert mode(real) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_somebody_else_is_not_touched_but_said(
    tmp_path: Path, text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hydragraph.server.cli.main import main

    home = tmp_path / "home"
    made(home, text)
    loosened(home)
    for path in [home, *home.rglob("*")]:
        os.chown(path, 12345, 12345)
    assert owner_of_open_home(home) == 12345
    monkeypatch.setenv("HYDRAGRAPH_HOME", str(home))
    assert main(["collections"]) == 0
    assert capsys.readouterr().err == f"{home} belongs to user 12345, and others may read it: it is left as it is.\n"
    assert (mode(home), mode(home / "collections" / "notes" / "index.db")) == (0o755, 0o644)
    home.chmod(0o700)
    assert owner_of_open_home(home) is None


def test_nothing_there_is_nothing_to_close(tmp_path: Path) -> None:
    close(tmp_path / "gone")
    close_home(tmp_path / "gone")
    close_tree(tmp_path / "gone")
    assert (opened_to_others(tmp_path / "gone"), owner_of_open_home(tmp_path / "gone")) == ([], None)


def test_the_umask_of_the_process_comes_back(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with owner_only():
            (tmp_path / "inside").touch()
        (tmp_path / "outside").touch()
    finally:
        os.umask(before)
    assert (mode(tmp_path / "inside"), mode(tmp_path / "outside")) == (0o600, 0o644)
