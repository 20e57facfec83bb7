"""Headings of Markdown and of reStructuredText (or text that underlines its titles)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_NO_TITLE = re.compile(r"\s*(?:[-*+>|#=~`]|\d+[.)]\s|$)|\s{4}")
_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_MARKS = re.compile(r"`+|\*{1,3}|(?<!\w)_{1,3}|_{1,3}(?!\w)|<[^>]*>|\{#[^}]*\}|\\(?=\W)")
_ROLE = re.compile(r":[\w:+.-]+:`~?([^`<]*?)\s*(?:<[^>]*>)?`")
_ADORNMENT = re.compile(r"([^\w\s])\1*\s*$")
MAX_TITLE: Final = 160


@dataclass(frozen=True, slots=True)
class Heading:
    """A title at `row` (its overline's, where it has one); what it is about starts at `body`."""

    row: int
    level: int
    title: str
    body: int


def front_matter(lines: Sequence[str], rows: range) -> frozenset[int]:
    """The rows of a YAML block between `---` at the top of a Markdown file."""
    if not rows or lines[rows.start].rstrip() != "---":
        return frozenset()
    for row in rows[1:200]:
        if lines[row].rstrip() in ("---", "..."):
            return frozenset(range(rows.start, row + 1))
    return frozenset()


def markdown_headings(lines: Sequence[str], rows: range, skipped: frozenset[int]) -> Iterator[Heading]:
    """ATX and setext headings outside code fences and front matter."""
    for row in rows:
        if row in skipped:
            if title := _front_title(lines[row]):
                yield Heading(row, 1, title, row)
            continue
        line = lines[row].rstrip()
        if match := _ATX.match(line):
            title = plain_title(re.sub(r"(?:^|[ \t]+)#+$", "", match[2] or ""))
            if title:
                yield Heading(row, len(match[1]), title, _body(lines, row + 1, rows))
        elif row + 1 in rows and row + 1 not in skipped and (under := _SETEXT.match(lines[row + 1].rstrip())):
            starts = row == rows.start or not lines[row - 1].strip()
            if starts and not _NO_TITLE.match(line) and (title := plain_title(line)):
                yield Heading(row, 1 if under[1][0] == "=" else 2, title, _body(lines, row + 2, rows))


def _front_title(line: str) -> str:
    match = re.match(r"title\s*:\s*(.+)", line)
    return plain_title(match[1].strip().strip("\"'")) if match else ""


def underlined_headings(lines: Sequence[str], rows: range) -> Iterator[Heading]:
    """Titles with a line of punctuation below (and above); levels in the order in which the styles appear."""
    styles: list[tuple[str, bool]] = []
    for row in rows[:-1]:
        title, under = lines[row].rstrip(), _adornment(lines[row + 1])
        if not under or not title.strip() or _adornment(lines[row]) or len(under) < len(title.strip()):
            continue
        over = row > rows.start and _adornment(lines[row - 1]) == under
        alone = row == rows.start or over or not lines[row - 1].strip()
        if not alone or (title[0].isspace() and not over) or not any(map(str.isalnum, title)):
            continue
        style = (under[0], over)
        if style not in styles:
            styles.append(style)
        level = min(styles.index(style) + 1, 6)
        yield Heading(row - over, level, plain_title(title.strip()), _body(lines, row + 2, rows))


def _adornment(line: str) -> str:
    line = line.rstrip()
    return line if len(line) >= 3 and _ADORNMENT.match(line) else ""


def plain_title(text: str) -> str:
    """A title without its markup."""
    text = _ROLE.sub(r"\1", _LINK.sub(r"\1", text[: 4 * MAX_TITLE]))
    return " ".join(_MARKS.sub("", text).split())[:MAX_TITLE]


def _body(lines: Sequence[str], row: int, rows: range) -> int:
    """The first row after a heading that says something."""
    while row < rows.stop and not lines[row].strip():
        row += 1
    return min(row, rows.stop - 1)
