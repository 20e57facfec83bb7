"""Passages of Markdown, reStructuredText and plain text: paragraphs, list items, and examples with what leads to them.

A heading is never quoted: it is the label of what stands under it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .passage import MAX_CHARACTERS, Passage, clip, paragraph

MAX_EXAMPLE_LINES = 14
_ATX = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_RULE = re.compile(r"([=\-~^\"'`#*+:._<>])\1{2,}$")
_FENCE = re.compile(r"\s*(?:[-*+] )?(`{3,}|~{3,}|:{3,})\s*(\{?[\w-]*)")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)]|#\.)\s+\S")
_DIRECTIVE = re.compile(r"\s*\.\. (?:(?P<name>[\w:-]+)::|)")
_OPTION = re.compile(r"\s+:[\w-]+:")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_MARKUP = re.compile(
    r"</?(?:p|div|a|b|i|h[1-6]|em|strong|span|center|table|tr|td|th|ul|ol|li|details|summary|br|img)\b"
)
_CODE_DIRECTIVES = frozenset({"code-block", "sourcecode", "code", "parsed-literal", "prompt", "testcode", "doctest"})
_ADMONITIONS = """
    note warning tip hint important caution danger attention admonition seealso versionadded versionchanged deprecated
    topic rubric sidebar"""
_SAYING = frozenset(_ADMONITIONS.split())

Kind = Literal["paragraph", "code"]


@dataclass(frozen=True, slots=True)
class _Block:
    start: int
    end: int
    kind: Kind
    label: str


def prose_passages(text: str) -> Iterator[Passage]:
    lines = text.split("\n")
    before: _Block | None = None
    for block in _blocks(lines):
        said = "\n".join(lines[block.start : block.end])
        if block.kind == "paragraph":
            said = said.removesuffix(" ::").rstrip()
            if _MARKUP.match(said):
                yield Passage(
                    clip(said), block.start, "prose", block.label, " ".join(_TAG.sub(" ", clip(said)).split())
                )
            else:
                yield from paragraph(said, block.start, "prose", block.label)
        elif before and before.kind == "paragraph" and block.start - before.end <= 4:
            yield _example(lines, before, block)
        else:
            end = min(block.end, block.start + MAX_EXAMPLE_LINES)
            said = "\n".join(lines[block.start : end])
            yield Passage(clip(said), block.start, "code", block.label, is_cut=end < block.end)
        before = block


def _example(lines: list[str], lead: _Block, code: _Block) -> Passage:
    """The words that lead to an example, with it."""
    end = min(code.end, lead.start + MAX_EXAMPLE_LINES + 2)
    if end <= code.start or sum(map(len, lines[lead.start : end])) > MAX_CHARACTERS:
        lead, end = code, min(code.end, code.start + MAX_EXAMPLE_LINES)
    text = clip("\n".join(lines[lead.start : end]).rstrip())
    return Passage(text, lead.start, "example", lead.label, is_cut=end < code.end)


def _blocks(lines: list[str]) -> Iterator[_Block]:
    at, label, is_literal = 0, "", False
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif is_literal and line[0].isspace():
            end = _indented_end(lines, at)
            yield _Block(at, end, "code", label)
            at, is_literal = end, False
        elif fence := _FENCE.match(line):
            opened = _fenced(lines, at, fence)
            if opened.kind == "code" and opened.end > opened.start:
                yield _Block(opened.start, opened.end, "code", label)
            at = opened.end + 1 if opened.kind == "code" else opened.start
        elif heading := _heading(lines, at):
            label, at = heading
            is_literal = False
        elif directive := _DIRECTIVE.match(line):
            at, is_literal = _after_directive(lines, at, directive["name"] or "")
        else:
            end = _paragraph_end(lines, at)
            if _says(lines[at:end]):
                yield _Block(at, end, "paragraph", label)
            is_literal = lines[end - 1].rstrip().endswith("::")
            at = end


def _heading(lines: list[str], at: int) -> tuple[str, int] | None:
    """Its title and the row after it; a rule or the rest of an underline has no title of its own."""
    line = lines[at]
    if _ATX.match(line):
        return _plain(line), at + 1
    under = lines[at + 1].rstrip() if at + 1 < len(lines) else ""
    if _RULE.match(line.rstrip()):
        over = at + 2 < len(lines) and lines[at + 2].rstrip() == line.rstrip() and under.strip()
        return (_plain(under), at + 3) if over else ("", at + 1)
    is_alone = at == 0 or not lines[at - 1].strip()
    is_titled = _RULE.match(under) and not line[0].isspace() and not _ITEM.match(line)
    if is_alone and is_titled and (under[0] in "=-" or len(under) >= max(4, len(line.strip()))):
        return _plain(line), at + 2
    return None


def _plain(title: str) -> str:
    return title.strip(" \t#").replace("`", "").replace("*", "")


def _fenced(lines: list[str], at: int, fence: re.Match[str]) -> _Block:
    """The rows within; a fence that says something (`{note}`, `:::`) is read on as prose."""
    name = fence[2]
    end = at + 1
    if fence[1][0] == ":" or name.strip("{") in _SAYING or _closes_saying(lines, at, fence):
        return _Block(end, end, "paragraph", "")
    while end < len(lines) and not lines[end].strip().startswith(fence[1]):
        end += 1
    is_markup = name.startswith("{") and name.strip("{") not in _CODE_DIRECTIVES
    return _Block(end if is_markup else at + 1, end, "code", "")


def _closes_saying(lines: list[str], at: int, fence: re.Match[str]) -> bool:
    """Whether the fence before this bare one opened something that is read as prose."""
    if fence[2]:
        return False
    before = next((match for row in range(at - 1, -1, -1) if (match := _FENCE.match(lines[row]))), None)
    return before is not None and before[2].strip("{") in _SAYING and before[2] != ""


def _after_directive(lines: list[str], at: int, name: str) -> tuple[int, bool]:
    """The row to go on from, and whether what is indented there is code. What only names something is passed over."""
    end = at + 1
    while end < len(lines) and _OPTION.match(lines[end]):
        end += 1
    if name in _SAYING:
        return end, False
    if name in _CODE_DIRECTIVES:
        return end, True
    while end < len(lines) and lines[end].strip() and lines[end][0].isspace():
        end += 1
    return end, False


def _indented_end(lines: list[str], at: int) -> int:
    end = last = at
    while end < len(lines) and (not lines[end].strip() or lines[end][0].isspace()):
        end += 1
        last = end if lines[end - 1].strip() else last
    return last


def _paragraph_end(lines: list[str], at: int) -> int:
    end = at + 1
    while end < len(lines) and lines[end].strip():
        line = lines[end]
        if _ITEM.match(line) or _ATX.match(line) or _FENCE.match(line) or _DIRECTIVE.match(line):
            break
        if lines[at].lstrip().startswith("|") and line.lstrip().startswith("|"):  # the rows of a table
            break
        end += 1
    return end


def _says(lines: list[str]) -> bool:
    """Something besides tags, images' badges and rules."""
    text = _TAG.sub(" ", "\n".join(lines))
    return any(character.isalnum() for character in text)
