"""What `hydragraph index` says of a run, to a person and to a program."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hydragraph.server.cli import main

Captured = pytest.CaptureFixture[str]


def test_the_report_as_json_counts_what_was_skipped(here: Path, capsys: Captured) -> None:
    (here / "corpus" / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    (here / "corpus" / "node_modules").mkdir()
    assert main(["index", "corpus", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["skipped"] == {"binary": 1, "vendored": 1}
    assert report["files"] == 2


def test_a_root_that_moved_away_is_named_with_the_way_to_drop_it(here: Path, capsys: Captured) -> None:
    assert main(["index", "corpus"]) == 0
    (here / "corpus").rename(here / "moved here")
    capsys.readouterr()
    assert main(["index", "moved here"]) == 0
    shown = capsys.readouterr().out
    assert f"Gone: {here / 'corpus'} was indexed before" in shown
    assert main(["forget", str(here / "corpus"), "--name", "default"]) == 0
    assert main(["index", "moved here"]) == 0
    shown = capsys.readouterr().out
    assert "Gone:" not in shown
    assert "This run: 0 read, 2 unchanged" in shown


def test_a_path_too_long_for_the_system_is_quarantined_and_shown_by_its_ends(here: Path, capsys: Captured) -> None:
    folder = os.open(here / "corpus", os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=folder)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    assert main(["index", "corpus"]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.endswith(": path too long")]
    assert line.startswith(f"    {here / 'corpus'}"[:80])
    assert "…" in line
    assert len(line) < 200
