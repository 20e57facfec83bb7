"""Threads keep what was answered: they can be listed, and what is forgotten is forgotten in them too."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from hydragraph.graphs.threads.saver import FILE
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.stores.collection import Collection
from hydragraph.server.cli.main import main

Captured = pytest.CaptureFixture[str]
FEES = "What does a transfer cost?"
LIMIT = "What is the overdraft limit of an account?"


def kept(home: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in home.glob(f"{FILE}*"))


def listed(capsys: Captured) -> list[tuple[str, str, int]]:
    capsys.readouterr()
    assert main(["threads", "--json"]) == 0
    threads = json.loads(capsys.readouterr().out)
    return [(thread["collection"], thread["name"], thread["questions"]) for thread in threads]


@pytest.fixture
def conversations(here: Path, own_home: Path) -> Path:
    """One over the notes, one over the code."""
    for name in ("bank.py", "notes.md"):
        index(Collection(own_home, name.partition(".")[0]), [here / "corpus" / name], None)
    assert main(["ask", FEES, "--thread", "fees/2", "--name", "notes"]) == 0
    assert main(["ask", LIMIT, "--thread", "limit", "--name", "bank"]) == 0
    assert b"A transfer costs 2 euros" in kept(own_home)
    return here


@pytest.mark.usefixtures("here")
def test_without_a_thread_the_way_to_one_is_said(capsys: Captured) -> None:
    assert main(["threads"]) == 0
    assert "--thread NAME" in capsys.readouterr().err


@pytest.mark.usefixtures("conversations")
def test_threads_are_listed_with_their_collection_and_questions(capsys: Captured) -> None:
    assert listed(capsys) == [("bank", "limit", 1), ("notes", "fees/2", 1)]
    assert main(["ask", LIMIT, "--thread", "limit", "--name", "bank"]) == 0
    assert listed(capsys) == [("bank", "limit", 2), ("notes", "fees/2", 1)]
    assert main(["threads"]) == 0
    assert "fees/2  collection notes, 1 question, last 20" in capsys.readouterr().out


@pytest.mark.usefixtures("conversations")
def test_a_thread_is_forgotten_with_every_byte(capsys: Captured, own_home: Path) -> None:
    assert main(["forget", "--thread", "fees/2"]) == 0
    assert "Forgot the thread 'fees/2' over collection 'notes'." in capsys.readouterr().out
    assert listed(capsys) == [("bank", "limit", 1)]
    assert b"transfer" not in kept(own_home)
    assert b"overdraft" in kept(own_home)


@pytest.mark.usefixtures("conversations")
def test_a_collection_takes_its_threads_with_it(capsys: Captured, own_home: Path) -> None:
    assert main(["forget", "notes", "--yes"]) == 0
    assert "Forgot 1 thread over 'notes': fees/2." in capsys.readouterr().out
    assert listed(capsys) == [("bank", "limit", 1)]
    assert b"transfer" not in kept(own_home)


def test_a_path_takes_the_threads_in_which_it_was_found(indexed: Path, capsys: Captured, own_home: Path) -> None:
    (indexed / "corpus" / "notes").mkdir()
    (indexed / "corpus" / "notes" / "one.md").write_text("# Snow\n\nThe avalanche barrier was built of larchwood.\n")
    index(Collection(own_home, "default"), [indexed / "corpus"], None)
    assert main(["ask", "When was the avalanche barrier built?", "--thread", "snow"]) == 0
    index(Collection(own_home, "code"), [indexed / "corpus" / "bank.py"], None)
    assert main(["ask", LIMIT, "--thread", "limit", "--name", "code"]) == 0
    assert b"larchwood" in kept(own_home)
    assert main(["forget", "corpus/note"]) == 4  # only begins the same
    assert main(["forget", "corpus/notes"]) == 0
    assert "Forgot 1 thread in which corpus/notes was found: snow." in capsys.readouterr().out
    assert listed(capsys) == [("code", "limit", 1)]
    assert b"larchwood" not in kept(own_home)


@pytest.mark.usefixtures("conversations")
def test_a_thread_of_another_collection_or_none_is_left(capsys: Captured) -> None:
    assert main(["forget", "--thread", "fees/2", "--name", "bank"]) == 4
    assert main(["forget", "--thread", "nope"]) == 4
    assert main(["forget"]) == 2
    assert main(["forget", "notes", "--thread", "fees/2"]) == 2
    assert len(listed(capsys)) == 2


@pytest.mark.usefixtures("conversations")
def test_threads_in_use_are_wiped_by_a_second_run(capsys: Captured, own_home: Path) -> None:
    connection = sqlite3.connect(own_home / FILE)
    connection.execute("SELECT COUNT(*) FROM checkpoints").fetchall()
    assert main(["forget", "--thread", "limit"]) == 5
    assert main(["forget", "notes", "--yes"]) == 5
    connection.close()
    assert "in use by another program" in capsys.readouterr().err
    assert main(["forget", "notes", "--yes"]) == 0
    assert capsys.readouterr().out == "Forgot 1 thread over 'notes': fees/2.\n"
    assert listed(capsys) == [("bank", "limit", 1)]


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("line", [["threads"], ["ask", LIMIT, "--thread", "t"], ["forget", "corpus"]], ids=" ".join)
def test_threads_that_cannot_be_read_are_not_taken_for_the_index(
    line: list[str], capsys: Captured, own_home: Path
) -> None:
    (own_home / FILE).write_bytes(b"no database" * 1000)
    assert main(line) == 1
    shown = capsys.readouterr().err
    assert f"The threads in {own_home / FILE} cannot be read" in shown
    assert "hydragraph forget" not in shown
