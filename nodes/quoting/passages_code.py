"""Passages of code: definitions with what explains them, docstrings, comments, statements, imports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .passage import Passage, PassageKind, clip, first_sentence, paragraph

TRIPLE_QUOTES = ('"""', "'''")
MAX_SIGNATURE_LINES = 30
MAX_DEFINITION_LINES = 10
MAX_DOCSTRING_LINES = 6
MAX_COMMENT_LINES = 8
MAX_CODE_LINES = 5

_DEFINITION = re.compile(
    r"""^\s*(?:(?:export|default|pub(?:\([^)]*\))?|public|private|protected|static|final|abstract|async|unsafe|virtual
        |inline|const)\s+)*(?:def|class|function|func|fn|struct|enum|trait|impl|interface|type|module|namespace|record)
        \s+(?:\([^)]{0,80}\)\s*)?(?P<name>\w+)""",
    re.VERBOSE,
)
_CONSTANT = re.compile(r"^(?P<name>[A-Z][A-Z0-9_]{2,})\b\s*(?::[^=]+)?=")
_IMPORT = re.compile(r"^\s*(?:import|from|use|package|require|#\s*include|using)\b|^.*\brequire\(")
_COMMENT = re.compile(r"^\s*(?:\#(?!!)|//|/\*|\*(?!\w)|--\s|;;)")
_DOCSTRING = re.compile(r'^\s*[rRbBuU]{0,2}("""|\'\'\')')
_DECORATOR = re.compile(r"^\s*@\w")


@dataclass(frozen=True, slots=True)
class _Scope:
    """The definitions around a row, as far as the text shows them; `title` is what the index calls the text."""

    title: str
    open: list[tuple[int, str]] = field(default_factory=list)

    def enter(self, line: str, name: str) -> None:
        self.leave(line)
        self.open.append((_indentation(line), name))

    def leave(self, line: str) -> None:
        while self.open and self.open[-1][0] >= _indentation(line):
            self.open.pop()

    @property
    def label(self) -> str:
        """`Class.method`, where a chunk that begins within the class knows the class from its title."""
        if not self.open:
            return self.title
        names = [name for _, name in self.open]
        known = self.title.split(".")
        if names[0] in known:
            return ".".join([*known[: known.index(names[0])], *names])
        if self.open[0][0] == 0:
            return ".".join(names)
        around = [part for part in known if part[:1].isupper()]
        return ".".join([*around, *names])


def code_passages(text: str, title: str) -> Iterator[Passage]:
    lines = text.split("\n")
    scope = _Scope(title)
    at = _first_end(lines)
    yield from _docstring(lines, 0, at, scope.label)
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        definition = _definition_at(lines, at)
        if definition is not None:
            row, name = definition
            scope.enter(lines[row], name)
            end, is_cut = _definition_end(lines, at, row)
            yield _joined(lines, at, end, "definition", scope.label, is_cut=is_cut)
            if _marks(lines[at:end]) % 2:
                close = _docstring_end(lines, end - 1)
                yield from _docstring(lines, end, close, scope.label)
                end = close
        else:
            scope.leave(lines[at])
            end, kind = _block(lines, at)
            if kind == "docstring":
                yield from _docstring(lines, at, end, scope.label)
            else:
                yield _joined(lines, at, end, kind, scope.label)
        at = end


def _definition_at(lines: list[str], at: int) -> tuple[int, str] | None:
    """The row and the name of what is defined here, its decorators before it."""
    row = at
    while row < len(lines) and row - at < MAX_DEFINITION_LINES and _DECORATOR.match(lines[row]):
        depth = _depth(lines[row])
        row += 1
        while row < len(lines) and depth > 0 and row - at < MAX_DEFINITION_LINES:
            depth += _depth(lines[row])
            row += 1
    match = (_DEFINITION.match(lines[row]) or _CONSTANT.match(lines[row])) if row < len(lines) else None
    return (row, match["name"]) if match else None


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
        begins = _DEFINITION.match(line) or _COMMENT.match(line) or _DOCSTRING.match(line) or _DECORATOR.match(line)
        if not line.strip() or begins:
            break
        end += 1
    return end


