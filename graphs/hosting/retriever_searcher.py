"""Any LangChain retriever as a searcher: its documents are known by the hash of their content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...domain import Evidence, EvidenceStore, FileSpan, Foreign, Hit, SearchResult, Source
from ...text.words import stems

if TYPE_CHECKING:
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever


PROBE = 10  # documents in which a word is looked for


class RetrieverSearcher:
    """`BaseRetriever` -> `Searcher`. The store is the host's, or memory; there are no legs to tell apart."""

    def __init__(self, retriever: BaseRetriever, store: EvidenceStore) -> None:
        self._retriever = retriever
        self._store = store

    @property
    def collection(self) -> str:
        return type(self._retriever).__name__

    async def search(self, query: str, *, limit: int = 10) -> SearchResult:
        documents = await self._retriever.ainvoke(query)
        items = [as_evidence(document, 1.0 / rank) for rank, document in enumerate(documents[:limit], start=1)]
        await self._store.put(items)
        return SearchResult(tuple(_hit(item) for item in items), absent=("dense", "bm25", "graph"))

    async def evidence(self, chunk_ids: Sequence[str]) -> list[Evidence]:
        return await self._store.get(chunk_ids)

    async def known_words(self, words: Sequence[str]) -> frozenset[str]:
        """A retriever has no list of its words: each is searched for, and looked for in what comes."""
        return frozenset([word for word in words if await self._has(word)])

    async def _has(self, word: str) -> bool:
        documents = await self._retriever.ainvoke(word)
        return any(stems(word) & stems(document.page_content) for document in documents[:PROBE])


def as_evidence(document: Document, score: float) -> Evidence:
    metadata = document.metadata
    source = source_of(document)
    key = hashlib.sha256(f"{source}\x00{document.page_content}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    title = str(metadata.get("title") or metadata.get("symbol") or "")
    return Evidence(key, document.page_content, source, title, score)


def source_of(document: Document) -> Source:
    """A span where path, lines and hash are given (Hydragraph's own retriever does), else what it calls its source."""
    metadata = document.metadata
    start, end = metadata.get("start_line"), metadata.get("end_line")
    if isinstance(start, int) and isinstance(end, int) and "path" in metadata and "hash" in metadata:
        return FileSpan(str(metadata["path"]), start, end, str(metadata["hash"]), str(metadata.get("place", "")))
    return Foreign(str(metadata.get("source") or metadata.get("url") or document.id or "document"))


def _hit(item: Evidence) -> Hit:
    source = item.source
    if isinstance(source, FileSpan):
        return Hit(item.id, source.path, source.start, source.end, item.title, item.score, {}, source.place)
    return Hit(item.id, str(source), 0, 0, item.title, item.score, {})
