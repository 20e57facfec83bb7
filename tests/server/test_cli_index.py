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
