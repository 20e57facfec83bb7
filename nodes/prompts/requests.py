"""The prompts as typed functions, each beside the model of the reply that it asks for (at most five flat fields)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from ...domain import Evidence, Message
from .templates import fenced, render


class Classification(BaseModel):
    kind: Literal["direct", "simple", "multi"]


class SubQuestions(BaseModel):
    questions: list[str] = Field(min_length=1)


class Standalone(BaseModel):
    question: str


class Query(BaseModel):
    query: str


class Relevance(BaseModel):
    verdict: Literal["enough", "poor", "nothing"]


class Review(BaseModel):
    supported: bool
    complete: bool
    missing: str = ""


def classify_prompt(question: str) -> list[Message]:
    return render("classify", question=fenced(question))


def decompose_prompt(question: str, *, most: int) -> list[Message]:
    return render("decompose", question=fenced(question), most=str(most))


def condense_prompt(question: str, *, earlier: str, answer: str) -> list[Message]:
    return render("condense", question=fenced(question), earlier=fenced(earlier), answer=fenced(answer))


def rewrite_prompt(question: str, *, tried: Sequence[str], found: Sequence[str]) -> list[Message]:
    listed = fenced("\n".join(tried)), fenced("\n".join(found) or "(nothing)")
    return render("rewrite", question=fenced(question), tried=listed[0], found=listed[1])


def grade_prompt(question: str, evidence: Sequence[Evidence]) -> list[Message]:
    return render("grade", question=fenced(question), evidence=evidence_block(evidence))


def generate_prompt(question: str, evidence: Sequence[Evidence], *, rejected: Sequence[str] = ()) -> list[Message]:
    feedback = ""
    if rejected:
        listed = "\n".join(f"- {sentence}" for sentence in rejected)
        feedback = "These sentences of an earlier answer did not stand in the evidence; do not repeat them:\n"
        feedback += fenced(listed)
    return render("generate", question=fenced(question), evidence=evidence_block(evidence), feedback=feedback)


def direct_prompt(question: str, *, conversation: str) -> list[Message]:
    return render("direct", question=fenced(question), conversation=fenced(conversation or "(nothing)"))


def reflect_prompt(question: str, evidence: Sequence[Evidence], draft: str) -> list[Message]:
    return render("reflect", question=fenced(question), evidence=evidence_block(evidence), draft=fenced(draft))


def evidence_block(evidence: Sequence[Evidence]) -> str:
    """Each piece under its id and source, its text fenced as the data that it is."""
    return "\n".join(_piece(item) for item in evidence) or "(nothing)"


def _piece(item: Evidence) -> str:
    title = " ".join(f"{item.source} {item.title}".split())
    return f"[{item.id}] {title}\n{fenced(item.text)}"
