"""What `hydragraph index` says of a run, to a person and to a program."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hydragraph.server.cli.main import main

Captured = pytest.CaptureFixture[str]


def test_the_report_as_json_counts_what_was_skipped(here: Path, capsys: Captured) -> None:
    (here / "corpus" / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    (here / "corpus" / "node_modules").mkdir()
    assert main(["index", "corpus", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["skipped"] == {"binary": 1, "vendored": 1}
    assert report["files"] == 2


def skip_some(corpus: Path) -> None:
    (corpus / "__init__.py").touch()
    (corpus / "table.csv").write_text("1,2\n" * 60_000)
    (corpus / "uv.lock").write_text("# lock\n")
    for number in range(12):
        (corpus / f"{number:02}.pem").write_text("key\n")
    password = "Xk29" + "vQ7pLw3ZaB81"
    (corpus / "secret\n.md").write_text(f"# Staging\n\npassword: {password}\n")


def test_what_is_skipped_is_named_with_its_reason(here: Path, capsys: Captured) -> None:
    skip_some(here / "corpus")
    assert main(["index", "corpus"]) == 0
    shown = capsys.readouterr().out.splitlines()
    corpus, why = here / "corpus", "(the name of a key or of a file of credentials)"
    start = shown.index("Skipped: 1 empty, 1 generated, 1 over-large, 12 secret.")
    assert shown[start + 1 :] == [
        *(f"    secret: {corpus}/{number:02}.pem {why}" for number in range(10)),
        "    and 2 more (-v or --json names all)",
        f"    over-large: {corpus}/table.csv "
        "(240,000 bytes; at most 200,000 are read (a tenth of index.max_bytes for .csv))",
        f"    generated: {corpus}/uv.lock (by its name)",
        "Left out: 1 chunk with a credential, in 1 file (--include-secrets indexes all).",
        f"    {corpus}/secret\\n.md: 1 chunk",
    ]
    assert main(["index", "corpus", "-v"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert f"    secret: {corpus}/11.pem {why}" in shown
    assert "Quarantined" not in "".join(shown)


def test_the_report_as_json_names_all_that_was_left_out(here: Path, capsys: Captured) -> None:
    skip_some(here / "corpus")
    assert main(["index", "corpus", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["skipped"] == {"empty": 1, "generated": 1, "over-large": 1, "secret": 12}
    assert [item["reason"] for item in report["left_out"]] == ["secret"] * 12 + ["over-large", "generated"]
    assert report["left_out"][-1] == {
        "path": str(here / "corpus" / "uv.lock"),
        "reason": "generated",
        "detail": "by its name",
    }
    assert report["withheld"] == [[str(here / "corpus" / "secret\n.md"), 1]]
    assert report["quarantined"] == []


def test_all_of_it_is_indexed_when_asked_for(here: Path, capsys: Captured) -> None:
    skip_some(here / "corpus")
    assert main(["index", "corpus", "--include-secrets"]) == 0
    shown = capsys.readouterr().out
    assert "Skipped: 1 empty, 1 generated, 1 over-large.\n" in shown
    assert "credential" not in shown


def test_a_conversation_that_may_quote_what_was_wiped_is_named(here: Path, capsys: Captured) -> None:
    skip_some(here / "corpus")
    assert main(["index", "corpus", "--include-secrets"]) == 0
    assert main(["ask", "What is the password of Staging?", "--thread", "staging"]) == 0
    assert main(["index", "corpus"]) == 0
    said = capsys.readouterr().err
    assert "Drop it: hydragraph forget --thread staging --name default" in said
    assert main(["index", "corpus"]) == 0
    assert "Drop it" not in capsys.readouterr().err


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
