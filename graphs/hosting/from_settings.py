"""From Settings to services: the one place where a configuration becomes models, an index and a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ...domain import Embedder, Role, Tier
from .evidence_stores import CorpusEvidence
from .services import RagServices, RagSettings

if TYPE_CHECKING:
    from ...models.clients.call_log import OnCall
    from ...settings import Settings, TierConfig


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
    default = settings.ollama.base_url
    return {
        name: replace(tier, base_url=tier.base_url or default)
        for name, tier in settings.tiers.named().items()
        if tier.model
    }


def roles_of(settings: Settings) -> Mapping[Role, Tier]:
    return settings.roles.tiers()
