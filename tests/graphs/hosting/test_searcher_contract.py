"""What every Searcher does: over a collection, over a host's retriever, and the one that the machine's tests use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from hydragraph.domain import Searcher
from hydragraph.graphs.hosting.evidence_stores import InMemoryEvidence
from hydragraph.graphs.hosting.retriever_searcher import RetrieverSearcher
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection
from hydragraph.text.words import stems


class Shelf(BaseRetriever):
    """The files whose words a query shares, the most first."""

    documents: list[Document]

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        shared = [(len(stems(query) & stems(one.page_content)), one) for one in self.documents]
        return [one for count, one in sorted(shared, key=lambda pair: -pair[0]) if count]


def local(home: Path, corpus: list[Path]) -> Searcher:
    index(Collection(home, "files"), corpus, None)
    return LocalSearcher(home, "files", idle=0)


def foreign(_: Path, corpus: list[Path]) -> Searcher:
    documents = [Document(path.read_text(), metadata={"source": str(path)}) for path in corpus]
    return RetrieverSearcher(Shelf(documents=documents), InMemoryEvidence())


@pytest.fixture(params=[local, foreign, "words"], ids=["local", "foreign", "words"])
def any_searcher(
    request: pytest.FixtureRequest, own_home: Path, corpus: list[Path], searcher: Searcher
) -> Iterator[Searcher]:
    make: Callable[[Path, list[Path]], Searcher] | str = request.param
    made = searcher if isinstance(make, str) else make(own_home, corpus)
    yield made
    if isinstance(made, LocalSearcher):
        made.close()


def test_it_is_called_something(any_searcher: Searcher) -> None:
    assert any_searcher.collection


async def test_hits_are_ranked_and_no_more_than_asked_for(any_searcher: Searcher) -> None:
    few = (await any_searcher.search("the pool hands out a connection", limit=1)).hits
    many = (await any_searcher.search("the pool hands out a connection", limit=10)).hits

    assert [Path(hit.path).name for hit in few] == ["pool.py"]
    assert len(many) > 1
    assert [hit.score for hit in many] == sorted((hit.score for hit in many), reverse=True)
    assert len({hit.chunk_id for hit in many}) == len(many)


async def test_nothing_is_found_for_words_that_are_nowhere(any_searcher: Searcher) -> None:
    assert (await any_searcher.search("zyzzyva")).hits == ()


async def test_texts_come_in_the_order_asked_for_and_what_is_not_there_is_left_out(any_searcher: Searcher) -> None:
    hits = (await any_searcher.search("the pool hands out a connection", limit=10)).hits
    ids = [hit.chunk_id for hit in reversed(hits)]
    evidence = await any_searcher.evidence([ids[0], "f" * 32, *ids[1:]])

    assert [item.id for item in evidence] == ids
    assert all(item.text.strip() for item in evidence)
    assert await any_searcher.evidence([]) == []


async def test_the_words_that_it_has(any_searcher: Searcher) -> None:
    words = ["connections", "flushes", "zyzzyva"]

    assert await any_searcher.known_words(words) == {"connections", "flushes"}
    assert await any_searcher.known_words([]) == frozenset()
