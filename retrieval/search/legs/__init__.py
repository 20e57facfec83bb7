"""The legs of a search: one class in one file each, and one line in this table.

Their weights stand by name in `fusion.WEIGHTS`; a leg without one there takes part with weight 0.
"""

from __future__ import annotations

from .bm25 import Bm25Leg
from .dense import DenseLeg, OpenEmbedder
from .graph import GraphLeg
from .leg import Leg


def all_legs(open_embedder: OpenEmbedder | None) -> tuple[Leg, ...]:
    return (
        DenseLeg(open_embedder),
        Bm25Leg(),
        GraphLeg(),
    )
