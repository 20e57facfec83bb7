"""Put the answer together: what stands, its citations as the files are now, and what must be said about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage
from typing_extensions import TypedDict

from ...domain import Caveat, Evidence, FileSpan, Status, Tier
from ..channels import Best, Cited, DraftKind, Found, Outcome, Quoted, Spending, Verdict, is_exhausted
from ..evidence.evidence_reader import EvidenceReader, Looking, in_reading_order
from ..evidence.support import check_draft, quotes_of, supported_text
from .abstain import abstention, nearest

FileHashes = Callable[[Sequence[str]], Mapping[str, str]]
AreCurrent = Callable[[Sequence[tuple[FileSpan, str]], FileHashes], list[bool]]
Current = Callable[[Sequence[tuple[FileSpan, str]]], list[bool]]
GREETING = (
    "I answer questions about the indexed files, with citations. Ask me where something is, how it works, "
    "or what a function does."
)


class Slice(Looking):
    found: list[Found]
    draft: str
    draft_kind: DraftKind
    quotes: list[Quoted]
    best: Best
    asking_tier: str
    outcome: Outcome
    verdict: Verdict
    caveats: list[Caveat]
    spent: Spending
    budget: Spending
    down: list[Tier]


class Composed(TypedDict):
    """An answer before its citations are looked at in the files."""

    answer: str
    status: Status
    tier: str
    quotes: list[Quoted]
    caveats: list[Caveat]


async def answer(state: Slice, *, reader: EvidenceReader, are_current: AreCurrent, result: str) -> dict[str, Any]:
    """The answer as a message, and as values under the name `result`."""
    evidence = await reader.read(in_reading_order(state["found"]), state)
    current = _with(are_current, reader.corpora.open(state["collections"]).file_hashes)
    composed, citations = await asyncio.to_thread(_composed_and_cited, state, evidence, current)
    caveats = {*state["caveats"], *composed["caveats"]}
    if any(citation["stale"] for citation in citations):
        caveats.add("source_changed")
    if is_exhausted(state["spent"], state["budget"]) and composed["status"] != "answered":
        caveats.add("budget_exhausted")
    if "no_model" in caveats:
        caveats -= {"degraded", "model_failed"}  # they follow from it
    message = AIMessage(with_sources(composed["answer"], citations), name="hydragraph")
    values = {
        "answer": composed["answer"],
        "status": composed["status"],
        "caveats": sorted(caveats),
        "citations": citations,
        "spent": state["spent"],
        "tier": composed["tier"],
        "tried": state["tried"],
        "nearest": nearest(state["found"]) if composed["status"] == "abstained" else [],
    }
    return {"messages": [message], result: values}


def _composed_and_cited(state: Slice, evidence: Sequence[Evidence], current: Current) -> tuple[Composed, list[Cited]]:
    """Blocking: reads files."""
    composed = compose(state, evidence)
    return composed, cite(composed["quotes"], evidence, current)


def compose(state: Slice, evidence: Sequence[Evidence]) -> Composed:
    match state["draft_kind"]:
        case "model":
            return from_draft(state, evidence)
        case "direct":
            return _composed(state["draft"], "answered", state["asking_tier"])
        case "quotes":
            why = reasons(state)
            return _composed(state["draft"], "extractive", "extractive", quotes=state["quotes"], caveats=why)
        case "abstention":
            text = state["draft"] if state["draft"] else abstention(state["tried"], nearest(state["found"]))
            return _composed(text, "abstained", "none", caveats=["not_in_corpus"])
    return _composed(GREETING, "answered", "none")


def reasons(state: Slice) -> list[Caveat]:
    """Why there are only quotes: a model that failed and a budget that ran out have said so themselves."""
    if state["outcome"] == "no_model":
        return ["no_model"]
    if state["outcome"] != "drafted":
        return []
    return ["degraded"] if state["verdict"] == "absent" else ["unsupported_removed"]


def from_draft(state: Slice, evidence: Sequence[Evidence]) -> Composed:
    """The best draft without what does not stand in its spans."""
    best = state["best"]
    report = check_draft(best["draft"], evidence)
    caveats: list[Caveat] = []
    if report.having("unsupported"):
        caveats.append("unsupported_removed")
    if report.having("weak"):
        caveats.append("weakly_supported")
    is_whole = not caveats and "model_failed" not in state["caveats"] and state["verdict"] == "good"
    status: Status = "answered" if is_whole else "partial"
    quotes = quotes_of(report, evidence)
    return _composed(supported_text(report), status, best["tier"], quotes=quotes, caveats=caveats)


def _composed(
    text: str, status: Status, tier: str, *, quotes: Sequence[Quoted] = (), caveats: Sequence[Caveat] = ()
) -> Composed:
    return {"answer": text, "status": status, "tier": tier, "quotes": list(quotes), "caveats": list(caveats)}


def _with(are_current: AreCurrent, hashes: FileHashes) -> Current:
    return lambda cited: are_current(cited, hashes)


def cite(quotes: Sequence[Quoted], evidence: Sequence[Evidence], current: Current) -> list[Cited]:
    """Each cited piece once, with its place; a file that no longer has the text there makes it stale. Blocking: reads
    files."""
    items = {item.id: item for item in evidence}
    cited = dict.fromkeys(quote["id"] for quote in quotes if quote["id"] in items)
    spans = {key: source for key in cited if isinstance(source := items[key].source, FileSpan)}
    fresh = dict(zip(spans, current([(span, items[key].text) for key, span in spans.items()]), strict=True))
    words = {key: spanning([q["quote"] for q in quotes if q["id"] == key], items[key].text) for key in cited}
    return [_citation(items[key], words[key], stale=not fresh.get(key, True)) for key in cited]


def spanning(quotes: Sequence[str], text: str) -> str:
    """One verbatim quote over all of them: programs keep citations by id, and a second entry would hide the first."""
    places = [(at, at + len(quote)) for quote in quotes if (at := text.find(quote)) >= 0]
    if len(places) < 2:
        return max(quotes, key=len)
    return text[min(start for start, _ in places) : max(end for _, end in places)]


def _citation(item: Evidence, quote: str, *, stale: bool) -> Cited:
    span = item.source if isinstance(item.source, FileSpan) else FileSpan(str(item.source), 0, 0, "")
    return {
        "id": item.id,
        "path": span.path,
        "start_line": span.start,
        "end_line": span.end,
        "hash": span.hash,
        "quote": quote,
        "place": span.place,
        "stale": stale,
    }


def with_sources(text: str, citations: Sequence[Cited]) -> str:
    """For chat windows, which show nothing but the message: where each id stands."""
    places: dict[str, str] = {}
    for cited in citations:
        lines = f":L{cited['start_line']}-L{cited['end_line']}" if cited["start_line"] else ""
        places.setdefault(cited["id"], f"{cited['path']}{lines}")
    listed = "\n".join(f"- [{identifier}] {place}" for identifier, place in places.items())
    return f"{text}\n\nSources:\n{listed}" if listed else text
