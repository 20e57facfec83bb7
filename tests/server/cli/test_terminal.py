"""No control character of a document reaches a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydragraph.retrieval.indexing.progress import ClassProgress, Progress
from hydragraph.server.cli.progress import PlainProgress, RichProgress, described
from hydragraph.server.cli.terminal import clean, clean_line, plural, shown_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ünï 漢字 🙂\n\ttab", "plain ünï 漢字 🙂\n\ttab"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\rb", "a\\rb"),
        ("a\r\nb", "a\nb"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("\ud800", "\\ud800"),
        ("\x00\x08\x7f", "\\x00\\x08\\x7f"),
    ],
)
def test_control_characters_are_shown_as_what_they_are(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_a_line_stays_one_line() -> None:
    assert clean_line("a\nb\tc\r\nd") == "a\\nb\\tc\\r\\nd"


def test_a_path_is_shown_relative_to_where_one_stands() -> None:
    here = Path("/home/me/src")
    assert shown_path("/home/me/src/a/b.py", here) == "a/b.py"
    assert shown_path("/home/me/src2/b.py", here) == "/home/me/src2/b.py"
    assert shown_path("/home/me/src/new\nline.py", here) == "new\\nline.py"
    assert shown_path("/a.py", Path("/")) == "a.py"


def test_counts_of_one_and_of_many() -> None:
    assert [plural(count, "file") for count in (0, 1, 1200)] == ["0 files", "1 file", "1,200 files"]


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (Progress("scan", 12, None, 3.0, None), "scan    12 files seen, 3/s"),
        (Progress("read", 1200, 3400, 310.4, 7.1), "read    1,200 of 3,400 files, 310/s, 0:07 left"),
        (Progress("dense", 5, 90_000, 1.0, 89_995.0), "dense   5 of 90,000 chunks, 1/s, 24:59:55 left"),
        (Progress("dense", 0, 5, 0.0, None), "dense   0 of 5 chunks"),
        (
            Progress(
                "dense", 40, 90, 2.0, 25.0, (ClassProgress("source", 9, 9, 0.0), ClassProgress("tests", 1, 4, 7.0))
            ),
            "dense   40 of 90 chunks, 2/s, 0:25 left (source done; tests 25%, 0:07 left)",
        ),
    ],
)
def test_progress_shows_stage_count_rate_and_time_left(progress: Progress, expected: str) -> None:
    assert described(progress) == expected


def test_plain_progress_says_where_each_stage_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainProgress(every=1000) as report:
        for done in range(4):
            report(Progress("read", done, 3, 1.0, None))
        report(Progress("lexical", 0, 0, 0.0, None))
        report(Progress("dense", 2, 2, 1.0, None))
    assert capsys.readouterr() == ("", "read    3 of 3 files, 1/s\ndense   2 of 2 chunks, 1/s\n")


def test_plain_progress_says_something_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainProgress(every=0) as report:
        for done in range(3):
            report(Progress("read", done, 2, 1.0, None))
    assert capsys.readouterr().err.count("read") == 3


def test_bars_are_drawn_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with RichProgress() as report:
        report(Progress("read", 1, 2, 1.0, 1.0))
        report(Progress("read", 2, 2, 1.0, None))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "2 of 2 files" in captured.err
