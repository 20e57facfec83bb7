"""An index goes on where an earlier release left it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from old_release import RecordedQueries, old_tree, unpack_home

from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection


class Same(RecordedQueries):
    """Every text has the same vector; it remembers the texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.texts += texts
        return np.full((len(texts), self.dimension), self.dimension**-0.5, dtype=np.float32)


def test_files_that_did_not_change_are_not_embedded_again(home: Path) -> None:
    collection = Collection(unpack_home(home), "old")
    with old_tree() as tree:
        report = index(collection, [tree], RecordedQueries())
        assert (report.read, report.unchanged, report.embedded, report.dense_ready) == (0, 8, 0, 1.0)
        (tree / "depot" / "scales.py").write_text("def weigh(parcel):\n    return parcel.grams\n")
        embedder = Same()
        report = index(collection, [tree], embedder)
        assert (report.read, report.unchanged, report.embedded) == (1, 8, 1)
        assert [text.endswith("def weigh(parcel):\n    return parcel.grams") for text in embedder.texts] == [True]
        searcher = LocalSearcher(collection.home, "old")
        assert searcher.search_now("weigh parcel").hits[0].path == f"{tree}/depot/scales.py"
        searcher.close()
