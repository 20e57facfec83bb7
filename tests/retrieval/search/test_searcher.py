from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hydragraph.domain import Embedder, FileSpan, Searcher
from hydragraph.errors import EmbedderError, IndexBusyError, NoIndexError
from hydragraph.retrieval.indexing.forget import forget_path
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection

if TYPE_CHECKING:
    from conftest import CountingEmbedder

    MakeEmbedder = type[CountingEmbedder]

Write = Callable[[Path, str], Path]


@pytest.fixture
def searcher(docs: Collection, tree: Path, make_embedder: MakeEmbedder) -> Iterator[LocalSearcher]:
    """Over the indexed tree, letting go after each search."""
    embedder = make_embedder()
    index(docs, [tree], embedder)
    searcher = LocalSearcher(docs.home, docs.name, lambda: embedder, idle=0)
    yield searcher
    searcher.close()


def names(searcher: LocalSearcher, query: str) -> list[str]:
    return [Path(hit.path).name for hit in searcher.search_now(query).hits]


def test_it_is_a_searcher(searcher: LocalSearcher) -> None:
    port: Searcher = searcher
    assert port.collection == "docs"


async def test_hits_say_where_they_stand_and_which_leg_found_them(searcher: LocalSearcher, tree: Path) -> None:
    result = await searcher.search("open_session", limit=3)
    best = result.hits[0]
    assert (best.path, best.symbol) == ((tree / "app.py").as_posix(), "open_session")
    assert best.start_line <= 4 <= best.end_line
    assert best.legs["bm25"].rank == 1
    assert set(best.legs) == {"dense", "bm25", "graph"}
    assert 0 < best.score <= 1
    assert result.dense_ready == 1.0
    assert result.changed_files == 0
    assert result.absent == ()


def test_evidence_is_the_stored_text_in_the_order_asked_for(searcher: LocalSearcher) -> None:
    ids = [hit.chunk_id for hit in searcher.search_now("zebra session").hits]
    evidence = searcher.evidence_now([*reversed(ids), "0" * 32])
    assert [it.id for it in evidence] == list(reversed(ids))
    for item in evidence:
        assert isinstance(item.source, FileSpan)
        lines = Path(item.source.path).read_text().split("\n")
        assert "\n".join(lines[item.source.start - 1 : item.source.end]) == item.text


def test_scores_fall_and_ties_go_by_path_and_line(searcher: LocalSearcher) -> None:
    hits = searcher.search_now("session crossing guide os").hits
    keys = [(-hit.score, hit.path, hit.start_line) for hit in hits]
    assert keys == sorted(keys)
    assert [hit.chunk_id for hit in searcher.search_now("session crossing guide os").hits] == [
        hit.chunk_id for hit in hits
    ]


def test_the_limit_only_cuts_the_list(searcher: LocalSearcher) -> None:
    whole = searcher.search_now("session", limit=10).hits
    assert searcher.search_now("session", limit=1).hits == whole[:1]


def test_without_an_embedder_the_dense_leg_is_absent(docs: Collection, tree: Path) -> None:
    index(docs, [tree], None)
    searcher = LocalSearcher(docs.home, docs.name, idle=0)
    result = searcher.search_now("zebra crossing")
    assert Path(result.hits[0].path).name == "plain.txt"
    assert "dense" in result.absent
    assert "dense" not in result.hits[0].legs
    assert result.dense_ready == 0.0


def test_an_embedder_that_fails_leaves_the_other_legs_and_says_why(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder
) -> None:
    def broken() -> Embedder:
        raise EmbedderError("weights missing: run `pip install weights`")

    index(docs, [tree], make_embedder())
    searcher = LocalSearcher(docs.home, docs.name, broken, idle=0)
    assert names(searcher, "zebra")[0] == "plain.txt"
    assert searcher.trouble == "weights missing: run `pip install weights`"


def test_a_collection_without_vectors_opens_no_embedder(docs: Collection, tree: Path) -> None:
    def forbidden() -> Embedder:
        raise AssertionError("opened")

    index(docs, [tree], None)
    searcher = LocalSearcher(docs.home, docs.name, forbidden, idle=0)
    assert names(searcher, "zebra")[0] == "plain.txt"
    assert searcher.trouble == ""


def test_vectors_of_another_embedder_are_not_compared(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder
) -> None:
    index(docs, [tree], make_embedder())
    other = make_embedder("another")
    assert "dense" in LocalSearcher(docs.home, docs.name, lambda: other, idle=0).search_now("session").absent


