"""Judge what was found: measured grounds first, then a model's opinion within them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from langgraph.types import StreamWriter

from ...domain import Evidence, Models, Tier
from ..budgeted import Means, ask, open_tier
from ..channels import Found, Grade, Spending, is_exhausted, spending
from ..evidence.evidence_reader import EvidenceReader, Looking, in_reading_order
from ..evidence.prompt_packing import fit, openings
from ..evidence.relevance import Grounds, Thresholds, grade_by_measure, measure, unseen
from ..prompts.requests import Relevance, grade_prompt

READ = 10
CHARACTERS = 700
MOST_PROBES = 6


class Slice(Looking):
    question: str
    found: list[Found]
    graded: int
    measured: float
    spent: Spending
    budget: Spending
    down: list[Tier]


async def grade(
    state: Slice, *, models: Models, reader: EvidenceReader, thresholds: Thresholds, writer: StreamWriter
) -> dict[str, Any]:
    started = time.monotonic()
    found = in_reading_order(state["found"])[:READ]
    writer({"event": "evidence", "items": found})
    evidence = await reader.read(found, state)
    grounds = await _look(state, found, evidence, reader)
    is_better = len(state["found"]) > state["graded"] or grounds.score > state["measured"]
    update = {"graded": len(state["found"]), "measured": grounds.score, "is_better": is_better}
    looked = spending(seconds=time.monotonic() - started)
    verdict = grade_by_measure(grounds, thresholds)
    if verdict == "nothing" or is_exhausted(state["spent"], state["budget"]):
        return {**update, "grade": verdict, "spent": looked}
    return {**update, **await _second_opinion(state, verdict, evidence, models, looked)}


async def _look(state: Slice, found: Sequence[Found], evidence: Sequence[Evidence], reader: EvidenceReader) -> Grounds:
    """A word that stands in no evidence is looked up in the whole corpus: as it is written, or alone where it is only a
    part of what is written there."""
    unknown = unseen(state["question"], evidence)[:MOST_PROBES]
    wanted = {word: token if token.lower() == word else word for word, token in unknown}
    known = await reader.known_words(list(wanted.values()), state["collections"])
    absent = [word for word, written in wanted.items() if written not in known]
    return measure(state["question"], found, evidence, absent)


async def _second_opinion(
    state: Slice, measured: Grade, evidence: Sequence[Evidence], models: Models, looked: Spending
) -> dict[str, Any]:
    tier = open_tier(models, "grade", state["down"])
    if tier is None:
        return {"grade": measured, "spent": looked}
    short = openings(evidence, characters=CHARACTERS)
    fitted = fit(models, "grade", tier, short, lambda items: grade_prompt(state["question"], items))
    means: Means = {"spent": state["spent"], "budget": state["budget"], "down": state["down"]}
    asked = await ask(models, "grade", fitted.prompt, Relevance, means)
    verdict = measured if asked.value is None else within(measured, asked.value.verdict)
    spent = {**asked.spent, "seconds": asked.spent["seconds"] + looked["seconds"]}
    return {"grade": verdict, "spent": spent, "down": asked.down, "caveats": asked.caveats}


def within(measured: Grade, opinion: Grade) -> Grade:
    """A model may call measured evidence poor or poor evidence enough; that there is nothing it cannot say alone."""
    if opinion == "nothing":
        return "poor"
    return opinion
