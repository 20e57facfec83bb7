"""Saving the graph of a collection as arrays: a new folder, made beside the old one, takes its place in one commit.

A kill at any moment leaves the old arrays with the changes since, or the new ones; what else lies there is removed by
the next save. Who holds the writer's lock calls this.
"""

from __future__ import annotations

import shutil

from .embedded_graph import ALL_EDGES, PREFIX, arrays_folder, load_arrays
from .graph_arrays import GraphArrays
from .texts import Store

RUN_LEAST, RUN_SHARE = 2000, 1 / 8  # of the chunks changed: in mid-run a search would begin to feel it
END_LEAST, END_SHARE = 200, 1 / 50  # at the end of a run


def is_due(store: Store, *, at_end: bool) -> bool:
    """Whether so many chunks changed since the last save, if there was one, that new arrays are worth their second."""
    changes, chunks = store.execute(
        "SELECT (SELECT COUNT(*) FROM graph_changes), (SELECT COUNT(*) FROM edges)"
    ).fetchone()
    if at_end and load_arrays(store, store.meta("graph_base")) is None:
        return True
    least, share = (END_LEAST, END_SHARE) if at_end else (RUN_LEAST, RUN_SHARE)
    return bool(changes > max(least, share * chunks))


def size_of_arrays(store: Store) -> int:
    """Bytes on the disk, a little more rather than less."""
    edges = store.execute("SELECT COUNT(*), COALESCE(SUM(LENGTH(packed)), 0) FROM edges").fetchone()
    return int(100 * edges[0] + 4 * edges[1])


def save_arrays(store: Store) -> None:
    """Make the arrays anew from the database, and remove the old ones."""
    number = int(store.meta("graph_base", "0")) + 1
    drop_other_arrays(store)
    GraphArrays.build(store.execute(ALL_EDGES).fetchall()).save(arrays_folder(store, str(number)))
    with store.transaction():
        store.set_meta("graph_base", str(number))
        store.execute("DELETE FROM graph_changes")
    drop_other_arrays(store)


def drop_other_arrays(store: Store) -> None:
    """Remove what is not, or no longer, the graph's."""
    kept = arrays_folder(store, store.meta("graph_base"))
    for folder in store.path.parent.glob(f"{PREFIX}*"):
        if folder != kept:
            shutil.rmtree(folder)
