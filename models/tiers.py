"""What a tier is, which role starts on which tier, and the order in which a run climbs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

from ..domain import TIERS, Role, Tier
from ..settings import RolesSettings, TierConfig, TiersSettings
from ..settings.schema import OLLAMA_URL

DEFAULT_TIERS: Mapping[Tier, TierConfig] = MappingProxyType(
    {name: replace(tier, base_url=OLLAMA_URL) for name, tier in TiersSettings().named().items()}
)
DEFAULT_ROLES: Mapping[Role, Tier] = MappingProxyType(RolesSettings().tiers())
ESCALATION: tuple[Tier, ...] = TIERS
# Roles that decide or reformulate answer in a few words: no thoughts, and a low ceiling against endless repetition.
SHORT_ROLES: frozenset[Role] = frozenset({"classify", "grade", "rewrite", "decompose"})
SHORT_REPLY = 512
# Left free in the context for the chat template and for what an estimate may undercount.
RESERVE = 128

Purpose = Literal["text", "structured"]


def tiers_for(role: Role, configured: Mapping[Tier, TierConfig], roles: Mapping[Role, Tier]) -> tuple[Tier, ...]:
    """The configured tiers from the role's default upwards; where there are only lower ones, the highest of them."""
    if role not in roles:
        return ()
    start = ESCALATION.index(roles[role])
    upwards = tuple(tier for tier in ESCALATION[start:] if tier in configured)
    lower = [tier for tier in ESCALATION[:start] if tier in configured]
    return upwards or tuple(lower[-1:])


def reply_tokens(role: Role, config: TierConfig) -> int:
    """How many tokens a reply of this role may have."""
    return min(config.num_predict, SHORT_REPLY) if role in SHORT_ROLES else config.num_predict


def prompt_tokens(role: Role, config: TierConfig) -> int:
    """How many tokens of prompt fit beside the reply; at least one."""
    return max(1, config.num_ctx - reply_tokens(role, config) - RESERVE)


def thinks(role: Role, config: TierConfig, purpose: Purpose) -> bool | None:
    """Whether to ask for thoughts: not for a decision or a schema, else what the tier says (None: the model's way)."""
    if purpose == "structured" or role in SHORT_ROLES:
        return False
    return config.think
