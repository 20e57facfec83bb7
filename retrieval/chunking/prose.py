"""The outline of documents: headings, paragraphs and blocks; notebooks and PDFs part by part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from ...domain import Language
from ..reading.document import Document
from ..reading.languages import Grammar, grammar_of
from .headings import Heading, front_matter, markdown_headings, underlined_headings
from .outline import Draft, Mention, Outline, Section
from .packing import DEEP
from .references_prose import fences, links

PLACE: Final = 8  # levels of cuts: headings have 1 to 7
PARAGRAPH: Final = 10
ITEM: Final = 16
SENTENCE: Final = 20
IN_FENCE: Final = 30
AFTER_HEADING: Final = 40
_ENDS: Final = (".", "!", "?", ":", "。", "！", "？", "…")
_BULLETS: Final = ("- ", "* ", "+ ", "• ")


def outline(document: Document) -> Outline:
    draft = Draft.of(document.lines)
    headings: list[Heading] = []
    if document.places:
        for place in document.places:
            headings += _part(draft, document, place.language, range(place.start - 1, place.end))
            draft.levels[place.start - 1] = PLACE
            draft.firm.add(place.start - 1)
    else:
        headings += _part(draft, document, document.language, range(len(document.lines)))
    _sections(draft, headings, len(document.lines))
    if document.language in ("text", "pdf", "notebook") and not headings:
        stem = PurePosixPath(document.relative).stem.replace("_", " ")
        draft.mentions.append(Mention(0, "defines", stem))
    return draft.finished()


def _part(draft: Draft, document: Document, language: Language, rows: range) -> list[Heading]:
    """Mark the rows of one page, cell or whole document, and tell its headings."""
    grammar = grammar_of(language, document.path)
    if grammar is not None:
        _code_cell(draft, document, grammar, rows)
        return []
    if language == "html":
        from .html import mark_html

        return mark_html(draft, document)
    lines = document.lines
    fenced = fences(lines, rows) if language == "markdown" else frozenset()
    _paragraphs(draft, lines, rows, fenced)
    draft.mentions.extend(links(document, language, rows, fenced))
    if language == "markdown":
        return list(markdown_headings(lines, rows, fenced | front_matter(lines, rows)))
    return list(underlined_headings(lines, rows)) if language in ("rst", "text") else []


def _code_cell(draft: Draft, document: Document, grammar: Grammar, rows: range) -> None:
    """A cell of code is cut like a file of code."""
    from .code import outline as code_outline

    cell = Document(document.path, document.relative, document.language, document.lines[rows.start : rows.stop])
    found = code_outline(cell, grammar, cell=True)
    draft.levels[rows.start : rows.stop] = [max(PARAGRAPH, level) for level in found.levels]
    shift = rows.start
    draft.sections += [Section(s.start + shift, s.end + shift, s.symbol) for s in found.sections]
    draft.firm |= {row + shift for row in found.firm}
    draft.mentions += [Mention(m.row + shift, m.kind, m.name) for m in found.mentions]


def _paragraphs(draft: Draft, lines: Sequence[str], rows: range, fenced: frozenset[int]) -> None:
    before = ""
    for row in rows:
        line = lines[row]
        level = _level(line, before.rstrip(), in_fence=row in fenced) if line.strip() else None
        draft.levels[row] = DEEP if level is None else level
        before = line


def _level(line: str, before: str, *, in_fence: bool) -> int | None:
    """How well one may cut before a line, given the line before it."""
    if in_fence:
        return None if before else IN_FENCE
    if not before:
        indent = len(line) - len(line.lstrip())
        return PARAGRAPH + min(4, indent // 2)
    if line.lstrip().startswith(_BULLETS):
        return ITEM
    return SENTENCE if before.endswith(_ENDS) else None


def _sections(draft: Draft, headings: Sequence[Heading], total: int) -> None:
    """Sections nested by level and named by the chain of titles; a heading stays with what follows."""
    open_: list[tuple[Heading, str]] = []
    for heading in headings:
        while open_ and open_[-1][0].level >= heading.level:
            above, symbol = open_.pop()
            draft.sections.append(Section(above.row, heading.row - 1, symbol))
        outer = open_[-1][1] if open_ else ""
        symbol = " > ".join(filter(None, [outer, heading.title]))
        open_.append((heading, symbol))
        draft.mentions.append(Mention(heading.row, "defines", heading.title))
        draft.levels[heading.row] = min(heading.level, PLACE - 1)
        draft.levels[heading.row + 1 : heading.body + 1] = [AFTER_HEADING] * len(
            draft.levels[heading.row + 1 : heading.body + 1]
        )
    draft.sections += [Section(heading.row, total - 1, symbol) for heading, symbol in open_]
