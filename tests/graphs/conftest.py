"""A small corpus on disk, a searcher over it that counts words, and machines around scripted models."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hydragraph.domain import Evidence, FileSpan, Hit, Models, Placement, SearchResult, chunk_id
from hydragraph.graphs import RagServices, RagSettings, build_rag_graph
from hydragraph.graphs.hosting.evidence_stores import CorpusEvidence
from hydragraph.graphs.hosting.services import OneCorpus
from hydragraph.nodes.evidence.evidence_reader import Corpus
from hydragraph.text.words import stems

SESSION = '''class Session:
    """Keeps the objects of one unit of work and writes them in one go."""

    def flush(self, objects=None):
        """Write all pending changes to the database, children after their parents."""
        if self._flushing:
            raise InvalidRequestError("Session is already flushing")
        for mapper in sort_by_dependency(self.pending):
            mapper.save(self.pending[mapper], batch_size=500)

    def rollback(self):
        """Undo everything since the last commit and expire all instances."""
        self._transaction.rollback()
        self.expire_all()
'''
POOL = '''class QueuePool:
    """A pool that holds at most pool_size connections and 10 more in overflow."""

    def checkout(self, timeout=30):
        """Hand out a connection, or wait until one is returned."""
        return self._queue.get(timeout=timeout)
'''
GUIDE = """# Guide

The session flushes before each query, unless autoflush is switched off.

A connection that is returned to the pool is rolled back first.
"""


def _spans(path: Path) -> list[tuple[str, FileSpan, str]]:
    """Blocks of two paragraphs with their span and first words."""
    lines = path.read_text().rstrip("\n").split("\n")
    starts = [i for i, line in enumerate(lines) if line and (i == 0 or not lines[i - 1])]
    spans = []
    for at, start in enumerate(starts):
        end = starts[at + 1] - 1 if at + 1 < len(starts) else len(lines)
        text = "\n".join(lines[start:end]).rstrip("\n")
        digest = hashlib.sha256(text.encode()).hexdigest()
        spans.append((text, FileSpan(str(path), start + 1, start + 1 + text.count("\n"), digest), digest))
    return spans


class WordSearcher:
    """A `Searcher` that scores by shared words; `searches` holds the queries, `is_lost` forgets texts till then."""

    collection = "words"

    def __init__(self, paths: Sequence[Path]) -> None:
        self.searches: list[str] = []
        self.probed: list[str] = []
        self.is_lost = False
        self.items: dict[str, Evidence] = {}
        for path in paths:
            for text, span, digest in _spans(path):
                key = chunk_id(span.path, span.start, digest)
                title = text.split("(")[0].split(":")[0].strip().removeprefix("def ").removeprefix("class ")
                self.items[key] = Evidence(key, text, span, title if path.suffix == ".py" else "")

    async def search(self, query: str, *, limit: int = 10) -> SearchResult:
        self.searches.append(query)
        self.is_lost = False
        wanted = stems(query)
        scored = [(self._score(wanted, item), item) for item in self.items.values()]
        best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])[:limit]
        hits = [self._hit(item, score, rank) for rank, (score, item) in enumerate(best, start=1)]
        return SearchResult(tuple(hits), absent=("dense", "graph"))

    def _score(self, wanted: set[str], item: Evidence) -> float:
        shared = wanted & stems(item.text)
        return sum(math.log1p(len(self.items) / sum(s in stems(i.text) for i in self.items.values())) for s in shared)

    def _hit(self, item: Evidence, score: float, rank: int) -> Hit:
        span = item.source
        assert isinstance(span, FileSpan)
        legs = {"bm25": Placement(rank, score)}
        return Hit(item.id, span.path, span.start, span.end, item.title, score, legs)  # type: ignore[arg-type]

    async def evidence(self, chunk_ids: Sequence[str]) -> list[Evidence]:
        return [] if self.is_lost else [self.items[key] for key in chunk_ids if key in self.items]

    async def known_words(self, words: Sequence[str]) -> frozenset[str]:
        self.probed += words
        return frozenset(word for word in words if any(stems(word) & stems(item.text) for item in self.items.values()))


@pytest.fixture
def corpus(tmp_path: Path) -> list[Path]:
    files = {"session.py": SESSION, "pool.py": POOL, "guide.md": GUIDE}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return [tmp_path / name for name in files]


@pytest.fixture
def searcher(corpus: list[Path]) -> WordSearcher:
    return WordSearcher(corpus)


@pytest.fixture
def machine(searcher: WordSearcher) -> Callable[..., Any]:
    def build(
        models: Models, *, web: Any = None, checkpointer: Any = None, result: str = "rag", **settings: Any
    ) -> Any:
        services = RagServices(models, OneCorpus(Corpus(searcher, CorpusEvidence(searcher))), web)
        return build_rag_graph(services, RagSettings(**settings), result=result, checkpointer=checkpointer)

    return build
