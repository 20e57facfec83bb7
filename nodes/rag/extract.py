"""Answer without a model: the passages that fit best, word for word."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from textwrap import dedent, indent
from typing import Any

from langgraph.types import StreamWriter

from ...domain import Evidence, FileSpan
from ..channels import Found
from ..draft_stream import withdraw
from ..evidence.evidence_reader import EvidenceReader, Looking, in_reading_order
from ..quoting.extractive import Quote
from ..quoting.extractive import extract as best_quotes
from ..quoting.source_priors import common_folder

READ = 20
LEAD = "The passages that fit the question best, word for word:"


class Slice(Looking):
    question: str
    found: list[Found]
    draft: str
    attempt: int


async def extract(state: Slice, *, reader: EvidenceReader, writer: StreamWriter) -> dict[str, Any]:
    if state["draft"]:
        withdraw(writer, state["attempt"])
    found = in_reading_order(state["found"])[:READ]
    evidence = await reader.read(found, state)
    quotes = await asyncio.to_thread(best_quotes, state["question"], evidence)
    quoted = [{"id": quote.evidence_id, "quote": quote.text} for quote in quotes]
    if not quotes:
        return {"draft": "", "draft_kind": "abstention", "quotes": []}
    return {"draft": as_list(quotes, evidence), "draft_kind": "quotes", "quotes": quoted}


def as_list(quotes: Sequence[Quote], evidence: Sequence[Evidence]) -> str:
    items = {item.id: item for item in evidence}
    names = shown_names(evidence)
    return "\n".join([LEAD, "", *(_bullet(quote, items[quote.evidence_id], names) for quote in quotes)])


def shown_names(evidence: Sequence[Evidence]) -> dict[str, str]:
    """Each file by its path below the folder that all of them share: two of one name stay apart. Its own folder is
    always named, and no line break of a name breaks a line."""
    paths = {item.source.path for item in evidence if isinstance(item.source, FileSpan)}
    shared = len(PurePosixPath(common_folder(sorted(paths))).parts) if paths else 0
    return {path: flat(str(PurePosixPath(*_tail(path, shared)))) for path in paths}


def _tail(path: str, shared: int) -> tuple[str, ...]:
    parts = [part for part in PurePosixPath(path).parts if part != "/"]
    below = len(PurePosixPath(path).parts) - shared
    return tuple(parts[-max(2, below) :])


def flat(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text)


def _bullet(quote: Quote, item: Evidence, names: Mapping[str, str]) -> str:
    """Where it stands, then the words: code as a block, prose in a line. An ellipsis says that it goes on."""
    head = f"- {_place(quote, item, names)} [{item.id}]"
    text = quote.shown or quote.text
    if quote.is_code:
        fence = "````" if "```" in text else "```"
        more = ["…"] if quote.is_cut else []
        return "\n".join([head, indent("\n".join([fence, dedent(text), *more, fence]), "  ")])
    return f"{head}: “{' '.join(text.split())}{' …' if quote.is_cut else ''}”"


def _place(quote: Quote, item: Evidence, names: Mapping[str, str]) -> str:
    """The lines of a page or a cell are those of its extracted text, which nobody sees: its place says enough."""
    if not isinstance(item.source, FileSpan):
        return flat(item.title or str(item.source))
    name = names[item.source.path]
    at = f", {item.source.place}" if item.source.place else f":{item.source.start + quote.line}"
    label = f" `{flat(quote.label)}`" if quote.label and quote.label != PurePosixPath(name).name else ""
    return f"{name}{at}{label}"
