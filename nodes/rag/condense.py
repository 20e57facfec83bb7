"""Begin a turn: the question, made to stand alone where it leans on what was said before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.messages import AnyMessage
from langgraph.types import Overwrite
from typing_extensions import TypedDict

from ...domain import Models
from ..budgeted import Means, ask
from ..channels import NOTHING_SPENT
from ..conversation import carried_over, leans_on_earlier, turns
from ..prompts.requests import Standalone, condense_prompt

MOST_CHARACTERS = 600


class Slice(TypedDict):
    messages: list[AnyMessage]


async def condense(
    state: Slice, *, models: Models, begin: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """`begin` gives the start values of the turn's channels, its budget among them."""
    said = turns(state["messages"])
    fresh = begin(state)
    if not said.earlier or not leans_on_earlier(said.question):
        return {**fresh, "asked": said.question, "question": said.question}
    means: Means = {"spent": NOTHING_SPENT, "budget": fresh["budget"], "down": []}
    prompt = condense_prompt(said.question, earlier=said.earlier[0], answer=said.answer[:MOST_CHARACTERS])
    asked = await ask(models, "rewrite", prompt, Standalone, means)
    question = carried_over(said.question, said.earlier)
    if asked.value and is_usable(asked.value.question):
        question = " ".join(asked.value.question.split())
    update = {"asked": said.question, "question": question, "spent": Overwrite(asked.spent)}
    return {**fresh, **update, "down": Overwrite(asked.down), "caveats": Overwrite(asked.caveats)}


def is_usable(question: str) -> bool:
    """Something that can be searched for, and not an essay."""
    return 0 < len(question.strip()) <= MOST_CHARACTERS and not leans_on_earlier(question)
