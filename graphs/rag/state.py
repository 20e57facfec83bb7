"""The channels of the RAG machine: what goes in, what comes out, what stays inside."""

from __future__ import annotations

from typing import Annotated

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from typing_extensions import TypedDict

from ...domain import Caveat, Status, Tier
from ...nodes.channels import (
    Best,
    Cited,
    DraftKind,
    Found,
    Grade,
    Kind,
    Outcome,
    Quoted,
    Spending,
    Verdict,
    add_spending,
)
from .reducers import merge_found, union


class RagInput(TypedDict):
    """A conversation; its last human message is the question."""

    messages: Annotated[list[AnyMessage], add_messages]


class RagOutput(TypedDict):
    """The answer as a message for those who speak messages, and as values for those who want to know."""

    messages: Annotated[list[AnyMessage], add_messages]
    answer: str
    status: Status
    caveats: Annotated[list[Caveat], union]
    citations: list[Cited]
    spent: Annotated[Spending, add_spending]
    tier: str
    tried: Annotated[list[str], union]
    nearest: list[str]


class RagState(RagOutput):
    """Everything between: ids and spans, counts and decisions; the text of a chunk never."""

    asked: str
    question: str
    kind: Kind
    queries: list[str]
    found: Annotated[list[Found], merge_found]
    grade: Grade
    graded: int
    measured: float
    is_better: bool
    rewrites: int
    has_searched_web: bool
    attempt: int
    asking_tier: str
    outcome: Outcome
    draft: str
    draft_kind: DraftKind
    quotes: list[Quoted]
    best: Best
    rejected: list[str]
    verdict: Verdict
    budget: Spending
    down: Annotated[list[Tier], union]
