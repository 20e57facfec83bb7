"""The outline of documents: headings, paragraphs, links, mentions."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Final

from .chunking_outline import DEEP, Draft, Mention, Outline, Section
from .readers import Document

PARAGRAPH: Final = 10
BLOCK: Final = 14
SENTENCE: Final = 20


def outline(document: Document) -> Outline:
    draft = Draft.of(document.lines)
    draft.mentions.append(Mention(0, "defines", document.relative))
    if document.language == "markdown":
        headings = list(markdown_headings(document.lines))
    else:
        headings = []
    paragraphs(draft, document.lines)
    sections(draft, headings, len(document.lines))
    return draft.finished()


_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r"^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t\r]*$")


def markdown_headings(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    fence = ""
    for row, line in enumerate(lines):
        match = _FENCE.match(line)
        if match:
            if not fence:
                fence = match[1]
            elif match[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        if fence:
            continue
        if atx := _ATX.match(line):
            yield row, len(atx[1]), (atx[2] or "").strip()


def paragraphs(draft: Draft, lines: Sequence[str]) -> None:
    before = ""
    for row, line in enumerate(lines):
        if line.strip():
            if not before.strip():
                draft.levels[row] = PARAGRAPH
            elif before.rstrip().endswith((".", "!", "?", ":", "。")):
                draft.levels[row] = SENTENCE
        before = line


def sections(draft: Draft, headings: Sequence[tuple[int, int, str]], total: int) -> None:
    chain: list[tuple[int, str]] = []
    for index, (row, level, title) in enumerate(headings):
        while chain and chain[-1][0] >= level:
            chain.pop()
        chain.append((level, title))
        end = next((r for r, l, _ in headings[index + 1 :] if l <= level), total) - 1
        draft.sections.append(Section(row, end, " > ".join(t for _, t in chain if t)))
        draft.levels[row] = level
        draft.mentions.append(Mention(row, "defines", title))
