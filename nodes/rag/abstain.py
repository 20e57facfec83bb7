"""Say that the corpus does not have it, what was tried, and what came nearest."""

from __future__ import annotations

from typing import Any

from langgraph.types import StreamWriter
from typing_extensions import TypedDict

from ..channels import Found
from ..draft_stream import withdraw
from ..evidence.evidence_reader import in_reading_order, spot

NEAREST = 5


class Slice(TypedDict):
    tried: list[str]
    found: list[Found]
    draft: str
    attempt: int


async def abstain(state: Slice, *, writer: StreamWriter) -> dict[str, Any]:
    if state["draft"]:
        withdraw(writer, state["attempt"])
    return {"draft": abstention(state["tried"], nearest(state["found"])), "draft_kind": "abstention", "quotes": []}


def nearest(found: list[Found]) -> list[str]:
    return list(dict.fromkeys(spot(place) for place in in_reading_order(found)))[:NEAREST]


def abstention(tried: list[str], misses: list[str]) -> str:
    lines = ["This is not in the corpus, as far as the search can tell.", "", "Tried:"]
    lines += [f"- {query}" for query in tried]
    if misses:
        lines += ["", "The nearest misses:", *(f"- {miss}" for miss in misses)]
    return "\n".join(lines)
