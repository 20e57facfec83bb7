"""How much of the exact scan's best a dense search gives, over an index as it stands and the questions as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ..domain import Embedder
from ..retrieval.indexing.run import index
from ..retrieval.stores.collection import Collection, Opened
from ..retrieval.stores.stamps import stamp_of
from .console import say
from .corpus_index import Teller
from .measuring import default_embedder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

BEST: Final = 10
TREE: Final = "real"


def recall_of_tree(home: Path, tree: Path, queries: int) -> dict[str, float]:
    """Of a tree that is indexed with the default embedder, asked by what its definitions are called."""
    embedder = default_embedder(home)
    say(f"indexing {tree}")
    index(Collection(home, TREE), [tree], embedder, Teller())
    with Collection.open(home, TREE) as opened:
        ids, _ = exact_vectors(opened, embedder)
        places = opened.store.places(ids[:: max(1, len(ids) // (4 * queries))])
    symbols = list(dict.fromkeys(place.symbol for place in places.values() if place.symbol))[:queries]
    questions = [f"where is {symbol} and what does it do" for symbol in symbols]
    return {"recall@10/real": recall(home, TREE, embedder, questions), "vectors/real": float(len(ids))}


def recall(home: Path, name: str, embedder: Embedder, questions: Sequence[str]) -> float:
    """The mean share of the exact ten best that search gives. A vector that is as near as the tenth is as good."""
    asked = embedder.embed(questions)
    with Collection.open(home, name) as opened:
        ids, vectors = exact_vectors(opened, embedder)
        rows = {chunk_id: row for row, chunk_id in enumerate(ids)}
        shares = []
        for question in asked:
            scores = vectors @ question
            tenth = np.sort(scores)[-BEST:][0]
            found = opened.shard.search_dense(stamp_of(embedder), question, BEST)
            near = sum(scores[rows[chunk_id]] >= tenth - 1e-6 for chunk_id, _ in found)
            shares.append(near / min(BEST, len(ids)))
    return float(np.mean(shares))


def exact_vectors(opened: Opened, embedder: Embedder) -> tuple[list[str], Vectors]:
    """Every chunk with a vector, and the vectors: float32 of shape (chunks, dimension)."""
    points = opened.shard.points(stamp_of(embedder))
    found = {chunk_id: vector for chunk_id, _, vector in points if vector is not None}
    return list(found), np.array(list(found.values()), dtype=np.float32)
