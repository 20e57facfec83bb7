from __future__ import annotations

from pathlib import Path

import pytest

from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.search.retriever import HydragraphRetriever
from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection


@pytest.fixture
def retriever(docs: Collection, tree: Path) -> HydragraphRetriever:
    index(docs, [tree], None)
    return HydragraphRetriever(LocalSearcher(docs.home, docs.name, idle=0), limit=2)


def test_documents_carry_text_and_place(retriever: HydragraphRetriever, tree: Path) -> None:
    best = retriever.invoke("open_session")[0]
    assert "def open_session(path):" in best.page_content
    assert best.metadata["path"] == (tree / "app.py").as_posix()
    assert best.metadata["symbol"] == "open_session"
    assert best.metadata["legs"]["bm25"]["rank"] == 1
    assert best.metadata["source"].startswith(f"{tree / 'app.py'}:L")
    assert best.metadata["start_line"] <= best.metadata["end_line"]


async def test_both_ways_give_the_same_inside_a_running_loop(retriever: HydragraphRetriever) -> None:
    awaited = await retriever.ainvoke("session")
    assert 0 < len(awaited) <= 2
    assert retriever.invoke("session") == awaited
