"""Another query for the same question, in other words, when the last ones found too little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import TypedDict

from ...domain import Models, Tier
from ...text.words import content_words, identifiers
from ..budgeted import ask
from ..channels import Found, Spending
from ..evidence.evidence_reader import in_reading_order
from ..prompts.requests import Query, rewrite_prompt

MOST_CHARACTERS = 200
NAMES_SHOWN = 12


class Slice(TypedDict):
    question: str
    tried: list[str]
    found: list[Found]
    rewrites: int
    spent: Spending
    budget: Spending
    down: list[Tier]


async def rewrite(state: Slice, *, models: Models) -> dict[str, Any]:
    names = [place["title"] for place in in_reading_order(state["found"]) if place["title"]][:NAMES_SHOWN]
    prompt = rewrite_prompt(state["question"], tried=state["tried"], found=names)
    asked = await ask(models, "rewrite", prompt, Query, state)
    proposed = [asked.value.query] if asked.value else []
    queries = first_new([*proposed, *queries_by_rule(state["question"])], state["tried"])
    count = {"rewrites": state["rewrites"] + 1, "queries": queries}
    return {**count, "spent": asked.spent, "down": asked.down, "caveats": asked.caveats}


def queries_by_rule(question: str) -> list[str]:
    """The bare names of the question, then its key words."""
    return [" ".join(identifiers(question)), " ".join(content_words(question))]


def first_new(proposed: Sequence[str], tried: Sequence[str]) -> list[str]:
    """The first usable query that was not tried, as a list of one; empty where there is none."""
    done = {" ".join(content_words(query)) for query in tried}
    for query in proposed:
        flat = " ".join(query.split())
        if 0 < len(flat) <= MOST_CHARACTERS and content_words(flat) and " ".join(content_words(flat)) not in done:
            return [flat]
    return []
