"""The graph as arrays: built from packed edges without an object a reference, saved, and mapped into memory.

Two tables of rows (compressed sparse rows): the chunks of each name and the names of each chunk.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...storage.private import FOLDER_MODE, close_tree
from .edges import WEIGHTS, unpack_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Heads = NDArray[np.uint64]

ChunkEdges = tuple[int, str, bytes]  # number and id of a chunk, its packed edges


@dataclass(frozen=True, slots=True)
class GraphArrays:
    """Chunks in the order of their ids, names in that of their hashes, and the edges between them from both sides.

    The chunks of name `i` stand at `name_starts[i]`..`name_starts[i + 1]` of `name_rows`, the heaviest edge first, then
    by id; the names of chunk `i` likewise, by hash. A head is the first half of an id and stands for the chunk.
    """

    heads: Heads
    tails: Heads
    nums: Ints  # the chunks' numbers, ascending
    num_rows: Ints  # and their rows
    row_starts: Ints
    row_names: NDArray[np.int32]
    row_kinds: NDArray[np.uint8]
    names: Ints
    sums: Ints  # the weights of all edges of a name
    name_starts: Ints
    name_rows: NDArray[np.int32]
    name_kinds: NDArray[np.uint8]

    @classmethod
    def build(cls, chunks: Sequence[ChunkEdges]) -> GraphArrays:
        ids = np.frombuffer(bytes.fromhex("".join(chunk[1] for chunk in chunks)), dtype=">u8").reshape(-1, 2)
        order = np.lexsort((ids[:, 1], ids[:, 0]))
        packed = [chunks[at][2] for at in order.tolist()]
        edges = unpack_edges(b"".join(packed))
        sizes = np.fromiter(map(len, packed), np.int64, len(packed)) // edges.dtype.itemsize
        nums = np.fromiter((chunk[0] for chunk in chunks), np.int64, len(chunks))
        return cls._of(ids[order].astype(np.uint64), nums[order], sizes, edges["key"].copy(), edges["kinds"].copy())

    @classmethod
    def _of(cls, ids: Heads, nums: Ints, sizes: Ints, keys: Ints, kinds: NDArray[np.uint8]) -> GraphArrays:
        """From the edges of these chunks one after another."""
        weights = WEIGHTS[kinds]
        order = np.lexsort((-weights, keys))  # equal ones stay in the order of their chunks
        ordered = keys[order]
        first = np.ones(len(ordered), dtype=bool)
        first[1:] = ordered[1:] != ordered[:-1]
        names = ordered[first]
        places = np.empty(len(keys), dtype=np.int32)
        places[order] = np.cumsum(first) - 1
        return cls(
            heads=ids[:, 0].copy(),
            tails=ids[:, 1].copy(),
            nums=np.sort(nums),
            num_rows=np.argsort(nums),
            row_starts=_starts(sizes),
            row_names=places,
            row_kinds=kinds,
            names=names,
            sums=np.bincount(places, weights=weights, minlength=len(names)).astype(np.int64),
            name_starts=_starts(np.diff(np.append(np.flatnonzero(first), len(keys)))),
            name_rows=np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)[order],
            name_kinds=kinds[order],
        )

    def only(self, rows: Ints) -> GraphArrays:
        """The arrays of these rows alone (in ascending order)."""
        ids = np.stack([self.heads[rows], self.tails[rows]], axis=1)
        nums = np.empty_like(self.nums)
        nums[self.num_rows] = self.nums
        sizes = self.row_starts[rows + 1] - self.row_starts[rows]
        places, _ = spread(self.row_starts, rows, sizes)
        return self._of(ids, nums[rows], sizes, self.names[self.row_names[places]], self.row_kinds[places])

    def rows_of(self, nums: Ints) -> Ints:
        """The rows of these chunk numbers, ascending; numbers that are not here are left out."""
        places, found = find(self.nums, nums)
        return np.sort(self.num_rows[places[found]])

    def degrees(self, names: Ints) -> Ints:
        """How many chunks have each of these names."""
        places, found = find(self.names, names)
        degrees = np.zeros(len(names), dtype=np.int64)
        degrees[found] = self.name_starts[places[found] + 1] - self.name_starts[places[found]]
        return degrees

    def weights(self, names: Ints) -> Ints:
        """The weight of all edges of each of these names."""
        places, found = find(self.names, names)
        weights = np.zeros(len(names), dtype=np.int64)
        weights[found] = self.sums[places[found]]
        return weights

    def save(self, folder: Path) -> None:
        """Into a new folder that is whole and on the disk once it has this name."""
        partial = folder.with_name(f"{folder.name}.partial")
        partial.mkdir(mode=FOLDER_MODE)
        for field in fields(self):
            with (partial / f"{field.name}.npy").open("wb") as file:
                np.save(file, getattr(self, field.name))
                file.flush()
                os.fsync(file.fileno())
        close_tree(partial)
        _sync(partial)
        partial.rename(folder)
        _sync(folder.parent)

    @classmethod
    def load(cls, folder: Path) -> GraphArrays:
        """Mapped into memory: what is not looked at is not read."""
        return cls(**{field.name: _mapped(folder / f"{field.name}.npy") for field in fields(cls)})


def find(ordered: NDArray[Any], wanted: NDArray[Any]) -> tuple[Ints, NDArray[np.bool_]]:
    """Where each of these would stand, and whether it does; `ordered` is in ascending order."""
    places = np.searchsorted(ordered, wanted)
    if not len(ordered):
        return places, np.zeros(len(wanted), dtype=bool)
    return places, ordered[np.minimum(places, len(ordered) - 1)] == wanted


def spread(starts: Ints, rows: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """The places of the first `sizes` entries of these rows, and for each the position of its row in `rows`."""
    owners = np.repeat(np.arange(len(rows)), sizes)
    offsets = np.repeat(starts[rows] - np.cumsum(sizes) + sizes, sizes)
    return np.arange(len(owners)) + offsets, owners


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Each once, ascending. np.unique would load numpy.ma, 10 ms of a cold search."""
    ordered = np.sort(values)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _starts(sizes: Ints) -> Ints:
    starts = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def _mapped(path: Path) -> NDArray[Any]:
    mapped: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return mapped.view(np.ndarray)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
