"""A piece of evidence cut into passages worth quoting: definitions with what follows, paragraphs, sentences, lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from ..domain import Evidence, FileSpan

PassageKind = Literal["definition", "docstring", "comment", "heading", "prose", "import", "code"]
TRIPLE_QUOTES = ('"""', "'''")
PROSE_SUFFIXES = frozenset({".md", ".markdown", ".rst", ".txt", ".text", ".html", ".htm", ".pdf", ".adoc"})
MAX_SIGNATURE_LINES = 6
MAX_DEFINITION_LINES = 10
MAX_DOCSTRING_LINES = 6
MAX_COMMENT_LINES = 6
MAX_CODE_LINES = 5
MAX_CHARACTERS = 900

_DEFINITION = re.compile(
    r"""^\s*(?:(?:export|default|pub(?:\([^)]*\))?|public|private|protected|static|final|abstract|async|unsafe|virtual
        |inline|const)\s+)*(?:def|class|function|func|fn|struct|enum|trait|impl|interface|type|module|namespace|record)
        \s+[\w(*&<]""",
    re.VERBOSE,
)
_CONSTANT = re.compile(r"^[A-Z][A-Z0-9_]{2,}\b\s*(?::[^=]+)?=")
_IMPORT = re.compile(r"^\s*(?:import|from|use|package|require|#\s*include|using)\b|^.*\brequire\(")
_COMMENT = re.compile(r"^\s*(?:\#(?!!)|//|/\*|\*(?!\w)|--\s|;;)")
_DOCSTRING = re.compile(r'^\s*[rRbBuU]{0,2}("""|\'\'\')')
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s|^[=\-~^\"'`#*+]{3,}\s*$")
_SENTENCE_END = re.compile(
    r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[`*]*[A-Z0-9`])|\n\s*\n|\n(?=\s*(?:[-*+]|\d+[.)]|:\w+[^:\n]*:)\s)"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A verbatim part of a text and the line (from 0) on which it starts."""

    text: str
    line: int
    kind: PassageKind


def is_prose(item: Evidence) -> bool:
    """Documents and what hosts or the web bring are read as sentences, the rest as lines of code."""
    if not isinstance(item.source, FileSpan):
        return True
    path = PurePosixPath(item.source.path)
    return path.suffix.lower() in PROSE_SUFFIXES or (not path.suffix and path.name.isupper())  # README, LICENSE


def passages(item: Evidence) -> list[Passage]:
    """Every passage of the evidence, in order; each stands verbatim in its text."""
    cut = _prose(item.text, 0) if is_prose(item) else _code(item.text)
    return [passage for passage in cut if _says_something(passage.text)]


def _says_something(text: str) -> bool:
    return sum(character.isalnum() for character in text) >= 4


def _prose(text: str, first_line: int) -> Iterator[Passage]:
    start = 0
    for match in [*_SENTENCE_END.finditer(text), None]:
        end = match.start() if match else len(text)
        yield from _sentence(text, start, end, first_line)
        start = match.end() if match else end


def _sentence(text: str, start: int, end: int, first_line: int) -> Iterator[Passage]:
    """One sentence; a heading above it stands alone."""
    piece = text[start:end]
    lead = len(piece) - len(piece.lstrip())
    piece, start = piece.strip(), start + lead
    if not piece:
        return
    head, newline, rest = piece.partition("\n")
    line = first_line + text.count("\n", 0, start)
    if _HEADING.match(head):
        yield Passage(head, line, "heading")
        if newline and rest.strip():
            yield from _sentence(text, start + len(head) + 1, end, first_line)
        return
    yield Passage(_clip(piece), line, "prose")


