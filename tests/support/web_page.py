"""A search of the web that knows one page, or none, or fails."""

from __future__ import annotations

from hydragraph.domain import Evidence
from hydragraph.errors import HydragraphError


class OneWebPage:
    def __init__(self, *items: Evidence, fails: bool = False) -> None:
        self.items, self.fails = items, fails

    async def search(self, query: str, *, limit: int = 5) -> list[Evidence]:
        if self.fails:
            raise HydragraphError("the web is away")
        return list(self.items)
