"""Web results become evidence; what goes wrong is one kind of error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hydragraph.domain import Foreign
from hydragraph.errors import HydragraphError
from hydragraph.tools.web_search import DuckDuckGoSearch

RESULTS: list[dict[str, Any]] = [
    {"title": "Helm", "link": "https://helm.sh", "snippet": "Helm deploys charts."},
    {"title": "Nothing to read", "link": "https://example.org", "snippet": ""},
    {"title": "Charts", "link": "https://charts.io", "snippet": "Charts are packages."},
]


async def test_results_are_evidence_with_their_address() -> None:
    asked: list[tuple[str, int]] = []

    def find(query: str, limit: int) -> Sequence[dict[str, Any]]:
        asked.append((query, limit))
        return RESULTS

    items = await DuckDuckGoSearch(find).search("helm", limit=3)

    assert asked == [("helm", 3)]
    assert [(item.text, item.source, item.title) for item in items] == [
        ("Helm deploys charts.", Foreign("https://helm.sh"), "Helm"),
        ("Charts are packages.", Foreign("https://charts.io"), "Charts"),
    ]
    assert items[0].id != items[1].id
    assert len(items[0].id) == 32


@pytest.mark.parametrize("error", [OSError("no route"), RuntimeError("429"), ValueError("not JSON")])
async def test_a_failure_is_ours(error: Exception) -> None:
    def find(query: str, limit: int) -> Sequence[dict[str, Any]]:
        raise error

    with pytest.raises(HydragraphError, match="from the web"):
        await DuckDuckGoSearch(find).search("helm")


async def test_a_search_that_hangs_ends() -> None:
    import time

    def find(query: str, limit: int) -> Sequence[dict[str, Any]]:
        time.sleep(0.3)
        return RESULTS

    with pytest.raises(HydragraphError, match="TimeoutError"):
        await DuckDuckGoSearch(find, seconds=0.05).search("helm")


@pytest.mark.extra
async def test_the_wrapper_is_there_and_without_a_network_fails_as_ours() -> None:
    pytest.importorskip("ddgs", reason="needs hydragraph[web]")
    with pytest.raises(HydragraphError):
        await DuckDuckGoSearch(seconds=10).search("helm")
