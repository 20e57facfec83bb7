"""From the database to the arrays of the graph."""

from __future__ import annotations

from ...storage.disk import require_space
from ..stores.graph_copy import is_due, save_arrays, size_of_arrays
from .outbox import Outbox


def save_graph_if_due(outbox: Outbox, *, at_end: bool = False) -> None:
    """Where so much changed that searches are quicker with new arrays; at the end of a run that is sooner."""
    if is_due(outbox.store, at_end=at_end):
        save_graph(outbox)


def save_graph(outbox: Outbox) -> None:
    require_space(outbox.collection.folder, size_of_arrays(outbox.store), outbox.holding.free)
    save_arrays(outbox.store)