def _definition_end(lines: list[str], at: int, row: int) -> tuple[int, bool]:
    """The signature to the line that closes it, then its docstring (of a long one its first paragraph, or the first
    sentence of that) or the beginning of its body; and whether it goes on. What is short altogether is quoted whole."""
    end = row + 1
    depth = _depth(lines[row])
    while end < len(lines) and depth > 0 and end - row < MAX_SIGNATURE_LINES:
        depth += _depth(lines[end])
        end += 1
    if end < len(lines) and _DOCSTRING.match(lines[end]):
        close = _docstring_end(lines, end)
        if close - end > MAX_DOCSTRING_LINES:
            return _opening_end(lines, end, close), True
        whole = _body_end(lines, row, close, MAX_DEFINITION_LINES + 1)
        return (whole, False) if whole - at <= MAX_DEFINITION_LINES else (close, True)
    most = max(MAX_DEFINITION_LINES, end - row + 3)
    whole = _body_end(lines, row, end, most)
    return whole, whole < _body_end(lines, row, end, len(lines))


def _body_end(lines: list[str], at: int, end: int, size: int) -> int:
    """To the end of the body or the next definition, at most `size` lines; a bracket that closes it belongs to it."""
    most, last = min(len(lines), at + size), end
    while end < most and not (_DEFINITION.match(lines[end]) or _DECORATOR.match(lines[end]) or _marks([lines[end]])):
        if lines[end].strip():
            if _indentation(lines[end]) <= _indentation(lines[at]):
                return end + 1 if lines[end].strip(" \t;,") in {"}", ")", "]", "end"} else last
            last = end + 1
        end += 1
    return last


def _opening_end(lines: list[str], at: int, close: int) -> int:
    """To the end of a long docstring's first paragraph, or of the line on which its first sentence ends."""
    opening = first_sentence("\n".join(lines[at:close]).lstrip(" \trRbBuU\"'\n"))
    body = at if lines[at].strip(" \trRbBuU") not in TRIPLE_QUOTES else at + 1
    while body < close - 1 and not lines[body].strip():
        body += 1
    sentence = body + opening.count("\n") + 1
    end = _paragraph_end(lines, body, close)
    return min(end if end - body <= MAX_DOCSTRING_LINES else sentence, close)


def _paragraph_end(lines: list[str], at: int, most: int) -> int:
    end = at + 1
    while end < most and lines[end].strip() and not _marks([lines[end]]):
        end += 1
    return end


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _depth(line: str) -> int:
    return sum(line.count(c) for c in "([{") - sum(line.count(c) for c in ")]}")


def _docstring_end(lines: list[str], at: int) -> int:
    if _marks([lines[at]]) >= 2:
        return at + 1
    end = at + 1
    while end < len(lines) and not _marks([lines[end]]):
        end += 1
    return min(end + 1, len(lines))


def _docstring(lines: list[str], at: int, end: int, label: str) -> Iterator[Passage]:
    """A short one whole, else its paragraphs; without the quotes around it."""
    for start, stop in [(at, end)] if end - at <= MAX_DOCSTRING_LINES else _paragraphs(lines, at, end):
        text = "\n".join(lines[start:stop])
        body = _unquoted(text)
        if body.startswith(("```", ">>>")):
            example = "\n".join(lines[start:stop]).rstrip()
            yield Passage(clip(example), start, "code", label)
        elif body:
            yield from paragraph(body, start + text.count("\n", 0, text.index(body)), "docstring", label)


def _paragraphs(lines: list[str], at: int, end: int) -> Iterator[tuple[int, int]]:
    start = at
    for row in range(at, end + 1):
        if row == end or not lines[row].strip():
            if row > start:
                yield start, row
            start = row + 1


def _unquoted(text: str) -> str:
    bare = text.strip()
    for quotes in TRIPLE_QUOTES:
        bare = bare.partition(quotes)[2] if bare.lstrip("rRbBuU").startswith(quotes) else bare
        bare = bare.removesuffix(quotes)
    return bare.strip()


def _joined(lines: list[str], at: int, end: int, kind: PassageKind, label: str, *, is_cut: bool = False) -> Passage:
    whole = "\n".join(lines[at:end]).rstrip()
    text = clip(whole, 2_400 if kind == "definition" else 900)
    return Passage(text, at, kind, label, is_cut=is_cut or len(text) < len(whole))
