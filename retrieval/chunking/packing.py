"""Where a sequence of costed rows is cut so that each piece fits: at the best places first, then merged again.

Rows are the lines of a document, or the pieces of one long line. Everything here is iterative: the nesting of what is
cut may be as deep as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

DEEP: Final = 64  # the level of a row before which one would rather not cut; levels go from 0, the best place, to here


@dataclass(frozen=True, slots=True)
class Span:
    """Rows `start`..`stop` - 1."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Rows:
    """What the cutting looks at: tokens a row, the level of a cut before it, the rows that begin something new."""

    costs: Sequence[int]
    levels: Sequence[int]
    firm: frozenset[int] = frozenset()


Overhead = Callable[[int, int], int]


class Packer:
    """Cuts a part of the rows into spans of at most `limit` tokens, the overhead (header) of each span included."""

    def __init__(self, rows: Rows, limit: int, overhead: Overhead, part: Span) -> None:
        self._rows = rows
        self._limit = limit
        self._overhead = overhead
        self._part = part
        self._sums = [0, *accumulate(rows.costs)]
        self._small = max(1, limit // 5)

    def cost(self, start: int, stop: int) -> int:
        return self._sums[stop] - self._sums[start] + self._overhead(start, stop)

    def spans(self) -> list[Span]:
        """The part's rows, in order. A span over the limit is a single row that does not fit."""
        return self._merged(self._cut()) if self._body(self._part) else []

    def _fits(self, start: int, stop: int) -> bool:
        return self.cost(start, stop) <= self._limit

    def _cut(self) -> list[Span]:
        pieces: list[Span] = []
        stack = [self._part]
        while stack:
            span = stack.pop()
            if span.stop - span.start == 1 or self._fits(span.start, span.stop):
                pieces.append(span)
                continue
            levels = self._rows.levels[span.start + 1 : span.stop]
            best = min(levels)
            cuts = [span.start, *(i for i, level in enumerate(levels, span.start + 1) if level == best), span.stop]
            stack.extend(Span(a, b) for a, b in reversed(list(pairwise(cuts))))
        return pieces

    def _merged(self, pieces: list[Span]) -> list[Span]:
        """Neighbours joined again, across the deepest cuts first."""
        for level in sorted({self._rows.levels[piece.start] for piece in pieces[1:]}, reverse=True):
            merged: list[Span] = []
            run: list[Span] = []
            for piece in pieces:
                if run and self._rows.levels[piece.start] != level:
                    merged.extend(self._packed(run))
                    run = []
                run.append(piece)
            merged.extend(self._packed(run))
            pieces = merged
        return pieces

    def _packed(self, run: list[Span]) -> list[Span]:
        """A run of neighbours as the fewest spans, of about the same size."""
        if len(run) < 2:
            return run
        fullest = self._greedy(run, self._limit)
        total = self._sums[run[-1].stop] - self._sums[run[0].start]
        aim = total // max(1, len(fullest))
        for share in (1.05, 1.2, 1.4):
            even = self._greedy(run, int(aim * share))
            if len(even) <= len(fullest):
                return even
        return fullest

    def _greedy(self, run: list[Span], aim: int) -> list[Span]:
        packed = [run[0]]
        for piece in run[1:]:
            last = packed[-1]
            if self._joins(last, piece, aim):
                packed[-1] = Span(last.start, piece.stop)
            else:
                packed.append(piece)
        return packed

    def _joins(self, left: Span, right: Span, aim: int) -> bool:
        before, after = self._body(left), self._body(right)
        if min(before, after) > 0:
            if right.start in self._rows.firm and min(before, after) > self._small_beside(left, right):
                return False
            if before + after > aim and min(before, after) > self._small:
                return False
        return self._fits(left.start, right.stop)

    def _small_beside(self, left: Span, right: Span) -> int:
        """Up to which size a neighbour is taken in: hardly any where one of the two is a part of something larger."""
        begins = left.start == self._part.start or left.start in self._rows.firm
        ends = right.stop == self._part.stop or right.stop in self._rows.firm
        return self._small if begins and ends else self._small // 4

    def _body(self, span: Span) -> int:
        return self._sums[span.stop] - self._sums[span.start]
