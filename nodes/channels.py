"""The values that nodes put into channels: flat, JSON-able, ids and spans, never the text of a chunk."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from ..domain import Budget, Spent

Kind = Literal["direct", "simple", "multi"]
Grade = Literal["enough", "poor", "nothing"]
Outcome = Literal["drafted", "no_model", "failed"]
Verdict = Literal["good", "unsupported", "incomplete", "absent"]
DraftKind = Literal["none", "model", "direct", "quotes", "abstention"]


class Spending(TypedDict):
    usd: float
    tokens: int
    seconds: float
    steps: int


class Found(TypedDict):
    """A place that a search brought. `key` is the chunk's or content's id, `id` what prompts and answers call it.

    `start` is 0 for foreign evidence, whose `path` is its source. `cosine` is the dense leg's score where there is one.
    """

    key: str
    id: str
    path: str
    start: int
    end: int
    place: str
    title: str
    score: float
    rank: int
    cosine: float | None


class Quoted(TypedDict):
    """The words of a piece of evidence that carry a claim."""

    id: str
    quote: str


class Cited(TypedDict):
    id: str
    path: str
    start_line: int
    end_line: int
    hash: str
    quote: str
    place: str
    stale: bool


class Best(TypedDict):
    """The best draft so far, how much of it stands (0..1), and the tier that wrote it."""

    draft: str
    score: float
    tier: str


NOTHING_SPENT: Spending = {"usd": 0.0, "tokens": 0, "seconds": 0.0, "steps": 0}


def spending(*, usd: float = 0.0, tokens: int = 0, seconds: float = 0.0, steps: int = 0) -> Spending:
    return {"usd": usd, "tokens": tokens, "seconds": seconds, "steps": steps}


def as_spending(value: Budget | Spent) -> Spending:
    return spending(usd=value.usd, tokens=value.tokens, seconds=value.seconds, steps=value.steps)


def add_spending(left: Spending, right: Spending) -> Spending:
    return spending(
        usd=left["usd"] + right["usd"],
        tokens=left["tokens"] + right["tokens"],
        seconds=left["seconds"] + right["seconds"],
        steps=left["steps"] + right["steps"],
    )


def is_exhausted(spent: Spending, budget: Spending) -> bool:
    """No further call may start. A budget of 0 usd is not exhausted by local calls, which cost 0."""
    return (
        spent["tokens"] >= budget["tokens"]
        or spent["seconds"] >= budget["seconds"]
        or spent["steps"] >= budget["steps"]
        or spent["usd"] > budget["usd"]
    )
