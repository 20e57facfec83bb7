"""The graph leg: a walk from the names in a question and from the best chunks of the direct legs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ....domain import LegName
from ....errors import StoreServerError
from ..graph import walk
from .leg import Found, Question, Seeds

if TYPE_CHECKING:
    from ..index_lease import OpenIndex


class GraphLeg:
    name: ClassVar[LegName] = "graph"
    depth: ClassVar[int] = 30
    is_seeded: ClassVar[bool] = True
    absent_on: ClassVar[tuple[type[Exception], ...]] = (StoreServerError,)

    def find(self, index: OpenIndex, question: Question, seeds: Seeds, limit: int) -> Found:
        return Found(walk(index.graph, question.named, seeds, limit))

    def close(self) -> None:
        """It holds nothing."""
