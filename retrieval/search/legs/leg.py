"""What a leg is: one way to search, whose list is fused with those of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from ....domain import LegName

if TYPE_CHECKING:
    from ..index_lease import OpenIndex

Ranked = Sequence[tuple[str, float]]  # chunk id and score, best first
Seeds = Mapping[str, float]  # chunk id and force: the best of the direct legs
NOTHING: Final[Mapping[str, float]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the names of the graph that it speaks of, with the share of each."""

    text: str
    named: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What a leg found; `most` is the most that a chunk could have scored, 0 where the leg cannot know."""

    ranked: Ranked = ()
    most: float = 0.0


class Leg(Protocol):
    """Direct legs run together; seeded ones come after them and walk on from what they found.

    `depth` is how many chunks it is asked for at least. Where `find` raises one of `absent_on`, the search goes on
    without this leg and says why.
    """

    @property
    def name(self) -> LegName: ...
    @property
    def depth(self) -> int: ...
    @property
    def is_seeded(self) -> bool: ...
    @property
    def absent_on(self) -> tuple[type[Exception], ...]: ...
    def find(self, index: OpenIndex, question: Question, seeds: Seeds, limit: int) -> Found:
        """The best chunks by this leg alone; nothing where it has nothing to say."""
        ...

    def close(self) -> None:
        """Let go of what the leg holds between searches."""
        ...
