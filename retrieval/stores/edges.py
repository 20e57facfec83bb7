"""The edges of the graph: under which keys a chunk's references meet those of others, and how they are packed.

Chunks and names are the two sides of the graph. A name is a key, known by a 64-bit hash of it; an edge says in which
ways (one bit a kind) a chunk refers to a name. Nothing else is stored: what refers to what follows from the edges.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, get_args

import numpy as np

from ...domain import ReferenceKind
from ...text.entities import fold, normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS: Final[tuple[ReferenceKind, ...]] = get_args(ReferenceKind)  # the bits of a mask, the lowest first
EDGE_WEIGHTS: Final[Mapping[ReferenceKind, int]] = {
    "defines": 4, "inherits": 2, "links": 2, "calls": 1, "imports": 1, "mentions": 1,
}  # fmt: skip
BITS: Final[Mapping[ReferenceKind, int]] = {kind: 1 << place for place, kind in enumerate(KINDS)}
EDGE = np.dtype([("key", "<i8"), ("kinds", "u1")])
_DOTTED = re.compile(r"[.:]+")


def mask_of(kinds: Iterable[ReferenceKind]) -> int:
    return sum({BITS[kind] for kind in kinds})


def weight_of(mask: int) -> int:
    """An edge weighs as much as the strongest of its kinds."""
    return max((weight for kind, weight in EDGE_WEIGHTS.items() if mask & BITS[kind]), default=0)


WEIGHTS: Final = np.array([weight_of(mask) for mask in range(1 << len(KINDS))], dtype=np.int64)


def keys(kind: ReferenceKind, name: str) -> Iterator[str]:
    """The names under which a reference meets others: `pkg.Session.execute` is `execute` and `session execute`.

    A file is found by its own name, alone and with its folder's.
    """
    if kind == "mentions":
        yield name
    else:
        yield from _keys(name.partition("#")[0] if kind == "links" else name)


@lru_cache(maxsize=1 << 15)
def _keys(name: str) -> tuple[str, ...]:
    found = [normalise(name), fold(name)]
    if " " not in name:
        parts = [part for part in (name.split("/") if "/" in name else _DOTTED.split(name)) if part.strip(".")]
        if len(parts) > 1:
            found = [fold(parts[-1]), fold(" ".join(parts[-2:]))]
    return tuple(dict.fromkeys(key for key in found if key))


@lru_cache(maxsize=1 << 15)
def key_hash(key: str) -> int:
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def edges_of(pairs: Iterable[tuple[ReferenceKind, str]]) -> dict[str, int]:
    """The keys of a chunk's references, each with the mask of the kinds that it has there."""
    found: dict[str, int] = {}
    for kind, name in pairs:
        for key in keys(kind, name):
            found[key] = found.get(key, 0) | BITS[kind]
    return found


def pack_edges(pairs: Iterable[tuple[ReferenceKind, str]]) -> bytes:
    """A chunk's edges by the hashes of their keys, in ascending order."""
    edges = sorted((key_hash(key), mask) for key, mask in edges_of(pairs).items())
    return np.array(edges, dtype=EDGE).tobytes()


def unpack_edges(packed: bytes) -> NDArray[np.void]:
    """The edges of one chunk, or those of several whose bytes were joined."""
    return np.frombuffer(packed, dtype=EDGE)
