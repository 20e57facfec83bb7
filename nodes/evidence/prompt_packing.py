"""Evidence packed into what fits beside the reply: whole pieces in order, the first one cut at a line if it must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...domain import Evidence, Message, Models, Role, Tier
from ..prompts.requests import evidence_block

Render = Callable[[Sequence[Evidence]], list[Message]]


@dataclass(frozen=True, slots=True)
class Fitted:
    prompt: list[Message]
    evidence: list[Evidence]
    is_truncated: bool


def fit(models: Models, role: Role, tier: Tier, evidence: Sequence[Evidence], render: Render) -> Fitted:
    room = models.prompt_limit(role, tier) - sum(models.count_tokens(message.content) for message in render([]))
    taken: list[Evidence] = []
    for item in evidence:
        size = models.count_tokens(evidence_block([item])) + 1
        if size > room:
            break
        taken.append(item)
        room -= size
    if not taken and evidence:
        taken = _first_lines(models, evidence[0], room)
    is_truncated = len(taken) < len(evidence) or any(a.text != b.text for a, b in zip(taken, evidence, strict=False))
    return Fitted(render(taken), taken, is_truncated)


def _first_lines(models: Models, item: Evidence, room: int) -> list[Evidence]:
    """The most leading lines of the piece that fit, found by halving; nothing where not even one does."""
    lines = item.text.split("\n")
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high + 1) // 2
        cut = replace(item, text="\n".join(lines[:middle]))
        if models.count_tokens(evidence_block([cut])) + 1 <= room:
            low = middle
        else:
            high = middle - 1
    return [replace(item, text="\n".join(lines[:low]))] if low else []


def openings(evidence: Sequence[Evidence], *, characters: int) -> list[Evidence]:
    """The beginning of each piece: enough to judge what it is about."""
    return [replace(item, text=item.text[:characters]) for item in evidence]
