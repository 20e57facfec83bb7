"""Answer without a model: the passages that fit best, word for word."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import PurePath
from textwrap import dedent, indent
from typing import Any

from langgraph.types import StreamWriter
from typing_extensions import TypedDict

from ..domain import Evidence, FileSpan
from ..models.extractive import Quote
from ..models.extractive import extract as best_quotes
from .channels import Found
from .library import Library, in_reading_order
from .shown import withdraw

READ = 12
LEAD = "The passages that fit the question best, word for word:"


class Slice(TypedDict):
    question: str
    found: list[Found]
    tried: list[str]
    draft: str
    attempt: int


async def extract(state: Slice, *, library: Library, limit: int, writer: StreamWriter) -> dict[str, Any]:
    if state["draft"]:
        withdraw(writer, state["attempt"])
    found = in_reading_order(state["found"])[:READ]
    evidence = await library.read(found, state["tried"], limit=limit)
    quotes = await asyncio.to_thread(best_quotes, state["question"], evidence)
    quoted = [{"id": quote.evidence_id, "quote": quote.text} for quote in quotes]
    if not quotes:
        return {"draft": "", "draft_kind": "abstention", "quotes": []}
    return {"draft": as_list(quotes, evidence), "draft_kind": "quotes", "quotes": quoted}


def as_list(quotes: Sequence[Quote], evidence: Sequence[Evidence]) -> str:
    items = {item.id: item for item in evidence}
    return "\n".join([LEAD, "", *(_bullet(quote, items[quote.evidence_id]) for quote in quotes)])


def _bullet(quote: Quote, item: Evidence) -> str:
    """Where it stands, then the words: code as a block, prose in a line."""
    head = f"- {_place(quote, item)} [{item.id}]"
    if quote.is_code:
        fence = "````" if "```" in quote.text else "```"
        return "\n".join([head, indent("\n".join([fence, dedent(quote.text), fence]), "  ")])
    return f"{head}: “{' '.join(quote.text.split())}”"


def _place(quote: Quote, item: Evidence) -> str:
    if not isinstance(item.source, FileSpan):
        return item.title or str(item.source)
    name = PurePath(item.source.path).name
    at = item.source.start + quote.line
    place = f", {item.source.place}" if item.source.place else ""
    label = f" `{quote.label}`" if quote.label and quote.label != name else ""
    return f"{name}:{at}{place}{label}"
