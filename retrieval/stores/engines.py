"""Which engines hold a collection: a new one gets those of the settings, one that is there keeps those it records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import CollectionError, StoreServerError
from ...settings import Neo4jConfig, QdrantConfig, Settings, StoresSettings
from ...storage.disk import FreeBytes
from .edge_vectors import EdgeStores
from .embedded_graph import EmbeddedGraph
from .neighbourhood import Frequencies, Neighbourhood
from .protocols import GraphServer, VectorStores
from .texts import Store


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines of a new collection, and where the servers of all are."""

    stores: StoresSettings = field(default_factory=StoresSettings)
    qdrant: QdrantConfig = field(default_factory=QdrantConfig)
    neo4j: Neo4jConfig = field(default_factory=Neo4jConfig)

    @classmethod
    def of(cls, settings: Settings) -> Engines:
        return cls(settings.stores, settings.qdrant, settings.neo4j)


EMBEDDED = Engines()


def vector_stores(engines: Engines, engine: str, uid: str, folder: Path, free: FreeBytes) -> VectorStores:
    """Where the vector indexes of the collection in `folder` live."""
    if engine == "edge":
        return EdgeStores(folder, free)
    # The official client is large: who has everything on this machine does not load it.
    from .qdrant_stores import QdrantFolderStores, QdrantServerStores

    if engine == "qdrant" and engines.qdrant.url:
        return QdrantServerStores(engines.qdrant, uid, folder.name)
    if engine == "qdrant" and engines.qdrant.path:
        return QdrantFolderStores(Path(engines.qdrant.path), uid, folder.name, free)
    raise StoreServerError(
        f"Collection {folder.name!r} has its vectors on {engine!r}, and no server of that is named.",
        "Set qdrant.url (or qdrant.path) to where it was indexed.",
    )


def graph_server(engines: Engines, store: Store, *, patience: float | None = None) -> GraphServer | None:
    """The server that holds the graph of a collection; None where the graph is embedded. It is asked only when the
    graph is; `patience` bounds for how long it is tried."""
    engine = store.meta("graph_engine", "embedded")
    if engine == "embedded":
        return None
    if engine == "neo4j" and engines.neo4j.url:
        from .neo4j_graph import Neo4jGraph

        return Neo4jGraph(engines.neo4j, store.meta("uid"), patience=patience)
    raise StoreServerError(
        f"Collection {store.path.parent.name!r} has its graph on {engine!r}, and no server of that is named.",
        "Set neo4j.url to where it was indexed.",
    )


class GraphAway:
    """Stands in for a graph that cannot be opened: whoever asks it learns why."""

    def __init__(self, error: StoreServerError) -> None:
        self._error = error

    def frequencies(self, keys: Sequence[str]) -> Frequencies:
        raise self._error

    def definers(self, keys: Sequence[str]) -> dict[str, list[str]]:
        raise self._error

    def neighbourhood(self, keys: Sequence[str], seeds: Sequence[str]) -> Neighbourhood:
        raise self._error

    def close(self) -> None:
        """It holds nothing."""


def graph_for_search(engines: Engines, store: Store, patience: float) -> EmbeddedGraph | GraphServer | GraphAway:
    """A search goes on where the graph cannot be had."""
    try:
        return graph_server(engines, store, patience=patience) or EmbeddedGraph(store)
    except StoreServerError as error:
        return GraphAway(error)


def hosts(engines: Engines, database: Path) -> dict[str, str]:
    """What of a collection lies on another machine, and on which; empty where all of it is here, or there is none."""
    try:
        with Store(database) as store:
            used = {"vectors": store.meta("vectors_engine"), "names": store.meta("graph_engine")}
    except CollectionError:  # whoever opens it for work says what is wrong
        return {}
    known = {"qdrant": engines.qdrant.host, "neo4j": engines.neo4j.host}
    return {what: known[engine] for what, engine in used.items() if known.get(engine)}
