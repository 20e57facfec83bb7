"""HTML: which rows a reader sees, and the parsed page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

MAX_PARSED: Final = 4_000_000
_UNSEEN = re.compile(r"<(script|style|svg|template)", re.IGNORECASE)
_XML = re.compile(r"\A\s*<\?xml[^>]*>")
_ENDS: Final = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style", "svg", "template")}


def parsed(text: str) -> BeautifulSoup | None:
    """The parsed page; None for text that no page is in, or that nests too deep to be parsed."""
    from bs4 import BeautifulSoup

    if "<" not in text or len(text) > MAX_PARSED:
        return None
    declaration = _XML.match(text)
    if declaration:  # BeautifulSoup warns of XML; its lines have to stay
        text = re.sub(r"[^\n]", " ", declaration[0]) + text[declaration.end() :]
    try:
        return BeautifulSoup(text, "html.parser")
    except (RecursionError, AssertionError, ValueError):
        return None


def markup_rows(text: str) -> tuple[frozenset[int], frozenset[int]]:
    """Rows inside scripts, styles and comments, and rows that hold nothing but tags."""
    shown, unseen = _without_markup(text)
    rows, hidden = shown.split("\n"), unseen.split("\n")
    blank = {row for row, line in enumerate(rows) if not line.strip()}
    dropped = frozenset(row for row in blank if hidden[row].strip())
    return dropped, frozenset(blank - dropped)


def has_text(text: str) -> bool:
    return bool(_without_markup(text)[0].strip())


def _without_markup(text: str) -> tuple[str, str]:
    """The text outside tags, and the text of what is never shown; both with the line ends of the whole."""
    shown: list[str] = []
    unseen: list[str] = []
    position = 0
    while (start := text.find("<", position)) >= 0:
        shown.append(text[position:start])
        unseen.append("\n" * text.count("\n", position, start))
        position, never_shown = _markup_end(text, start)
        ends = "\n" * text.count("\n", start, position)
        shown.append(ends if position > start + 1 else text[start:position])
        unseen.append(text[start:position] if never_shown else ends)
    shown.append(text[position:])
    unseen.append("\n" * text.count("\n", position))
    return "".join(shown), "".join(unseen)


def _markup_end(text: str, start: int) -> tuple[int, bool]:
    """Where the markup that opens at `start` ends, and whether what it holds is never shown."""
    if text.startswith("<!--", start):
        end = text.find("-->", start + 4)
        return (end + 3 if end >= 0 else len(text)), True
    if not re.match(r"[A-Za-z/!?]", text[start + 1 : start + 2]):
        return start + 1, False
    if match := _UNSEEN.match(text, start):
        name = match[1].lower()
        if name in _ENDS:
            close = _ENDS[name].search(text, start)
            return (close.end() if close else len(text)), True
    end = text.find(">", start)
    return (end + 1 if end >= 0 else len(text)), False
