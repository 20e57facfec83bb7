"""How far a run is, stage by stage, and when it will be through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ..reading.text_class import CLASSES, TextClass

Stage = Literal["scan", "read", "lexical", "dense", "optimize"]


@dataclass(frozen=True, slots=True)
class ClassProgress:
    """How many chunks of a class have their vector, and when all will. Classes are embedded one after the other."""

    text_class: TextClass
    done: int
    total: int
    eta_seconds: float | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is: `total` and `eta_seconds` are None while they are not known. `classes` is of stage dense."""

    stage: Stage
    done: int
    total: int | None
    rate: float
    eta_seconds: float | None
    classes: tuple[ClassProgress, ...] = ()


Report = Callable[[Progress], None]


def quiet(_: Progress) -> None:
    """For those who do not ask for progress."""


class Meter:
    """Counts one stage and reports it."""

    def __init__(self, stage: Stage, report: Report, total: int | None = None) -> None:
        self._stage: Stage = stage
        self._report = report
        self._total = total
        self._done = 0
        self._start = time.monotonic()
        self.add(0)

    def add(self, count: int) -> None:
        self._done += count
        elapsed = time.monotonic() - self._start
        rate = self._done / elapsed if elapsed > 0 else 0.0
        left = None if self._total is None or not rate else max(0, self._total - self._done) / rate
        self._report(Progress(self._stage, self._done, self._total, rate, left, tuple(self._classes(rate))))

    def _classes(self, rate: float) -> Iterator[ClassProgress]:
        yield from ()


class DenseMeter(Meter):
    """Counts vectors by class. `ready` says how many of how many chunks of each class had theirs before."""

    def __init__(self, report: Report, ready: Mapping[TextClass, tuple[int, int]]) -> None:
        self._ready = {kind: done for kind, (done, _) in ready.items()}
        self._totals = {kind: total for kind, (_, total) in ready.items()}
        super().__init__("dense", report, sum(self._totals.values()) - sum(self._ready.values()))

    def add_ranked(self, counts: Mapping[int, int]) -> None:
        """So many of each rank in the order of embedding."""
        for rank, count in counts.items():
            self._ready[CLASSES[rank]] = self._ready.get(CLASSES[rank], 0) + count
        self.add(sum(counts.values()))

    def _classes(self, rate: float) -> Iterator[ClassProgress]:
        left = 0
        for kind, total in self._totals.items():
            done = self._ready[kind]
            left += max(0, total - done)
            yield ClassProgress(kind, done, total, left / rate if rate else None)
