"""What an engine that stores a collection's data has to do. One contract suite runs over every implementation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, Self

from ...domain import Reference, ReferenceKind
from .lexical import SparseVector
from .neighbourhood import Frequencies, GraphItem, Neighbourhood

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

DensePoint = tuple[str, SparseVector, list[float] | None]


class NearGraph(Protocol):
    """What a search asks of a graph of chunks and the names that they share.

    Names are asked for by their keys (`edges.keys`), chunks by their ids; what is not there is left out.
    """

    def frequencies(self, keys: Sequence[str]) -> Frequencies:
        """How many chunks there are, and how many have each of these names."""

    def definers(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The chunks that define each of these names: the first by id, one more than `MOST_DEFINERS` at most."""

    def neighbourhood(self, keys: Sequence[str], seeds: Sequence[str]) -> Neighbourhood:
        """What lies within two hops of these names and chunks."""


class GraphStore(NearGraph, Protocol):
    """Chunks and how each refers to names. One thread writes; any number may read."""

    def definitions(self, name: str) -> list[Reference]:
        """Where a name (`Session.send`, `send`) is defined: as written where that is there, else as it is folded."""

    def references(self, name: str, kinds: Iterable[ReferenceKind]) -> list[Reference]:
        """What refers to a name in one of these ways, by chunk id: who calls, imports or inherits it."""

    def counts(self) -> Mapping[ReferenceKind, int]:
        """How many references of each kind there are."""

    def put(self, items: Sequence[GraphItem]) -> None:
        """Put chunks with all their references; what these chunks had before is gone. Safe once it returns."""

    def delete(self, chunk_ids: Sequence[str]) -> None:
        """Take chunks out. Safe once it returns."""

    def close(self) -> None: ...


class VectorIndex(Protocol):
    """One point per chunk under the chunk's id: a sparse vector, and a dense vector of each embedder.

    A point holds no text and no path. `stamp` names the embedder. Scores are dot products, so BM25 where the query's
    vector carries idf and the chunk's vector its weights. Everything can be called twice; an id that is not there is
    no error. What was written is safe only after `flush`.
    """

    @property
    def is_exclusive(self) -> bool:
        """Only one process at a time may have it open: the caller holds the collection's owner lock."""

    def add(self, items: Sequence[tuple[str, SparseVector]]) -> None:
        """Put points with their sparse vector; what was there under the same ids is gone, dense vectors included."""

    def set_sparse(self, items: Sequence[tuple[str, SparseVector]]) -> None:
        """Replace the sparse vectors of points that are there; their dense vectors stay."""

    def set_dense(self, stamp: str, items: Sequence[tuple[str, Vector]]) -> None:
        """Give points that are there their dense vector of one embedder."""

    def delete(self, chunk_ids: Sequence[str]) -> None:
        """Take points out."""

    def drop_dense_but(self, stamp: str) -> None:
        """Drop the vectors of every other embedder."""

    def search_sparse(self, vector: SparseVector, limit: int) -> list[tuple[str, float]]:
        """The points that share a term with the query, by the dot product of sparse vectors: best first."""

    def search_dense(self, stamp: str, vector: Vector, limit: int) -> list[tuple[str, float]]:
        """The points by the dot product of one embedder's vectors: best first; none where it has none here."""

    def count(self, stamp: str | None = None) -> int:
        """How many points there are, or have a dense vector of this embedder."""

    def points(self, stamp: str = "") -> Iterator[DensePoint]:
        """Every point: chunk id, sparse vector, and this embedder's vector where it is there; in the order of ids."""

    def flush(self) -> None:
        """Everything until here is safe, even if the power fails now."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class VectorStores(Protocol):
    """Where the vector indexes of one collection live, each under a number: a new one is made beside the old.

    Which number is the collection's is recorded in its database.
    """

    @property
    def is_exclusive(self) -> bool:
        """As `VectorIndex.is_exclusive`, for all that are opened here."""

    @property
    def host(self) -> str:
        """The machine that vectors are sent to; empty where they stay on this one."""

    def create(self, number: int) -> VectorIndex:
        """Make an empty index where there is none of that number."""

    def load(self, number: int) -> VectorIndex:
        """Open the index of that number. Raises IndexCorruptError where it is gone or damaged."""

    def numbers(self) -> list[int]:
        """Those that are there, finished or not."""

    def drop(self, number: int) -> None:
        """Delete an index; one that is not there is no error."""
