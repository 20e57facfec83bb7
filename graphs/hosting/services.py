"""What the RAG machine works with, and how far it may go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...domain import Budget, EvidenceStore, FileSpan, Models, WebSearch
from ...errors import UsageError
from ...nodes.evidence.evidence_reader import Corpora, Corpus
from ...nodes.evidence.relevance import Thresholds
from .freshness import FileHashes, are_current

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.retrievers import BaseRetriever


@dataclass(frozen=True, slots=True)
class RagServices:
    """Models, and the corpora to look through; `web` only where a person allowed it.

    `are_current(cited, hashes)` says which files still have the cited text there. It blocks, and is called in a thread.
    """

    models: Models
    corpora: Corpora
    web: WebSearch | None = None
    are_current: Callable[[Sequence[tuple[FileSpan, str]], FileHashes], list[bool]] = are_current

    @classmethod
    def from_langchain(
        cls,
        model: BaseChatModel,
        retriever: BaseRetriever,
        *,
        evidence: EvidenceStore | None = None,
        web: WebSearch | None = None,
    ) -> RagServices:
        """A host's own chat model and retriever; texts are kept in memory unless the host brings a store."""
        from ...models.langchain import LangChainModels
        from .evidence_stores import InMemoryEvidence
        from .retriever_searcher import RetrieverSearcher

        store = InMemoryEvidence() if evidence is None else evidence
        return cls(LangChainModels(model), OneCorpus(Corpus(RetrieverSearcher(retriever, store), store)), web)


@dataclass(frozen=True, slots=True)
class OneCorpus:
    """The one corpus of a host, which has no collections to choose from."""

    corpus: Corpus

    def open(self, collections: Sequence[str]) -> Corpus:
        if collections:
            raise UsageError(
                f"collections: this graph looks through one corpus, got {', '.join(collections)}; ask for none"
            )
        return self.corpus


@dataclass(frozen=True, slots=True)
class RagSettings:
    """`fuse` is the recursion limit: the loops end by budget and by lack of progress, long before it."""

    budget: Budget = field(default_factory=Budget)
    search_limit: int = 10
    read_limit: int = 8
    sub_questions: int = 4
    max_rewrites: int = 2
    max_attempts: int = 3
    thresholds: Thresholds = field(default_factory=Thresholds)
    fuse: int = 100


DEFAULT = RagSettings()
