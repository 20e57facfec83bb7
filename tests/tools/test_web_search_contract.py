"""What every WebSearch does: DuckDuckGo's, and the one that the machine's tests use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from web_page import OneWebPage

from hydragraph.domain import Evidence, Foreign, WebSearch
from hydragraph.errors import HydragraphError
from hydragraph.tools.web_search import DuckDuckGoSearch

PAGE = Evidence("0" * 32, "Helm deploys charts.", Foreign("https://helm.sh"), "Helm")


def duckduckgo(*, fails: bool, is_empty: bool) -> WebSearch:
    def find(query: str, limit: int) -> Sequence[dict[str, Any]]:
        if fails:
            raise OSError("no route")
        found = [{"title": "Helm", "link": "https://helm.sh", "snippet": "Helm deploys charts."}]
        return [] if is_empty else found * 3

    return DuckDuckGoSearch(find)


def one_page(*, fails: bool, is_empty: bool) -> WebSearch:
    return OneWebPage(*([] if is_empty else [PAGE]), fails=fails)


@pytest.fixture(params=[duckduckgo, one_page], ids=lambda make: make.__name__)
def make(request: pytest.FixtureRequest) -> Callable[..., WebSearch]:
    made: Callable[..., WebSearch] = request.param
    return made


async def test_it_brings_evidence_with_its_address(make: Callable[..., WebSearch]) -> None:
    [item] = await make(fails=False, is_empty=False).search("helm", limit=1)

    assert (item.text, item.source, item.title) == ("Helm deploys charts.", Foreign("https://helm.sh"), "Helm")
    assert len(item.id) == 32


async def test_nothing_found_is_an_empty_list(make: Callable[..., WebSearch]) -> None:
    assert await make(fails=False, is_empty=True).search("helm") == []


async def test_a_failure_is_ours(make: Callable[..., WebSearch]) -> None:
    with pytest.raises(HydragraphError):
        await make(fails=True, is_empty=False).search("helm")
