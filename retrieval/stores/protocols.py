"""What an engine that stores a collection's data has to do. One contract suite runs over every implementation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from ...domain import Reference, ReferenceKind
from .neighbourhood import Frequencies, GraphItem, Neighbourhood


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
