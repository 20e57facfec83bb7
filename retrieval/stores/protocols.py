"""What an engine that stores a collection's data has to do. One contract suite runs over every implementation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, Self

from ...domain import Chunk, Reference, ReferenceKind
from .lexical import Candidate, CorpusStats, SparseVector
from .manifest import FileEntry, FileRow
from .neighbourhood import Frequencies, GraphItem, Neighbourhood
from .owed import Action, Owed
from .texts import Place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

DensePoint = tuple[str, SparseVector, list[float] | None]


class TextReader(Protocol):
    """The chunks of a collection and where they stand. What is not there is left out."""

    def has_chunks(self) -> bool: ...
    def chunks(self, chunk_ids: Sequence[str]) -> dict[str, Chunk]:
        """With their text."""

    def places(self, chunk_ids: Sequence[str]) -> dict[str, Place]:
        """Without it."""

    def chunks_at(self, path_suffix: str, line: int) -> list[str]:
        """The chunks in which this line of a file stands, of all files whose path ends so; by path and line."""

    def extract(self, path: str) -> str | None:
        """The text that was extracted from a PDF or notebook: what its chunks' lines count."""

    def references(self, chunk_ids: Sequence[str]) -> list[Reference]:
        """What these chunks define, call, import, ...; by chunk, kind and name."""


class WordStatistics(Protocol):
    """The words of a collection, as BM25 counts them."""

    def stats(self) -> CorpusStats: ...
    def grid_length(self) -> float:
        """The average length inside the stored weights."""

    def document_frequencies(self, keys: Iterable[int]) -> dict[int, int]:
        """In how many chunks each of these terms is; those that are in none are left out."""

    def candidates(self, chunk_ids: Sequence[str]) -> list[Candidate]: ...
    def has_word(self, word: str) -> bool:
        """Whether any chunk has the word, or of a compound a part of it."""


class TextWriter(Protocol):
    """Files into a collection, each whole or not at all, with what other stores are owed for them."""

    def rows(self, roots: Iterable[str]) -> dict[str, FileRow]:
        """The files below these roots, by path."""

    def commit(self, entries: Sequence[FileEntry], gone: Iterable[str] = (), gone_roots: Iterable[str] = ()) -> None:
        """Put these files and take out files and roots that are gone: all of it, or nothing where it raises."""

    def touch(self, rows: Iterable[FileRow]) -> None:
        """Note newer signatures of files whose bytes are the same."""


class TextStore(TextReader, WordStatistics, Protocol):
    """What a search reads of a collection beside its vectors and its graph."""


class Outbox(Protocol):
    """What each store does not have yet: one action an item, a later one takes the place of an earlier one."""

    def owe(self, store: str, owed: Iterable[Owed]) -> None:
        """A reweigh is owed only where nothing else is: a put brings the weights of today, too."""

    def owed(self, store: str, limit: int) -> list[Owed]:
        """The next ones: the lowest priority first, then by item."""

    def done(self, store: str, owed: Iterable[Owed]) -> None:
        """The store has them safely. What has since been owed otherwise stays."""

    def drop(self, store: str, items: Iterable[str] | None = None) -> None:
        """Owe the store nothing any more of these items, or nothing at all."""

    def counts(self, store: str) -> dict[Action, int]:
        """How much of each action is owed."""

    def count(self, store: str) -> int: ...


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


class GraphServer(GraphStore, Protocol):
    """A graph elsewhere, which follows the outbox."""

    def clear(self) -> None:
        """Take out everything of this collection. Safe once it returns."""


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

    def drop_but(self, number: int | None) -> None:
        """Delete all indexes but this one, and whatever a kill left behind."""
