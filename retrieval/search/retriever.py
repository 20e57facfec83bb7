"""Search as a LangChain retriever. Importing this module imports LangChain; nothing else in retrieval does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, TypeVar

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from ...domain import Evidence, Hit, Searcher

T = TypeVar("T")


class HydragraphRetriever(BaseRetriever):
    """The best `limit` chunks as documents: text, and under `metadata` where it stands and which leg found it.

    Metadata: `source`, `path`, `start_line`, `end_line`, `place`, `symbol`, `score` (0..1), `legs` ({leg: {rank,
    score}}), `hash`; the document's id is the chunk's.
    """

    searcher: Any  # a hydragraph.domain.Searcher; pydantic cannot check a Protocol
    limit: int = 10

    def __init__(self, searcher: Searcher, *, limit: int = 10, **settings: Any) -> None:
        super().__init__(searcher=searcher, limit=limit, **settings)  # type: ignore[call-arg]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        return await self._documents(query)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return _complete(self._documents(query))

    async def _documents(self, query: str) -> list[Document]:
        searcher: Searcher = self.searcher
        result = await searcher.search(query, limit=self.limit)
        evidence = {it.id: it for it in await searcher.evidence([hit.chunk_id for hit in result.hits])}
        return [_document(hit, evidence[hit.chunk_id]) for hit in result.hits if hit.chunk_id in evidence]


def _document(hit: Hit, evidence: Evidence) -> Document:
    metadata = {
        "source": str(evidence.source),
        "path": hit.path,
        "start_line": hit.start_line,
        "end_line": hit.end_line,
        "place": hit.place,
        "symbol": hit.symbol,
        "score": hit.score,
        "legs": {leg: asdict(placement) for leg, placement in hit.legs.items()},
        "hash": getattr(evidence.source, "hash", ""),
    }
    return Document(id=hit.chunk_id, page_content=evidence.text, metadata=metadata)


def _complete(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end from synchronous code, inside a running event loop too."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()
