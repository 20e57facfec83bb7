"""What a tier is, which role starts on which tier, and the order in which a run climbs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

from ..domain import TIERS, Role, Tier

Api = Literal["ollama", "openai"]


@dataclass(frozen=True, slots=True)
class TierConfig:
    """One model on one server. `num_ctx` is fixed: another value would make Ollama load the model again.

    `api` is how the server is spoken to: Ollama's way, or OpenAI's, which llama-server, vLLM and LM Studio understand
    and which alone has keys. There `num_ctx` must not be more than the context that the server was started with.

    Seconds: `connect` to reach the server, `first_token` for the prompt (and a cold model's load), `inter_token`
    between two pieces of a stream, `total` for the whole call. `think` is asked of the roles that may think; None
    leaves it to the model.
    """

    model: str
    base_url: str = "http://127.0.0.1:11434"
    api: Api = "ollama"
    api_key: str = field(default="", repr=False)
    num_ctx: int = 8192
    num_predict: int = 1024
    temperature: float = 0.0
    connect_timeout: float = 5.0
    first_token_timeout: float = 120.0
    inter_token_timeout: float = 30.0
    total_timeout: float = 300.0
    keep_alive: str = "10m"
    think: bool | None = None

    def __post_init__(self) -> None:
        if self.api not in get_args(Api):
            raise ValueError(f"api: expected one of {', '.join(get_args(Api))}, got {self.api!r}")
        if re.fullmatch("[!-~]*", self.api_key) is None:  # an error of the header would quote it
            raise ValueError("api_key: expected ASCII characters without blanks, got others")
        if self.num_predict >= self.num_ctx:
            raise ValueError(
                f"num_predict ({self.num_predict}) must be smaller than num_ctx ({self.num_ctx}): "
                "prompt and reply share the context"
            )


DEFAULT_TIERS: Mapping[Tier, TierConfig] = MappingProxyType(
    {
        "local_fast": TierConfig(model="qwen3:1.7b"),
        "local_quality": TierConfig(model="qwen3:14b", num_predict=2048, total_timeout=600.0),
    }
)
DEFAULT_ROLES: Mapping[Role, Tier] = MappingProxyType(
    {
        "classify": "local_fast",
        "grade": "local_fast",
        "rewrite": "local_fast",
        "decompose": "local_quality",
        "generate": "local_quality",
        "reflect": "local_quality",
        "code": "local_quality",
    }
)
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
