"""Split a question that asks for several things into questions that can each be looked up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from typing_extensions import TypedDict

from ...domain import Models, Tier
from ...text.question import also_asked
from ...text.words import content_words
from ..budgeted import ask
from ..channels import Spending
from ..prompts.requests import SubQuestions, decompose_prompt

MOST_CHARACTERS = 300
_CUTS = re.compile(r"[?;] |,? and (?=(?:how|what|where|why|which|who|when)\b)", re.IGNORECASE)
_BETWEEN = re.compile(
    r"(?:differences? between|compare[ds]?|distinguish(?:es)?) (?P<a>.{1,200}?) (?:and|with|to|versus|vs\.?) "
    r"(?P<b>[^?,;.]+)|(?<![\w.`])(?P<c>[\w.`]+) (?:differ(?:s|ent)? from|versus|vs\.?) (?P<d>[\w.`]+)",
    re.IGNORECASE,
)


class Slice(TypedDict):
    question: str
    spent: Spending
    budget: Spending
    down: list[Tier]


async def decompose(state: Slice, *, models: Models, most: int) -> dict[str, Any]:
    question = state["question"]
    asked = await ask(models, "decompose", decompose_prompt(question, most=most), SubQuestions, state)
    parts = parts_by_rule(question) if asked.value is None else asked.value.questions
    queries = [*with_whole(question, parts, most=most), *also_asked(question)]
    return {"queries": queries, "spent": asked.spent, "down": asked.down, "caveats": asked.caveats}


def parts_by_rule(question: str) -> list[str]:
    question = " ".join(question.split())
    pair = _BETWEEN.search(question)
    if pair:
        return [side.strip() for side in pair.groups() if side]
    return [part.strip() for part in _CUTS.split(question)]


def with_whole(question: str, parts: Sequence[str], *, most: int) -> list[str]:
    """The question itself first, then the usable parts, each once."""
    usable = (" ".join(part.split()) for part in parts if content_words(part) and len(part) <= MOST_CHARACTERS)
    return list(dict.fromkeys([question, *usable]))[: most + 1]