def _clip(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    cut = text.rfind(" ", 0, MAX_CHARACTERS)
    return text[: cut if cut > 0 else MAX_CHARACTERS]


def _code(text: str) -> Iterator[Passage]:
    lines = text.split("\n")
    at = _first_end(lines)
    yield from _docstring(lines, 0, at)
    while at < len(lines):
        end, kind = _block(lines, at)
        if kind == "docstring":
            yield from _docstring(lines, at, end)
        elif lines[at].strip():
            yield _joined(lines, at, end, kind)
        if kind == "definition" and _marks(lines[at:end]) % 2:
            close = _docstring_end(lines, end - 1)
            yield from _docstring(lines, end, close)
            end = close
        at = end


def _first_end(lines: list[str]) -> int:
    """Where the docstring ends in which the text begins, as a part of a long one does; else 0."""
    if _marks(lines) % 2 == 0:
        return 0
    first = next(i for i, line in enumerate(lines) if _marks([line]))
    is_open = _DOCSTRING.match(lines[first]) and lines[first].strip(" rRbBuU") not in TRIPLE_QUOTES
    return 0 if is_open or any(_DEFINITION.match(line) for line in lines[:first]) else first + 1


def _marks(lines: list[str]) -> int:
    return sum(line.count(quotes) for line in lines for quotes in TRIPLE_QUOTES)


def _block(lines: list[str], at: int) -> tuple[int, PassageKind]:
    line = lines[at]
    if _DEFINITION.match(line) or _CONSTANT.match(line):
        return _definition_end(lines, at), "definition"
    if _DOCSTRING.match(line):
        return _docstring_end(lines, at), "docstring"
    if _IMPORT.match(line):
        return _run(lines, at, len(lines), _IMPORT), "import"
    if _COMMENT.match(line):
        return _run(lines, at, MAX_COMMENT_LINES, _COMMENT), "comment"
    return _statement_end(lines, at), "code"


def _run(lines: list[str], at: int, most: int, kind: re.Pattern[str]) -> int:
    end = at + 1
    while end < len(lines) and end - at < most and kind.match(lines[end]):
        end += 1
    return end


def _statement_end(lines: list[str], at: int) -> int:
    """A line, and the next ones while they belong together: same block, no blank line, no definition or comment."""
    end = at + 1
    while end < len(lines) and end - at < MAX_CODE_LINES:
        line = lines[end]
        if not line.strip() or _DEFINITION.match(line) or _COMMENT.match(line) or _DOCSTRING.match(line):
            break
        end += 1
    return end


def _definition_end(lines: list[str], at: int) -> int:
    """The signature to the line that closes it, then its docstring (of a long one the first paragraph) or its body.

    What is short altogether is quoted whole."""
    end = at + 1
    depth = _depth(lines[at])
    while end < len(lines) and depth > 0 and end - at < MAX_SIGNATURE_LINES:
        depth += _depth(lines[end])
        end += 1
    if end < len(lines) and _DOCSTRING.match(lines[end]):
        close = _docstring_end(lines, end)
        if close - end > MAX_DOCSTRING_LINES:
            return _paragraph_end(lines, end, end + MAX_DOCSTRING_LINES)
        whole = _body_end(lines, at, close, MAX_DEFINITION_LINES + 1)
        return whole if whole - at <= MAX_DEFINITION_LINES else close
    return _body_end(lines, at, end, MAX_DEFINITION_LINES)


def _body_end(lines: list[str], at: int, end: int, size: int) -> int:
    """To the end of the body or the next definition, at most `size` lines; a bracket that closes it belongs to it."""
    most, last = min(len(lines), at + size), end
    while end < most and not (_DEFINITION.match(lines[end]) or _marks([lines[end]])):
        if lines[end].strip():
            if _indentation(lines[end]) <= _indentation(lines[at]):
                return end + 1 if lines[end].strip(" \t;,") in {"}", ")", "]", "end"} else last
            last = end + 1
        end += 1
    return last


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _depth(line: str) -> int:
    return sum(line.count(c) for c in "([{") - sum(line.count(c) for c in ")]}")


def _paragraph_end(lines: list[str], at: int, most: int) -> int:
    end = at + 1
    if _closes(lines[at]):
        return end
    while end < min(len(lines), most) and lines[end].strip() and not _marks([lines[end]]):
        end += 1
    return end


def _closes(line: str) -> bool:
    return _marks([line]) >= 2


def _docstring_end(lines: list[str], at: int) -> int:
    if _closes(lines[at]):
        return at + 1
    end = at + 1
    while end < len(lines) and not _marks([lines[end]]):
        end += 1
    return min(end + 1, len(lines))


def _docstring(lines: list[str], at: int, end: int) -> Iterator[Passage]:
    """A short one whole, else its paragraphs, of long paragraphs the sentences; without the quotes around it."""
    for start, stop in [(at, end)] if end - at <= MAX_DOCSTRING_LINES else _paragraphs(lines, at, end):
        text = "\n".join(lines[start:stop])
        if stop - start > MAX_DOCSTRING_LINES:
            for passage in _prose(text, start):
                yield Passage(_unquoted(passage.text), passage.line, "docstring")
        elif body := _unquoted(text):
            yield Passage(_clip(body), start + text.count("\n", 0, text.index(body)), "docstring")


def _paragraphs(lines: list[str], at: int, end: int) -> Iterator[tuple[int, int]]:
    start = at
    for row in range(at, end + 1):
        if row == end or not lines[row].strip():
            if row > start:
                yield start, row
            start = row + 1


def _unquoted(text: str) -> str:
    for quotes in TRIPLE_QUOTES:
        text = text.partition(quotes)[2] if text.lstrip("rRbBuU").startswith(quotes) else text
        text = text.removesuffix(quotes)
    return text.strip()


def _joined(lines: list[str], at: int, end: int, kind: PassageKind) -> Passage:
    return Passage(_clip("\n".join(lines[at:end]).rstrip()), at, kind)
