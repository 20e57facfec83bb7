"""From the database to the graph: arrays beside it, or a server that is told what has changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from typing import Final

from ...domain import Reference
from ...storage.disk import require_space
from ..stores.graph_copy import is_due, save_arrays, size_of_arrays
from ..stores.neighbourhood import GraphItem
from ..stores.owed import GRAPH, GRAPH_PRIORITY, Owed
from ..stores.protocols import GraphStore
from ..stores.texts import Store
from .outbox import Outbox

BATCH: Final = 500


def follow_graph(outbox: Outbox, *, at_end: bool = False) -> None:
    """Bring a server up to date. The embedded graph needs nothing, but is quicker with new arrays: at the end of a run
    for fewer changes than in mid-run."""
    if not carry_graph(outbox) and is_due(outbox.store, at_end=at_end):
        save_graph(outbox)


def renew_graph(outbox: Outbox) -> None:
    """Leave nothing of what was deleted."""
    if not carry_graph(outbox):
        save_graph(outbox)


def save_graph(outbox: Outbox) -> None:
    require_space(outbox.collection.folder, size_of_arrays(outbox.store), outbox.holding.free)
    save_arrays(outbox.store)


def carry_graph(outbox: Outbox) -> bool:
    """Put what a server is owed; where it does not have all chunks after that, put everything anew. Is there one?"""
    store = outbox.store
    server = outbox.collection.graph_server(store)
    if server is None:
        return False
    with closing(server):
        _carry(store, server)
        chunk_ids = store.chunk_ids()
        if server.frequencies(()).total != len(chunk_ids):
            server.clear()
            store.outbox.owe(GRAPH, [Owed(chunk_id, "put", GRAPH_PRIORITY["put"]) for chunk_id in chunk_ids])
            _carry(store, server)
    return True


def _carry(store: Store, graph: GraphStore) -> None:
    while owed := store.outbox.owed(GRAPH, BATCH):
        graph.delete([one.item for one in owed if one.action == "delete"])
        graph.put(_items(store, [one.item for one in owed if one.action == "put"]))
        with store.transaction():
            store.outbox.done(GRAPH, owed)


def _items(store: Store, chunk_ids: Sequence[str]) -> list[GraphItem]:
    found: defaultdict[str, list[Reference]] = defaultdict(list)
    for reference in store.references(chunk_ids):
        found[reference.chunk_id].append(reference)
    return [GraphItem(chunk_id, tuple(found[chunk_id])) for chunk_id in chunk_ids]
