"""How far an index is: one line that redraws itself on a terminal, else a plain line now and then."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ...retrieval.indexing.progress import ClassProgress, Progress, Stage
from .terminal import err, is_terminal

if TYPE_CHECKING:
    from rich.progress import TaskID

UNITS: dict[Stage, str] = {
    "scan": "files seen",
    "read": "files",
    "lexical": "chunks",
    "dense": "chunks",
    "optimize": "chunks",
}
PLAIN_SECONDS = 10.0


class PlainProgress:
    """A line when a stage begins to count, every few seconds, and when it is through."""

    def __init__(self, *, every: float = PLAIN_SECONDS) -> None:
        self._every = every
        self._last: Progress | None = None
        self._said: Progress | None = None
        self._time = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if self._last is not None and self._last.stage != progress.stage:
            self._finish()
            self._time = now
        elif self._last is None:
            self._time = now
        self._last = progress
        if now - self._time >= self._every:
            self._time, self._said = now, progress
            err(described(progress))

    def _finish(self) -> None:
        if self._last is not None and self._last is not self._said and self._last.done:
            err(described(self._last))
        self._said = self._last


class RichProgress:
    """A bar for each stage: count, rate and time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"))
        self._bars = Progress(*columns, console=Console(stderr=True))
        self._tasks: dict[Stage, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        said = _counted(progress)
        if progress.stage not in self._tasks:
            self._tasks[progress.stage] = self._bars.add_task(progress.stage, total=progress.total, said=said)
        values: dict[str, Any] = {"completed": progress.done, "total": progress.total, "said": said}
        self._bars.update(self._tasks[progress.stage], **values)


def progress_for_this_terminal() -> PlainProgress | RichProgress:
    return RichProgress() if is_terminal() else PlainProgress()


def described(progress: Progress) -> str:
    return f"{progress.stage:7} {_counted(progress)}"


def _counted(progress: Progress) -> str:
    unit = UNITS[progress.stage]
    of = "" if progress.total is None else f" of {progress.total:,}"
    rate = f", {progress.rate:,.0f}/s" if progress.done else ""
    left = f", {_clock(progress.eta_seconds)} left" if progress.eta_seconds else ""
    classes = "; ".join(map(_of_class, progress.classes))
    return f"{progress.done:,}{of} {unit}{rate}{left}" + (f" ({classes})" if classes else "")


def _of_class(progress: ClassProgress) -> str:
    if progress.done >= progress.total:
        return f"{progress.text_class} done"
    left = f", {_clock(progress.eta_seconds)} left" if progress.eta_seconds else ""
    return f"{progress.text_class} {progress.done / progress.total:.0%}{left}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
