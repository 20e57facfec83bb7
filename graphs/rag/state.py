"""The channels of the RAG machine: what goes in, what comes out, what stays inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

from langchain_core.messages import AnyMessage
from langgraph.channels import EphemeralValue
from langgraph.graph.message import add_messages
from langgraph.types import Overwrite
from typing_extensions import TypedDict

from ...domain import Budget, Caveat, Status, Tier
from ...errors import UsageError
from ...nodes.channels import (
    NOTHING_SPENT,
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
    as_spending,
)
from .reducers import latest, merge_found, union


class RagRequest(TypedDict, total=False):
    """What one run may ask for beside its question: its own budget, and the collections to look in."""

    budget: Spending
    collections: list[str]


class RagResult(TypedDict):
    """An answer as values."""

    answer: str
    status: Status
    caveats: list[Caveat]
    citations: list[Cited]
    spent: Spending
    tier: str
    tried: list[str]
    nearest: list[str]


class RagState(TypedDict):
    """A conversation, whose last human message is the question, and everything between it and the result: ids and
    spans, counts and decisions; the text of a chunk never."""

    messages: Annotated[list[AnyMessage], add_messages]
    collections: Annotated[list[str], latest]
    asked: str
    question: str
    kind: Kind
    queries: list[str]
    tried: Annotated[list[str], union]
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
    caveats: Annotated[list[Caveat], union]
    budget: Spending
    spent: Annotated[Spending, add_spending]
    down: Annotated[list[Tier], union]


@dataclass(frozen=True, slots=True)
class Channels:
    """The names under which a host sees the machine, beside `messages`, and the three schemas that have them."""

    result: str

    def __post_init__(self) -> None:
        taken = sorted(RagState.__annotations__)
        if not self.result.isidentifier() or {self.result, self.request} & set(taken):
            raise UsageError(
                f"result: expected an identifier that is no channel of the machine, got {self.result!r}; "
                f"taken are {', '.join(taken)}"
            )

    @property
    def request(self) -> str:
        return f"{self.result}_request"

    @property
    def input(self) -> type[Any]:
        """The request is gone after the first step: the next run of a thread does not inherit it."""
        return _schema("RagInput", {self.request: Annotated[RagRequest, EphemeralValue]})

    @property
    def output(self) -> type[Any]:
        return _schema("RagOutput", {self.result: RagResult})

    @property
    def state(self) -> type[Any]:
        return _schema("RagState", {**get_type_hints(RagState, include_extras=True), self.result: RagResult})


def _schema(name: str, channels: Mapping[str, Any]) -> type[Any]:
    make: Any = TypedDict
    schema: type[Any] = make(name, {"messages": Annotated[list[AnyMessage], add_messages], **channels})
    return schema


def fresh_turn(state: Mapping[str, Any], *, channel: str, budget: Budget) -> dict[str, Any]:
    """Every channel of the last turn, emptied: a thread keeps its messages and nothing else."""
    request: RagRequest = state.get(channel, {})
    return {
        **{name: Overwrite([]) for name in ("found", "tried", "caveats", "down")},
        **dict.fromkeys(("draft", "asking_tier"), ""),
        **{name: [] for name in ("queries", "quotes", "rejected")},
        **dict.fromkeys(("attempt", "rewrites", "graded"), 0),
        "spent": Overwrite(NOTHING_SPENT),
        "budget": {**as_spending(budget), **request.get("budget", {})},
        "collections": list(request.get("collections", ())),
        "kind": "simple",
        "draft_kind": "none",
        "grade": "poor",
        "measured": 0.0,
        "is_better": True,
        "outcome": "failed",
        "verdict": "unsupported",
        "has_searched_web": False,
        "best": {"draft": "", "score": 0.0, "tier": ""},
    }
