"""What `hydragraph index` says of a run, to a person and to a program."""

from __future__ import annotations

import json
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
