"""A search of the web through DuckDuckGo: off unless a person allows it, imported when it is first used."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..domain import Evidence, Foreign
from ..errors import HydragraphError

Results = Sequence[Mapping[str, Any]]


class WebSearchError(HydragraphError):
    """The web could not be searched."""


class DuckDuckGoSearch:
    """`WebSearch` over langchain-community's wrapper; `find(query, limit)` may be given instead of it."""

    def __init__(self, find: Callable[[str, int], Results] | None = None, *, seconds: float = 20.0) -> None:
        self._find = find or _duckduckgo
        self._seconds = seconds

    async def search(self, query: str, *, limit: int = 5) -> list[Evidence]:
        try:
            async with asyncio.timeout(self._seconds):
                results = await asyncio.to_thread(self._find, query, limit)
        except (OSError, ValueError, RuntimeError) as error:
            raise WebSearchError(f"expected results for {query!r} from the web, came {error!r}; try again") from error
        return [
            _evidence(result, rank) for rank, result in enumerate(results[:limit], start=1) if result.get("snippet")
        ]


def _duckduckgo(query: str, limit: int) -> Results:
    try:
        from ddgs.exceptions import DDGSException
        from langchain_community.utilities.duckduckgo_search import DuckDuckGoSearchAPIWrapper
    except ImportError as error:
        raise WebSearchError("web search needs an extra: pip install 'hydragraph[web]'") from error
    try:
        results: Results = DuckDuckGoSearchAPIWrapper().results(query, max_results=limit)
    except DDGSException as error:
        raise RuntimeError(str(error)) from error
    return results


def _evidence(result: Mapping[str, Any], rank: int) -> Evidence:
    link, snippet = str(result.get("link", "web")), str(result["snippet"])
    key = hashlib.sha256(f"{link}\x00{snippet}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return Evidence(key, snippet, Foreign(link), str(result.get("title", "")), 1.0 / rank)
