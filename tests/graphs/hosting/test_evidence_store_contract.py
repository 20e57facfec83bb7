"""What every EvidenceStore does with evidence from outside the corpus."""

from __future__ import annotations

from typing import Any

import pytest

from hydragraph.domain import Evidence, EvidenceStore, Foreign
from hydragraph.graphs.hosting.evidence_stores import CorpusEvidence, InMemoryEvidence


@pytest.fixture(params=["memory", "corpus"])
def store(request: pytest.FixtureRequest, searcher: Any) -> EvidenceStore:
    return InMemoryEvidence() if request.param == "memory" else CorpusEvidence(searcher)


def page(key: str, text: str = "") -> Evidence:
    return Evidence(key, text or f"text of {key}", Foreign("https://example.org"))


async def test_what_was_put_comes_back_in_the_order_asked_for(store: EvidenceStore) -> None:
    pages = [page(key) for key in ("a", "b", "c")]
    await store.put(pages)

    assert await store.get(["c", "a", "b"]) == [pages[2], pages[0], pages[1]]


async def test_what_is_not_there_is_left_out(store: EvidenceStore) -> None:
    await store.put([page("a")])

    assert [item.id for item in await store.get(["x", "a", "y"])] == ["a"]
    assert await store.get(["x"]) == []
    assert await store.get([]) == []


async def test_what_is_put_again_replaces_what_was_there(store: EvidenceStore) -> None:
    await store.put([page("a", "old")])
    await store.put([page("a", "new")])
    await store.put([])

    assert [item.text for item in await store.get(["a"])] == ["new"]
