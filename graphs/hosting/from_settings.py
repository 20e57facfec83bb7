"""From Settings to services: the one place where a configuration becomes models, an index and a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from ...domain import TIERS, Embedder, Role, Tier
from .evidence_stores import CorpusEvidence
from .services import RagServices, RagSettings

if TYPE_CHECKING:
    from ...models.clients.call_log import OnCall
    from ...models.tiers import TierConfig
    from ...settings import Settings


def open_services(settings: Settings, *, on_call: OnCall | None = None) -> RagServices:
    """Nothing is opened yet: the index, the embedder and the connections open when a run first needs them.

    `on_call` hears of each request to a model; without it they are logged.
    """
    from ...models.clients.call_log import log_call
    from ...models.gateway import ModelGateway
    from ...retrieval.search.searcher import LocalSearcher
    from ...tools.web_search import DuckDuckGoSearch

    searcher = LocalSearcher(settings.home, settings.collection, lambda: embedder_of(settings))
    models = ModelGateway(tiers_of(settings), roles_of(settings), on_call=on_call or log_call)
    return RagServices(models, searcher, CorpusEvidence(searcher), DuckDuckGoSearch() if settings.web.enabled else None)


async def close_services(services: RagServices) -> None:
    """Let go of the index and of the connections that `open_services` may have made."""
    import asyncio

    from ...models.gateway import ModelGateway
    from ...retrieval.search.searcher import LocalSearcher

    if isinstance(services.searcher, LocalSearcher):
        await asyncio.to_thread(services.searcher.close)
    if isinstance(services.models, ModelGateway):
        await services.models.aclose()


def rag_settings(settings: Settings) -> RagSettings:
    return RagSettings(budget=settings.budget, search_limit=settings.search.limit)


def embedder_of(settings: Settings) -> Embedder | None:
    """What the settings name, its made files below home; raises EmbedderError with the mend."""
    from ...models.embedders.open import open_embedder

    return open_embedder(settings.embedder, settings.model_cache)


def tiers_of(settings: Settings) -> Mapping[Tier, TierConfig]:
    """The tiers that name a model; each on its own server or on ollama.base_url."""
    from ...models.tiers import TierConfig

    configured = {tier: getattr(settings.tiers, tier, None) for tier in TIERS}
    named = {tier: asdict(tier_settings) for tier, tier_settings in configured.items() if tier_settings}
    default = settings.ollama.base_url
    return {
        tier: TierConfig(**{**values, "base_url": values["base_url"] or default})
        for tier, values in named.items()
        if values["model"]
    }


def roles_of(settings: Settings) -> Mapping[Role, Tier]:
    roles: dict[Role, Tier] = asdict(settings.roles)  # type: ignore[assignment]
    return roles
