"""The graph as it is now: the saved arrays without the chunks that changed since, and those chunks as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from .edges import BITS, WEIGHTS, key_hash
from .graph_arrays import ChunkEdges, GraphArrays, distinct, find, spread
from .neighbourhood import (
    FAR_EDGES,
    MOST_DEFINERS,
    NEAR_CHUNKS,
    Frequencies,
    Links,
    Neighbourhood,
    fitting,
    most_chunks,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Heads = NDArray[np.uint64]
    Edges = tuple[Ints, NDArray[Any], NDArray[np.uint8]]  # the owner's position, the other end, the mask of kinds


@dataclass(frozen=True, slots=True)
class LiveGraph:
    """`dead` are the rows of `saved` that are no more, ascending, `lost` what stood there; `fresh` is what changed."""

    saved: GraphArrays
    dead: Ints
    lost: GraphArrays
    fresh: GraphArrays

    @classmethod
    def of(cls, saved: GraphArrays, changed: Sequence[int], present: Sequence[ChunkEdges]) -> LiveGraph:
        """`present` are those of the changed chunks that are still there."""
        dead = saved.rows_of(np.array(changed, dtype=np.int64))
        return cls(saved, dead, saved.only(dead), GraphArrays.build(present))

    @property
    def total(self) -> int:
        return len(self.saved.heads) - len(self.dead) + len(self.fresh.heads)

    def frequencies(self, keys: Sequence[str]) -> Frequencies:
        degrees = self._degrees(_hashes(keys)).tolist()
        return Frequencies(self.total, {key: degree for key, degree in zip(keys, degrees, strict=True) if degree})

    def definers(self, keys: Sequence[str]) -> dict[str, list[str]]:
        keys = list(dict.fromkeys(keys))
        owners, heads, kinds = self._chunks_of(_hashes(keys), np.full(len(keys), MOST_DEFINERS + 1))
        defining = kinds & BITS["defines"] > 0  # the heaviest edges, so they come first
        found: dict[str, list[str]] = {}
        for owner, chunk_id in zip(owners[defining].tolist(), self._ids(heads[defining]), strict=True):
            found.setdefault(keys[owner], []).append(chunk_id)
        return found

    def chunks_with(self, key: str, mask: int) -> list[str]:
        """The chunks that refer to a name in one of these ways, by id."""
        names = _hashes([key])
        _, heads, kinds = self._chunks_of(names, self._degrees(names))
        return list(self._ids(np.sort(heads[kinds & mask > 0])))

    def neighbourhood(self, keys: Sequence[str], seeds: Sequence[str]) -> Neighbourhood:
        start, degrees = self._saying(distinct(_hashes(keys)))
        given = np.array([int(chunk_id[:16], 16) for chunk_id in seeds], dtype=np.uint64)
        near = distinct(np.concatenate([given, self._followed(start, degrees, NEAR_CHUNKS)]))
        linked, _ = self._saying(distinct(self._edges_from(near)[1]), least=2)
        names = distinct(np.concatenate([start, linked]))
        far = self._followed(names, self._degrees(names), FAR_EDGES)
        heads = self._present(distinct(np.concatenate([near, far])))
        return Neighbourhood(self.total, self._ids(heads), names, self._sums(names), self._links(heads, start))

    def _sums(self, names: Ints) -> Ints:
        if self._is_as_saved:
            return self.saved.weights(names)
        return self.saved.weights(names) - self.lost.weights(names) + self.fresh.weights(names)

    @property
    def _is_as_saved(self) -> bool:
        """Nothing changed since: each row of the arrays is a list in its right order."""
        return not len(self.dead) and not len(self.fresh.heads)

    def _degrees(self, names: Ints) -> Ints:
        if self._is_as_saved:
            return self.saved.degrees(names)
        return self.saved.degrees(names) - self.lost.degrees(names) + self.fresh.degrees(names)

    def _ids(self, heads: Heads) -> ChunkIds:
        """The ids of these chunks that are there, in their order."""
        tails = np.zeros(len(heads), dtype=np.uint64)
        present = np.zeros(len(heads), dtype=bool)
        for arrays, rows, at in self._rows(heads):
            tails[at] = arrays.tails[rows]
            present[at] = True
        return ChunkIds(heads[present], tails[present])

    def _present(self, heads: Heads) -> Heads:
        there: Heads = heads[np.sort(np.concatenate([at for _, _, at in self._rows(heads)]))]
        return there

    def _rows(self, heads: Heads) -> Iterator[tuple[GraphArrays, Ints, Ints]]:
        """For the saved and the fresh arrays: the rows of these chunks there, and their positions in `heads`."""
        sides = ((self.saved, self.dead), (self.fresh, self.dead[:0]))
        for arrays, dead in sides[:1] if self._is_as_saved else sides:
            rows, found = find(arrays.heads, heads)
            at = np.flatnonzero(found)
            living = ~find(dead, rows[at])[1]
            yield arrays, rows[at][living], at[living]

    def _saying(self, names: Ints, least: int = 1) -> tuple[Ints, Ints]:
        """Those of these names that at least so many chunks have, and not too many; and how many."""
        degrees = self._degrees(names)
        fit = (degrees >= least) & (degrees <= most_chunks(self.total))
        return names[fit], degrees[fit]

    def _followed(self, names: Ints, degrees: Ints, limit: int) -> Heads:
        """Chunks of these names, the rarest names and the heaviest edges first."""
        order = np.lexsort((names, degrees))
        sizes = fitting(degrees[order], limit)
        return self._chunks_of(names[order][: len(sizes)], sizes)[1]

    def _chunks_of(self, names: Ints, sizes: Ints) -> Edges:
        """The heaviest edges of each name, `sizes` of them, by name, weight and id."""
        if self._is_as_saved:
            return self._edges_of(self.saved, names, sizes, self.dead)
        saved = self._edges_of(self.saved, names, sizes + self.lost.degrees(names), self.dead)
        fresh = self._edges_of(self.fresh, names, sizes, self.dead[:0])
        owners, heads, kinds = _joined([saved, fresh])
        order = np.lexsort((heads, -WEIGHTS[kinds], owners))
        owners, heads, kinds = owners[order], heads[order], kinds[order]
        ranks = np.arange(len(owners)) - np.searchsorted(owners, owners)
        kept = ranks < sizes[owners]
        return owners[kept], heads[kept], kinds[kept]

    @staticmethod
    def _edges_of(arrays: GraphArrays, names: Ints, sizes: Ints, dead: Ints) -> Edges:
        places, found = find(arrays.names, names)
        at = np.flatnonzero(found).astype(np.int64)
        most = np.minimum(sizes[at], arrays.degrees(names[at]))
        entries, owners = spread(arrays.name_starts, places[at], most)
        rows = arrays.name_rows[entries].astype(np.int64)
        living = ~find(dead, rows)[1]
        return at[owners][living], arrays.heads[rows[living]], arrays.name_kinds[entries[living]]

    def _edges_from(self, heads: Heads) -> Edges:
        """The edges of these chunks, by chunk and name."""
        parts: list[Edges] = []
        for arrays, rows, at in self._rows(heads):
            entries, owners = spread(arrays.row_starts, rows, arrays.row_starts[rows + 1] - arrays.row_starts[rows])
            parts.append((at[owners], arrays.names[arrays.row_names[entries]], arrays.row_kinds[entries]))
        if len(parts) == 1:
            return parts[0]
        owners, names, kinds = _joined(parts)
        order = np.lexsort((names, owners))
        return owners[order], names[order], kinds[order]

    def _links(self, heads: Heads, start: Ints) -> Links:
        owners, names, kinds = self._edges_from(heads)
        every = distinct(names)
        degrees = self._degrees(every)[np.searchsorted(every, names)]
        leading = (degrees > 1) & (degrees <= most_chunks(self.total)) | find(start, names)[1]
        return Links(owners[leading], names[leading], WEIGHTS[kinds[leading]], degrees[leading])


class ChunkIds(Sequence[str]):
    """Ids that are written out when they are looked at."""

    def __init__(self, heads: Heads, tails: Heads) -> None:
        self._heads, self._tails = heads, tails

    def __len__(self) -> int:
        return len(self._heads)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> ChunkIds: ...
    def __getitem__(self, at: int | slice) -> str | ChunkIds:
        if isinstance(at, slice):
            return ChunkIds(self._heads[at], self._tails[at])
        return f"{self._heads[at]:016x}{self._tails[at]:016x}"


def _joined(parts: Sequence[Edges]) -> Edges:
    owners, ends, kinds = zip(*parts, strict=True)
    return np.concatenate(owners), np.concatenate(ends), np.concatenate(kinds)


def _hashes(keys: Sequence[str]) -> Ints:
    return np.array([key_hash(key) for key in keys], dtype=np.int64)
