"""A test collection in the product's own index, and ranked chunks as ranked documents."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..domain import Embedder
from ..errors import UsageError
from ..retrieval.indexing.progress import Progress
from ..retrieval.indexing.run import IndexReport, index
from ..retrieval.search.legs.leg import Ranked
from ..retrieval.search.searcher import LocalSearcher, Ranking
from ..retrieval.stores.collection import Collection
from ..retrieval.stores.texts import Store
from .console import say
from .corpora import Corpus, Query, write_files

COLLECTION: Final = "evaluation"
SAY_EVERY: Final = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Found:
    """What search gave for one query, and the file of each chunk in it."""

    query: Query
    ranking: Ranking
    paths: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IndexedCorpus:
    corpus: Corpus
    documents: Mapping[str, str]  # id by the path of its file
    searcher: LocalSearcher

    def search(self) -> Iterator[Found]:
        """Every query once, in order."""
        started, total = time.monotonic(), len(self.corpus.queries)
        for number, query in enumerate(self.corpus.queries, start=1):
            ranking = self.searcher.rank_now(query.text)
            yield Found(query, ranking, self.searcher.paths_now(chunk_id for chunk_id, _ in ranking.fused))
            if number % 100 == 0 or number == total:
                say(f"{number}/{total} queries, {number / (time.monotonic() - started):.0f}/s")

    def ranked_documents(self, found: Found, ranked: Ranked) -> list[str]:
        """The documents of ranked chunks, each where its best chunk stands."""
        return list(dict.fromkeys(self.documents[found.paths[chunk_id]] for chunk_id, _ in ranked))


@contextmanager
def indexed(corpus: Corpus, embedder: Embedder | None, work: Path) -> Iterator[IndexedCorpus]:
    """The corpus as files below `work`, indexed; what is there from last time is used again."""
    files = work.resolve() / "corpus"
    documents = write_files(corpus.documents, files)
    collection = Collection(work.resolve() / "home", COLLECTION)
    _describe(index(collection, [files], embedder, Teller()))
    _refuse_other_roots(collection, files)
    searcher = LocalSearcher(collection.home, COLLECTION, lambda: embedder)
    try:
        yield IndexedCorpus(corpus, documents, searcher)
    finally:
        searcher.close()


def _refuse_other_roots(collection: Collection, files: Path) -> None:
    with Store(collection.database) as store:
        others: Sequence[str] = [root for root in store.roots() if root != files.as_posix()]
    if others:
        raise UsageError(
            f"{collection.folder} holds {', '.join(others)} as well: expected an index of {files} alone."
            " Was the folder moved? Delete it, it is made again."
        )


class Teller:
    """Says how far a stage is, from time to time."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self._last > SAY_EVERY:
            self._last = time.monotonic()
            say(f"{progress.stage} {progress.done}/{progress.total or '?'}, {progress.rate:.0f}/s")


def _describe(report: IndexReport) -> None:
    for path, reason in report.quarantined:
        say(f"quarantined {path}: {reason}")
    for reason, count in sorted(report.skipped.items()):
        say(f"skipped {count} files: {reason}")
    say(f"{report.files} files, {report.chunks} chunks, {report.embedded} embedded in {report.seconds:.0f} s")