@pytest.mark.parametrize("query", ["", "  \n", "\x00", "qqqq zzzz", "“”", "a" * 5000])
def test_odd_questions_get_an_answer(searcher: LocalSearcher, query: str) -> None:
    assert len(searcher.search_now(query).hits) <= 10


def test_a_question_without_words_finds_nothing(searcher: LocalSearcher) -> None:
    result = searcher.search_now(" \n")
    assert result.hits == ()
    assert set(result.absent) == {"dense", "bm25", "graph"}


def test_a_collection_that_is_not_there(tmp_path: Path) -> None:
    searcher = LocalSearcher(tmp_path, "nowhere")
    with pytest.raises(NoIndexError, match="nowhere"):
        searcher.search_now("anything")
    with pytest.raises(NoIndexError, match="nowhere"):
        searcher.evidence_now(["0" * 32])


def test_changed_and_removed_files_are_counted(docs: Collection, tree: Path, write: Write) -> None:
    index(docs, [tree], None)
    write(tree / "guide.md", "# Guide\n\nSomething else altogether.\n")
    (tree / "notes" / "plain.txt").unlink()
    assert LocalSearcher(docs.home, docs.name, idle=0).search_now("guide").changed_files == 2


def test_a_search_sees_what_was_indexed_since_the_last(
    searcher: LocalSearcher, docs: Collection, tree: Path, write: Write, make_embedder: MakeEmbedder
) -> None:
    assert "later.md" not in names(searcher, "okapi giraffe")
    write(tree / "later.md", "# Later\n\nAn okapi is a giraffe.\n")
    index(docs, [tree], make_embedder())
    assert "later.md" in names(searcher, "okapi giraffe")


def test_forgetting_a_file_takes_its_edges_along(
    searcher: LocalSearcher, docs: Collection, tree: Path, write: Write, make_embedder: MakeEmbedder
) -> None:
    question = "Where does Ada Quill live?"
    before = searcher.search_now(question)
    write(tree / "people" / "ada.md", "# Ada Quill\n\nAda Quill lives in Port Merrow, beside the Zebra Crossing.\n")
    write(tree / "people" / "port.md", "# Port Merrow\n\nA town on the coast.\n")
    index(docs, [tree], make_embedder())
    with_them = searcher.search_now(question)
    assert {"ada.md", "port.md"} <= {Path(hit.path).name for hit in with_them.hits if "graph" in hit.legs}
    forget_path(docs, tree / "people")
    assert searcher.search_now(question).hits == before.hits


async def test_searches_at_once_agree(searcher: LocalSearcher) -> None:
    alone = (await searcher.search("open session")).hits
    results = await asyncio.gather(*(searcher.search("open session") for _ in range(8)))
    assert all(result.hits == alone for result in results)


async def test_the_event_loop_runs_on_while_a_search_waits(docs: Collection, tree: Path) -> None:
    index(docs, [tree], None)
    searcher = LocalSearcher(docs.home, docs.name, idle=0)
    with docs.owner():
        waiting = asyncio.create_task(searcher.search("session"))
        for _ in range(10):
            await asyncio.sleep(0.01)
        assert not waiting.done()
    assert (await waiting).hits


def test_the_collection_is_free_between_searches(docs: Collection, tree: Path) -> None:
    index(docs, [tree], None)
    searcher = LocalSearcher(docs.home, docs.name, idle=0.05)
    searcher.search_now("session")
    with pytest.raises(IndexBusyError), docs.owner(wait=0):
        pass
    with docs.owner(wait=5):
        pass
    assert searcher.search_now("session").hits


def test_a_busy_collection_is_named_with_its_owner(docs: Collection, tree: Path) -> None:
    index(docs, [tree], None)
    with docs.owner(), pytest.raises(IndexBusyError) as caught:
        LocalSearcher(docs.home, docs.name, idle=0, wait=0.05).search_now("session")
    assert caught.value.pid is not None


def test_a_stream_of_searches_does_not_starve_an_index(docs: Collection, tree: Path, write: Write) -> None:
    index(docs, [tree], None)
    searcher = LocalSearcher(docs.home, docs.name, idle=60)
    stop = threading.Event()

    def search_on() -> None:
        while not stop.is_set():
            searcher.search_now("session")

    searcher.search_now("session")
    searcher.close()
    thread = threading.Thread(target=search_on)
    with docs.writer():
        thread.start()
        try:
            with docs.owner(wait=5):
                pass
        finally:
            stop.set()
            thread.join()
    searcher.close()


def test_search_imports_nothing_heavy() -> None:
    heavy = ["langchain_core", "pydantic", "pydantic_settings", "tree_sitter", "scipy", "onnxruntime", "bs4", "pypdf"]
    code = f"import sys, hydragraph.retrieval.search.searcher; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
