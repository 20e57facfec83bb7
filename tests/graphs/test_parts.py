"""Reducers, stores, a host's retriever, files as they are now, answers as JSON, and what is loaded when."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from hydragraph.domain import Budget, Citation, Evidence, FileSpan, Foreign
from hydragraph.graphs.answers import answer_json, answer_of
from hydragraph.graphs.hosting.evidence_stores import CorpusEvidence, InMemoryEvidence
from hydragraph.graphs.hosting.freshness import are_current
from hydragraph.graphs.hosting.from_settings import open_services, rag_settings, roles_of, tiers_of
from hydragraph.graphs.hosting.retriever_searcher import RetrieverSearcher, as_evidence, source_of
from hydragraph.graphs.hosting.services import RagServices
from hydragraph.graphs.rag.reducers import evidence_id, merge_found, union
from hydragraph.nodes.channels import add_spending, spending
from hydragraph.settings import load_settings


def found(key: str, rank: int = 1, score: float = 1.0, cosine: float | None = None) -> Any:
    return {"key": key, "id": "", "path": "/a", "start": 1, "end": 2, "place": "", "title": "", "rank": rank,
            "score": score, "cosine": cosine}  # fmt: skip


def test_found_places_are_merged_and_keep_their_id() -> None:
    first = merge_found([], [found("7f3a00"), found("7f3a11"), found("beef00")])
    again = merge_found(first, [found("7f3a11", 5, 2.0, 0.5), found("beef00", 3, 0.1, None), found("cafe00")])

    assert [place["id"] for place in first] == ["E7f3a", "E7f3a1", "Ebeef"]
    assert [place["id"] for place in again] == ["E7f3a", "E7f3a1", "Ebeef", "Ecafe"]
    assert (again[1]["rank"], again[1]["score"], again[1]["cosine"]) == (1, 2.0, 0.5)
    assert first[1]["score"] == 1.0


def test_merging_is_the_same_again() -> None:
    once = merge_found([], [found("7f3a00"), found("7f3a11")])

    assert merge_found(once, once) == once


def test_an_id_when_every_prefix_is_taken() -> None:
    assert evidence_id("abcde", {"Eabcd", "Eabcde"}) == "Eabcde"


def test_small_reducers() -> None:
    assert union(["a", "b"], ["b", "c"]) == ["a", "b", "c"]
    total = add_spending(spending(tokens=1, steps=1), spending(usd=0.5, seconds=2.0, steps=2))
    assert total == {"usd": 0.5, "tokens": 1, "seconds": 2.0, "steps": 3}


async def test_evidence_in_memory_forgets_the_oldest() -> None:
    store = InMemoryEvidence(most=2)
    await store.put([Evidence(key, key, Foreign("x")) for key in ("a", "b", "c")])

    assert [item.id for item in await store.get(["c", "a", "b"])] == ["c", "b"]


async def test_evidence_in_memory_is_kept_for_its_time() -> None:
    now = [0.0]
    store = InMemoryEvidence(seconds=60.0, clock=lambda: now[0])
    await store.put([Evidence("a", "a", Foreign("x"))])
    now[0] = 30.0
    await store.put([Evidence("b", "b", Foreign("x"))])
    now[0] = 60.0

    assert [item.id for item in await store.get(["a", "b"])] == ["b"]


async def test_a_chunk_is_read_once_a_run(searcher: Any) -> None:
    store = CorpusEvidence(searcher)
    key = next(iter(searcher.items))
    first = await store.get([key])
    searcher.is_lost = True

    assert await store.get([key]) == first


async def test_evidence_of_a_corpus_and_of_the_web(searcher: Any) -> None:
    store = CorpusEvidence(searcher)
    key = next(iter(searcher.items))
    await store.put([Evidence("web", "page", Foreign("https://example.org"))])

    assert [item.id for item in await store.get(["web", "gone", key])] == ["web", key]


class Shelf(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document(f"about {query}", metadata={"source": "a.txt"}), Document("other", metadata={})]


async def test_a_retriever_is_a_searcher() -> None:
    store = InMemoryEvidence()
    searcher = RetrieverSearcher(Shelf(), store)
    result = await searcher.search("pools", limit=1)

    [hit] = result.hits
    assert (hit.path, hit.start_line, hit.legs, result.absent) == ("a.txt", 0, {}, ("dense", "bm25", "graph"))
    assert [item.text for item in await searcher.evidence([hit.chunk_id])] == ["about pools"]
    assert searcher.collection == "Shelf"


def test_documents_are_known_by_their_content() -> None:
    one, same = Document("x", metadata={"source": "a"}), Document("x", metadata={"source": "a", "page": 3})

    assert as_evidence(one, 1.0).id == as_evidence(same, 0.5).id
    assert as_evidence(Document("y", metadata={"source": "a"}), 1.0).id != as_evidence(one, 1.0).id


@pytest.mark.parametrize(
    ("metadata", "source"),
    [
        ({"path": "/a", "start_line": 1, "end_line": 2, "hash": "h"}, FileSpan("/a", 1, 2, "h")),
        ({"path": "/a", "start_line": 1}, Foreign("document")),
        ({"source": "a.txt"}, Foreign("a.txt")),
        ({"url": "https://example.org"}, Foreign("https://example.org")),
    ],
)
def test_where_a_document_comes_from(metadata: dict[str, Any], source: Any) -> None:
    assert source_of(Document("x", metadata=metadata)) == source


def is_current(span: FileSpan, text: str) -> bool:
    return are_current([(span, text)], lambda _: {})[0]


def test_a_file_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"one\r\ntwo\nthree\n")
    span = FileSpan(str(path), 1, 2, "h")

    assert is_current(span, "one\r\ntwo")
    assert not is_current(span, "two\nthree")
    path.write_bytes(b"zero\none\r\ntwo\n")
    assert not is_current(span, "one\r\ntwo")
    path.write_bytes(b"")
    assert not is_current(span, "one\r\ntwo")
    path.unlink()
    assert not is_current(span, "one\r\ntwo")


def test_a_notebooks_cell_as_it_is_now(tmp_path: Path) -> None:
    def notebook(source: str) -> str:
        cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    path = tmp_path / "a.ipynb"
    path.write_text(notebook("x = 1\ny = 2"))
    span = FileSpan(str(path), 1, 2, "h", "cell 1")

    assert is_current(span, "x = 1\ny = 2")
    path.write_text(notebook("x = 1\ny = 3"))
    assert not is_current(span, "x = 1\ny = 2")


def test_a_file_that_must_be_extracted_is_current_by_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF- and nothing that could be extracted")
    asked: list[Sequence[str]] = []

    def hashes(paths: Sequence[str]) -> dict[str, str]:
        asked.append(paths)
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest()}

    (tmp_path / "b.txt").write_text("one\ntwo\n")
    cited = [(FileSpan(str(path), 1, 2, "h", "page 1"), text) for text in ("a page", "another")]
    assert are_current([*cited, (FileSpan(str(tmp_path / "b.txt"), 2, 2, "h"), "two")], hashes) == [True, True, True]
    assert asked == [[str(path)]]
    indexed = hashes([])
    path.write_bytes(b"%PDF- changed")
    assert are_current(cited, lambda _: indexed) == [False, False]


def test_an_answer_as_json() -> None:
    cited = {"id": "E1", "path": "/a", "start_line": 1, "end_line": 2, "hash": "h", "quote": "q", "place": "",
             "stale": False}  # fmt: skip
    spent = spending(tokens=5, seconds=1.5, steps=2)
    values = {"answer": "A [E1].", "status": "answered", "caveats": ["degraded"], "citations": [cited],
              "spent": spent, "tier": "api", "tried": ["q"], "nearest": []}  # fmt: skip
    answer = answer_of(values)

    assert answer.citations == (Citation("E1", "/a", 1, 2, "h", "q"),)
    assert answer_json(answer) == values


def test_settings_become_tiers_roles_and_a_budget() -> None:
    arguments = {
        "tiers.local_fast.model": "small",
        "tiers.local_fast.base_url": "http://127.0.0.1:1",
        "tiers.local_quality.model": "",
        "ollama.base_url": "http://127.0.0.1:2",
        "roles.generate": "local_fast",
        "budget.steps": 7,
        "search.limit": 3,
    }
    settings = load_settings(arguments).settings
    tiers = tiers_of(settings)

    assert list(tiers) == ["local_fast"]
    assert (tiers["local_fast"].model, tiers["local_fast"].base_url) == ("small", "http://127.0.0.1:1")
    assert roles_of(settings)["generate"] == "local_fast"
    assert rag_settings(settings).budget == Budget(steps=7)
    assert rag_settings(settings).search_limit == 3


def test_services_open_nothing_before_they_are_used(own_home: Path) -> None:
    async def opened_and_closed() -> RagServices:
        async with AsyncExitStack() as stack:
            services = open_services(load_settings({"collection": "none-there"}).settings, stack)
            services.corpora.open(())
        return services

    services = asyncio.run(opened_and_closed())
    assert services.models.tiers("generate") == ("local_quality",)
    assert services.web is None
    assert list(own_home.iterdir()) == []


async def test_the_web_only_where_it_is_allowed() -> None:
    async with AsyncExitStack() as stack:
        assert open_services(load_settings({"web.enabled": True}).settings, stack).web is not None


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import hydragraph.graphs", ["langgraph", "langchain_core", "pydantic"]),
        ("import hydragraph.graphs.studio", ["langgraph", "langchain_core", "pydantic_settings", "qdrant_edge"]),
        ("import hydragraph.graphs.hosting.services", ["langgraph", "langchain_core", "pydantic"]),
        (
            "import hydragraph.graphs.hosting.from_settings",
            ["langgraph", "langchain_core", "qdrant_edge", "onnxruntime"],
        ),
        ("import hydragraph.nodes.quoting.extractive", ["pydantic", "langchain_core", "snowballstemmer"]),
        ("import hydragraph.tools.web_search", ["langchain_community", "ddgs", "pydantic"]),
    ],
)
def test_importing_has_no_effect_and_loads_little(statement: str, absent: list[str]) -> None:
    code = f"import sys; {statement}; print([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_unknown_names_are_refused() -> None:
    import hydragraph.graphs as graphs

    assert sorted(graphs.__all__) == ["DEFAULT", "RagServices", "RagSettings", "build_rag_graph", "open_retriever"]
    assert all(getattr(graphs, name) for name in graphs.__all__)
    with pytest.raises(AttributeError, match="no attribute 'build'"):
        _ = graphs.build
