"""The outline of a document: what its lines belong to and where it may be cut. Made per format, read by the chunker."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...domain import ReferenceKind
from .packing import DEEP


@dataclass(frozen=True, slots=True)
class Section:
    """Rows `start`..`end` (from 0, inclusive) are a function, a class or what stands under a heading."""

    start: int
    end: int
    symbol: str


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """A reference by row, before the chunks are known."""

    row: int
    kind: ReferenceKind
    name: str


@dataclass(frozen=True, slots=True)
class Outline:
    """Sections are nested or apart, sorted by where they start, the outer first. `dropped` rows get no chunk.

    `faint` rows hold nothing but markup: they are kept between others, not at a chunk's ends.
    """

    levels: Sequence[int]
    sections: Sequence[Section] = ()
    firm: frozenset[int] = frozenset()
    mentions: Sequence[Mention] = ()
    dropped: frozenset[int] = frozenset()
    faint: frozenset[int] = frozenset()


@dataclass(slots=True)
class Draft:
    """An outline while it is made."""

    lines: Sequence[str]
    levels: list[int]
    sections: list[Section] = field(default_factory=list)
    firm: set[int] = field(default_factory=set)
    mentions: list[Mention] = field(default_factory=list)
    dropped: set[int] = field(default_factory=set)
    faint: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, lines: Sequence[str]) -> Draft:
        return cls(lines, levels=[DEEP] * len(lines))

    def finished(self) -> Outline:
        sections = nested(self.sections)
        firm = self.firm | {section.start for section in sections} | {self._after(section.end) for section in sections}
        dropped, faint = frozenset(self.dropped), frozenset(self.faint)
        return Outline(self.levels, sections, frozenset(firm), self.mentions, dropped, faint)

    def _after(self, row: int) -> int:
        """The first row after `row` that is not blank."""
        row += 1
        while row < len(self.lines) and not self.lines[row].strip():
            row += 1
        return row


def nested(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Sections in order, without those that share their first row or overlap the end of an earlier one."""
    kept: list[Section] = []
    open_: list[Section] = []
    for section in sorted(sections, key=lambda section: (section.start, -section.end)):
        while open_ and open_[-1].end < section.start:
            open_.pop()
        if open_ and (section.end > open_[-1].end or section.start == open_[-1].start):
            continue
        kept.append(section)
        open_.append(section)
    return tuple(kept)


class Symbols:
    """Names for ranges of rows: the section that holds them, or the one that fills them."""

    def __init__(self, sections: Sequence[Section], lines: Sequence[str]) -> None:
        self._sections = sections
        self._lines = lines
        self._starts = [section.start for section in sections]
        self._parents = _parents(sections)

    def of(self, start: int, stop: int) -> str:
        while start < stop - 1 and not self._lines[start].strip():
            start += 1
        while stop > start + 1 and not self._lines[stop - 1].strip():
            stop -= 1
        holder = self._holder(start, stop)
        first = bisect_left(self._starts, start)
        inside = self._sections[first : bisect_left(self._starts, stop)]
        inside = [section for section in inside if section != holder]
        if inside:
            largest = max(inside, key=lambda section: (min(section.end, stop - 1) - section.start, -section.start))
            if holder is None or 2 * (min(largest.end, stop - 1) - largest.start + 1) > stop - start:
                return largest.symbol
        return holder.symbol if holder else ""

    def _holder(self, start: int, stop: int) -> Section | None:
        index = bisect_left(self._starts, start + 1) - 1
        while index >= 0 and self._sections[index].end < stop - 1:
            index = self._parents[index]
        return self._sections[index] if index >= 0 else None


def _parents(sections: Sequence[Section]) -> list[int]:
    parents: list[int] = []
    open_: list[int] = []
    for index, section in enumerate(sections):
        while open_ and sections[open_[-1]].end < section.start:
            open_.pop()
        parents.append(open_[-1] if open_ else -1)
        open_.append(index)
    return parents
