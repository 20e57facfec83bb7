"""One call to a model within what is left of the budget. Every way to fail is a value; nothing here raises."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel
from typing_extensions import TypedDict

from ..domain import Caveat, Fault, Message, Models, Reply, Role, Structured, Tier
from .channels import NOTHING_SPENT, Spending, is_exhausted, spending

log = logging.getLogger(__name__)
MODEL = TypeVar("MODEL", bound=BaseModel)
TAKES_DOWN: frozenset[Fault] = frozenset({"unreachable", "timeout"})


class Means(TypedDict):
    """What a node must know to ask: what is spent, what may be, and which tiers did not answer in this run."""

    spent: Spending
    budget: Spending
    down: list[Tier]


@dataclass(frozen=True, slots=True)
class Asked(Generic[MODEL]):
    """A structured reply, or None: then `caveats` says so unless no model is configured at all."""

    value: MODEL | None
    spent: Spending
    down: list[Tier]
    caveats: list[Caveat]


def open_tier(models: Models, role: Role, down: Sequence[Tier]) -> Tier | None:
    """The lowest configured tier for the role that has not failed to answer in this run."""
    return next((tier for tier in models.tiers(role) if tier not in down), None)


async def ask(models: Models, role: Role, prompt: Sequence[Message], schema: type[MODEL], means: Means) -> Asked[MODEL]:
    tier = open_tier(models, role, means["down"])
    if tier is None:
        return Asked(None, NOTHING_SPENT, [], ["degraded"] if means["down"] else [])
    if is_exhausted(means["spent"], means["budget"]):
        return Asked(None, NOTHING_SPENT, [], ["budget_exhausted"])
    started = time.monotonic()
    try:
        async with asyncio.timeout(means["budget"]["seconds"] - means["spent"]["seconds"]):
            structured = await models.structured(role, prompt, schema, tier=tier)
    except TimeoutError:
        structured = Structured(None, Reply("", tier, fault="timeout", detail="the run's time is used up"))
    reply = structured.reply
    _log(role, tier, reply)
    caveats: list[Caveat] = [] if structured.value is not None else ["degraded"]
    return Asked(structured.value, _spent(reply, started), _down(reply, tier), caveats)


async def draft(
    models: Models, role: Role, prompt: Sequence[Message], tier: Tier, means: Means, on_token: Callable[[str], None]
) -> tuple[Reply, Spending, list[Tier]]:
    """Free text, streamed; what had come before a failure is kept in the reply."""
    pieces: list[str] = []

    def keep(piece: str) -> None:
        pieces.append(piece)
        on_token(piece)

    started = time.monotonic()
    try:
        async with asyncio.timeout(means["budget"]["seconds"] - means["spent"]["seconds"]):
            reply = await models.complete(role, prompt, tier=tier, on_token=keep)
    except TimeoutError:
        reply = Reply("".join(pieces), tier, fault="timeout", detail="the run's time is used up")
    _log(role, tier, reply)
    return reply, _spent(reply, started), _down(reply, tier)


def _spent(reply: Reply, started: float) -> Spending:
    """A server that was not there read nothing, whatever was meant for it."""
    usage = reply.usage
    was_there = bool(reply.text) or reply.fault not in TAKES_DOWN
    tokens = usage.prompt_tokens + usage.completion_tokens if was_there else 0
    return spending(usd=usage.usd, tokens=tokens, seconds=time.monotonic() - started, steps=1)


def _down(reply: Reply, tier: Tier) -> list[Tier]:
    return [tier] if reply.fault in TAKES_DOWN else []


def _log(role: Role, tier: Tier, reply: Reply) -> None:
    if reply.fault:
        log.warning("model_fault role=%s tier=%s fault=%s detail=%s", role, tier, reply.fault, reply.detail)
