"""The part of the graph near some names and chunks: what every engine finds alike, within the same limits.

Names go by (number of their chunks, hash), a name's chunks by (weight of the edge, heaviest first, id).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ...domain import Reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

HUB_SHARE: Final = 0.05  # a name in more than this share of the chunks says nothing
HUB_LEAST: Final = 10  # and in no more chunks than these it always says something
FAN_OUT: Final = 30  # chunks that one name leads to
NEAR_CHUNKS: Final = 80  # that the names lead to, beside the chunks that were given
FAR_EDGES: Final = 500  # that the names of those lead on by, the rarest first
MOST_DEFINERS: Final = 5  # what more chunks define is no name that one can mean


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How many chunks there are, and how many have each of the names asked for; names that none has are left out."""

    total: int
    chunks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class GraphItem:
    """A chunk with everything that it says by name."""

    chunk_id: str
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Links:
    """Edges in the order of chunk and name: the chunk's place in `Neighbourhood.chunks`, the name's hash, its weight,
    and how many chunks have the name."""

    chunks: Ints
    names: Ints
    weights: Ints
    degrees: Ints


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Chunks within two hops of the start and the names between them.

    `total` counts the chunks of the whole graph. `chunks` (ids) and `names` (hashes) are in ascending order; `sums` are
    the weights of all edges of a name, near or not. `links` are the edges of these chunks, also to names that are not
    in `names`, for a walk leaves a chunk by all of them; names that lead nowhere have none.
    """

    total: int
    chunks: Sequence[str]
    names: Ints
    sums: Ints
    links: Links


def most_chunks(total: int) -> float:
    """A name that more chunks have says nothing."""
    return max(HUB_SHARE * total, HUB_LEAST)


def fitting(degrees: Ints, limit: int) -> Ints:
    """How many chunks of each name are followed, the names being in order: `limit` in all, no name in part."""
    sizes = np.minimum(degrees, FAN_OUT)
    return sizes[np.cumsum(sizes) <= limit]
