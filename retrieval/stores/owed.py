"""What a store can be owed, and what comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ..reading.text_class import CLASSES, TextClass

Action = Literal["put", "reweigh", "delete"]

SPARSE, DENSE, GRAPH = "sparse", "dense", "graph"
GRAPH_PRIORITY: Final[Mapping[Action, int]] = {"delete": 0, "put": 1}
SPARSE_PRIORITY: Final[Mapping[Action, int]] = {"delete": 0, "put": 1, "reweigh": 1}
DENSE_PRIORITY: Final[Mapping[TextClass, int]] = {kind: rank for rank, kind in enumerate(CLASSES)}


@dataclass(frozen=True, slots=True)
class Owed:
    """What is to be done with one item in a store."""

    item: str
    action: Action
    priority: int = 0
