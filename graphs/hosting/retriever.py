"""For a host that wants the search alone: a collection as a LangChain retriever."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...settings import Settings, load_settings
from .from_settings import embedder_of

if TYPE_CHECKING:
    from ...retrieval.search.retriever import HydragraphRetriever


def open_retriever(
    collection: str = "", *, limit: int | None = None, settings: Settings | None = None
) -> HydragraphRetriever:
    """The best `limit` chunks of `collection`, as documents; what is not given is as `hydragraph config` shows it here.

    Nothing is opened before the first question, which raises NoIndexError where there is no such collection; between
    questions the collection is let go of.
    """
    from ...retrieval.search.retriever import HydragraphRetriever
    from ...retrieval.search.searcher import LocalSearcher
    from ...retrieval.stores.engines import Engines

    used = settings or load_settings().settings
    used = replace(used, collection=collection or used.collection)
    searcher = LocalSearcher(used.home, used.collection, lambda: embedder_of(used), engines=Engines.of(used))
    return HydragraphRetriever(searcher, limit=limit or used.search.limit)
