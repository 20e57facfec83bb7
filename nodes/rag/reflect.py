"""Check the draft: what it claims must stand in the spans that it cites; a model's opinion comes second."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from ...domain import Evidence, Message, Models, Tier
from ..budgeted import Asked, Means, ask, open_tier
from ..channels import Best, Found, Spending, Verdict
from ..evidence.evidence_reader import EvidenceReader, Looking, in_reading_order
from ..evidence.prompt_packing import fit
from ..evidence.support import Report, check_draft
from ..prompts.requests import Review, reflect_prompt

REFUSAL = "NOT IN EVIDENCE"
GOOD = 0.7
MOST_REJECTED = 5
MOST_CHARACTERS = 200


class Slice(Looking):
    question: str
    found: list[Found]
    draft: str
    best: Best
    asking_tier: str
    spent: Spending
    budget: Spending
    down: list[Tier]


async def reflect(state: Slice, *, models: Models, reader: EvidenceReader, read: int) -> dict[str, Any]:
    if is_refusal(state["draft"]):
        return {"verdict": "absent", "is_better": False}
    evidence = await reader.read(in_reading_order(state["found"]), state)
    report = await asyncio.to_thread(check_draft, state["draft"], evidence)
    is_better = report.score > state["best"]["score"]
    update = {"is_better": is_better, "best": _better(state, report), "rejected": rejected(report)}
    if report.score < GOOD:
        return {**update, "verdict": "unsupported"}
    cited = _cited_first(report, evidence)[:read]
    asked = await _opinion(state, cited, models)
    verdict, queries = with_opinion(asked.value, state["tried"])
    spent = {"spent": asked.spent, "down": asked.down, "caveats": asked.caveats}
    return {**update, **spent, "verdict": verdict, "queries": queries}


def is_refusal(draft: str) -> bool:
    """Only that, or that with few words behind it and nothing cited."""
    said = draft.strip(" .\"'`*\n").upper()
    return said.startswith(REFUSAL) and len(said) < 10 * len(REFUSAL) and "[E" not in said


def rejected(report: Report) -> list[str]:
    """What the next draft is told: the same prompt again would only bring the same words."""
    fallen = report.having("unsupported")
    if not fallen and report.score < GOOD:
        fallen = [check for check in report.checked if check.standing != "supported"]
    return [check.sentence.text[:MOST_CHARACTERS] for check in fallen][:MOST_REJECTED]


def with_opinion(review: Review | None, tried: Sequence[str]) -> tuple[Verdict, list[str]]:
    """An opinion can ask for one more search or draft; it cannot make unmeasured claims good."""
    if review is None or (review.supported and review.complete):
        return "good", []
    if not review.supported:
        return "unsupported", []
    query = " ".join(review.missing.split())[:MOST_CHARACTERS]
    return "incomplete", [query] if query and query not in tried else []


def _better(state: Slice, report: Report) -> Best:
    if state["best"]["draft"] and report.score < state["best"]["score"]:
        return state["best"]
    return {"draft": state["draft"], "score": report.score, "tier": state["asking_tier"]}


def _cited_first(report: Report, evidence: Sequence[Evidence]) -> list[Evidence]:
    cited = {identifier for check in report.checked for identifier in check.ids}
    return sorted(evidence, key=lambda item: item.id not in cited)


async def _opinion(state: Slice, evidence: Sequence[Evidence], models: Models) -> Asked[Review]:
    means: Means = {"spent": state["spent"], "budget": state["budget"], "down": state["down"]}
    tier = open_tier(models, "reflect", state["down"])

    def render(items: Sequence[Evidence]) -> list[Message]:
        return reflect_prompt(state["question"], items, state["draft"])

    prompt = fit(models, "reflect", tier, evidence, render).prompt if tier else render(())
    return await ask(models, "reflect", prompt, Review, means)
