"""The lexical leg: BM25 over the words of chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ....domain import LegName
from ...stores.lexical import LexicalQuery, search_bm25
from .leg import Found, Question, Seeds

if TYPE_CHECKING:
    from ..index_lease import OpenIndex


class Bm25Leg:
    name: ClassVar[LegName] = "bm25"
    depth: ClassVar[int] = 20
    is_seeded: ClassVar[bool] = False
    absent_on: ClassVar[tuple[type[Exception], ...]] = ()

    def find(self, index: OpenIndex, question: Question, seeds: Seeds, limit: int) -> Found:
        words = LexicalQuery.read(question.text, index.state)
        return Found(search_bm25(index.state, index.shard, words, limit), words.most)

    def close(self) -> None:
        """It holds nothing."""
