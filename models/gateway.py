"""Every call to the tiers on a person's own servers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..domain import MODEL, Message, Reply, Role, Structured, Tier, Usage
from ..settings import Api, TierConfig
from .clients.call_log import ModelCall, OnCall, constraint_of, log_call
from .clients.client import Ask, TierClient, TransportFactory, one_connection
from .clients.ollama import OllamaTier
from .clients.openai import OpenAITier
from .counting import TokenRatio, estimate_messages, estimate_tokens
from .replies.structured import Form, structured_reply
from .tiers import DEFAULT_ROLES, prompt_tokens, reply_tokens, thinks, tiers_for

CLIENTS: Mapping[Api, type[TierClient]] = {"ollama": OllamaTier, "openai": OpenAITier}


class ModelGateway:
    """`Models` over servers of one's own: one client a tier, made at its first call; `aclose` when done.

    `transport` makes the connection of a tier; a pool of nodes is such a transport. `on_call` receives each request
    when it is over, unless it was cancelled.
    """

    def __init__(
        self,
        tiers: Mapping[Tier, TierConfig],
        roles: Mapping[Role, Tier] = DEFAULT_ROLES,
        *,
        transport: TransportFactory = one_connection,
        on_call: OnCall = log_call,
    ) -> None:
        self._configs = dict(tiers)
        self._roles = dict(roles)
        self._clients = {tier: CLIENTS[config.api](tier, config, transport) for tier, config in tiers.items()}
        self._on_call = on_call
        self._ratios = {config.model: TokenRatio() for config in tiers.values()}

    def tiers(self, role: Role) -> tuple[Tier, ...]:
        return tiers_for(role, self._configs, self._roles)

    def prompt_limit(self, role: Role, tier: Tier | None = None) -> int:
        chosen = self._chosen(role, tier)
        return prompt_tokens(role, self._configs[chosen]) if chosen else 0

    def count_tokens(self, text: str) -> int:
        """The estimate, with the highest correction of the models in use: a prompt may go to any of them."""
        factor = max((ratio.factor for ratio in self._ratios.values()), default=1.0)
        return math.ceil(estimate_tokens(text) * factor)

    async def complete(
        self,
        role: Role,
        messages: Sequence[Message],
        *,
        tier: Tier | None = None,
        on_token: Callable[[str], None] | None = None,
    ) -> Reply:
        chosen = self._chosen(role, tier)
        if chosen is None:
            return _no_model(role, tier)
        config = self._configs[chosen]
        ask = Ask(messages, reply_tokens(role, config), thinks(role, config, "text"), on_token=on_token)
        return await self._ask(role, chosen, ask)

    async def structured(
        self, role: Role, messages: Sequence[Message], schema: type[MODEL], *, tier: Tier | None = None
    ) -> Structured[MODEL]:
        chosen = self._chosen(role, tier)
        if chosen is None:
            return Structured(None, _no_model(role, tier))
        config = self._configs[chosen]
        formats: dict[Form, Mapping[str, Any] | str | None] = {
            "schema": schema.model_json_schema(),
            "json": "json",
            "text": None,
        }

        async def ask(asked: Sequence[Message], form: Form) -> Reply:
            think = thinks(role, config, "structured")
            return await self._ask(role, chosen, Ask(asked, reply_tokens(role, config), think, formats[form]))

        return await structured_reply(ask, messages, schema)

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    def _chosen(self, role: Role, tier: Tier | None) -> Tier | None:
        """The tier that was asked for, else the role's default; None where it is not configured."""
        if tier is not None:
            return tier if tier in self._configs else None
        return next(iter(self.tiers(role)), None)

    async def _ask(self, role: Role, tier: Tier, ask: Ask) -> Reply:
        reply = await self._answered(tier, ask)
        self._on_call(ModelCall(role, tier, constraint_of(ask.format), reply))
        return reply

    async def _answered(self, tier: Tier, ask: Ask) -> Reply:
        config = self._configs[tier]
        ratio = self._ratios[config.model]
        estimated = estimate_messages(ask.messages)
        needed, room = math.ceil(estimated * ratio.factor), config.num_ctx - ask.num_predict
        if needed > room:
            detail = f"the prompt has about {needed} tokens, {room} fit beside the reply (num_ctx {config.num_ctx})"
            return Reply("", tier, Usage(model=config.model), "too_long", detail)
        reply = await self._clients[tier].ask(ask)
        if reply.fault in (None, "cut_off"):
            ratio.observe(estimated, reply.usage.prompt_tokens)
        elif reply.fault == "too_long":  # our count said that it fits
            ratio.observe(estimated, config.num_ctx)
        return reply


def _no_model(role: Role, tier: Tier | None) -> Reply:
    where = f"tier {tier}" if tier else f"role {role}"
    return Reply("", tier, fault="error", detail=f"no model is configured for {where}: see tiers in hydragraph.yaml")
