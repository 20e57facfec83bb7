"""Hand the question to the next tier up."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from ...domain import Models, Tier


class Slice(TypedDict):
    asking_tier: str
    down: list[Tier]


async def escalate(state: Slice, *, models: Models) -> dict[str, Any]:
    return {"asking_tier": next_tier(models, state["asking_tier"], state["down"]) or state["asking_tier"]}


def next_tier(models: Models, current: str, down: list[Tier]) -> Tier | None:
    """The next tier of the role above the current one that still answers."""
    tiers = models.tiers("generate")
    above = tiers[tiers.index(current) + 1 :] if current in tiers else ()
    return next((tier for tier in above if tier not in down), None)
