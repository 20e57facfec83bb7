"""Sort the question: does it need a search at all, one, or several?"""

from __future__ import annotations

import re
from typing import Any

from typing_extensions import TypedDict

from ...domain import Models, Tier
from ...text.question import also_asked
from ...text.words import STOP_WORDS, content_words, identifiers, words
from ..budgeted import ask
from ..channels import Kind, Spending
from ..prompts.requests import Classification, classify_prompt

_SMALL_TALK = re.compile(
    r"^\W*(?:hi|hello|hey|thanks?|thank you|good (?:morning|evening|day)|bye|goodbye|ok(?:ay)?|great|cool|"
    r"who are you|what can you do|how are you)\b[^?]{0,40}\??\W*$",
    re.IGNORECASE,
)
_ABOUT_TALK = re.compile(
    r"\b(?:did (?:i|you) (?:just )?(?:say|ask|answer|tell)|(?:my|your) (?:last|first|previous) (?:question|answer)|"
    r"this conversation|who are you|what can you do)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\bdifferences? between\b|\bcompare[ds]?\b|\bversus\b|\bvs\.?\b|\bdiffer(?:s|ent)? from\b|"
    r"\w,? and (?:how|what|where|why|which|who|when)\b|;",
    re.IGNORECASE,
)


class Slice(TypedDict):
    question: str
    spent: Spending
    budget: Spending
    down: list[Tier]


async def classify(state: Slice, *, models: Models) -> dict[str, Any]:
    question = state["question"]
    if _SMALL_TALK.match(question) or not words(question):
        return {"kind": "direct", "queries": []}
    asked = await ask(models, "classify", classify_prompt(question), Classification, state)
    kind = kind_by_rule(question) if asked.value is None else asked.value.kind
    if kind == "direct" and not may_be_direct(question):
        kind = "simple"
    queries = [question, *also_asked(question)]
    return {"kind": kind, "queries": queries, "spent": asked.spent, "down": asked.down, "caveats": asked.caveats}


def kind_by_rule(question: str) -> Kind:
    if _SMALL_TALK.match(question) or _ABOUT_TALK.search(question) or not _has_content(question):
        return "direct"
    return "multi" if _SEVERAL.search(question) or _asks_twice(question) else "simple"


def _has_content(question: str) -> bool:
    return any(word not in STOP_WORDS for word in words(question))


def _asks_twice(question: str) -> bool:
    """Two question marks with words between."""
    _, _, after = question.partition("?")
    return any(character.isalnum() for character in after.rpartition("?")[0])


def may_be_direct(question: str) -> bool:
    """A model may only keep a question from the corpus if nothing in it could be looked up there."""
    if identifiers(question):
        return False
    return bool(_SMALL_TALK.match(question) or _ABOUT_TALK.search(question)) or not content_words(question)
