"""The graph of a collection in its own folder: edges in its database, arrays of them beside it.

The database is the truth. The arrays are a copy of one moment of it; what changed since stands in `graph_changes` and
is read from the database, so an answer is never out of date. `graph_copy` makes new arrays.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ...domain import Reference, ReferenceKind
from .edges import mask_of, pack_edges
from .graph_arrays import ChunkEdges, GraphArrays
from .live_graph import LiveGraph
from .names import as_written, fullest_key, those_of
from .neighbourhood import Frequencies, GraphItem, Neighbourhood
from .texts import Store

PREFIX = "graph-"
TRIES = 5  # at arrays that a writer may just have replaced
ALL_EDGES = "SELECT chunk, id, packed FROM edges JOIN chunks ON chunk = num"
CHANGES = """
    SELECT NULL, value, NULL FROM meta WHERE key = 'graph_base'
    UNION ALL
    SELECT chunk, id, packed FROM graph_changes LEFT JOIN edges USING (chunk) LEFT JOIN chunks ON chunk = num
"""  # in one statement, for a writer may be at work

_log = logging.getLogger(__name__)


class EmbeddedGraph:
    """A GraphStore over the database of a collection, for several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._state: Mapping[str, str] | None = None
        self._base: tuple[str, GraphArrays] | None = None
        self._graph = NOTHING

    def close(self) -> None:
        """Let go of the arrays. The database belongs to who opened it."""
        with self._lock:
            self._state, self._base, self._graph = None, None, NOTHING

    def frequencies(self, keys: Sequence[str]) -> Frequencies:
        return self._live().frequencies(keys)

    def definers(self, keys: Sequence[str]) -> dict[str, list[str]]:
        return self._live().definers(keys)

    def neighbourhood(self, keys: Sequence[str], seeds: Sequence[str]) -> Neighbourhood:
        return self._live().neighbourhood(keys, seeds)

    def definitions(self, name: str) -> list[Reference]:
        return as_written(name, self.references(name, ["defines"]))

    def references(self, name: str, kinds: Iterable[ReferenceKind]) -> list[Reference]:
        wanted, key = frozenset(kinds), fullest_key(name)
        chunk_ids = self._live().chunks_with(key, mask_of(wanted))
        return those_of(key, wanted, self._store.references(chunk_ids))

    def counts(self) -> Mapping[ReferenceKind, int]:
        return dict(self._store.execute("SELECT kind, COUNT(*) FROM refs GROUP BY kind"))

    # --- writing

    def put(self, items: Sequence[GraphItem]) -> None:
        """Chunks that the database does not have are left out."""
        with self._writing():
            for num, item in self._numbered({item.chunk_id: item for item in items}):
                pairs = {(one.kind, one.name) for one in item.references}
                self._take_out(num)
                self._store.executemany("INSERT INTO refs VALUES (?,?,?)", [(num, *pair) for pair in pairs])
                self._store.execute("INSERT INTO edges VALUES (?,?)", (num, pack_edges(pairs)))

    def delete(self, chunk_ids: Sequence[str]) -> None:
        with self._writing():
            for num, _ in self._numbered({chunk_id: GraphItem(chunk_id) for chunk_id in chunk_ids}):
                self._take_out(num)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, which whoever reads notices by the generation."""
        with self._store.transaction():
            yield
            self._store.set_meta("generation", str(int(self._store.meta("generation", "0")) + 1))

    def _numbered(self, items: Mapping[str, GraphItem]) -> list[tuple[int, GraphItem]]:
        rows = [(self._store.execute("SELECT num FROM chunks WHERE id = ?", (key,)).fetchone(), key) for key in items]
        return [(int(row[0]), items[key]) for row, key in rows if row]

    def _take_out(self, num: int) -> None:
        self._store.execute("DELETE FROM refs WHERE chunk = ?", (num,))
        self._store.execute("DELETE FROM edges WHERE chunk = ?", (num,))
        self._store.execute("INSERT OR IGNORE INTO graph_changes VALUES (?)", (num,))

    # --- the graph as the database has it now

    def _live(self) -> LiveGraph:
        with self._lock:
            state = dict(self._store.execute("SELECT key, value FROM meta WHERE key IN ('generation', 'graph_base')"))
            if state != self._state:
                self._graph = self._read()
                self._state = state
            return self._graph

    def _read(self) -> LiveGraph:
        for _ in range(TRIES):
            rows: list[tuple[int | None, str, bytes | None]] = self._store.execute(CHANGES).fetchall()
            number = next((row[1] for row in rows if row[0] is None), "")
            if number and (saved := self._saved(number)) is not None:
                present = [(num, key, packed) for num, key, packed in rows if num is not None and packed is not None]
                return LiveGraph.of(saved, [row[0] for row in rows if row[0] is not None], present)
        if number:
            _log.warning("%s cannot be used, the database is read instead", arrays_folder(self._store, number))
        everything: list[ChunkEdges] = self._store.execute(ALL_EDGES).fetchall()
        return LiveGraph.of(NOTHING.saved, [], everything)

    def _saved(self, number: str) -> GraphArrays | None:
        if self._base is None or self._base[0] != number:
            arrays = load_arrays(self._store, number)
            self._base = (number, arrays) if arrays is not None else None
        return self._base[1] if self._base is not None else None


def arrays_folder(store: Store, number: str) -> Path:
    return store.path.with_name(f"{PREFIX}{number}")


def load_arrays(store: Store, number: str) -> GraphArrays | None:
    """The arrays of this number, or None where they are gone or damaged."""
    try:
        return GraphArrays.load(arrays_folder(store, number))
    except (OSError, ValueError):
        return None


NOTHING = LiveGraph.of(GraphArrays.build([]), [], [])
