"""From Settings to services: the one place where a configuration becomes models, an index and a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ...domain import Embedder, Role, Tier
from .local_corpora import LocalCorpora
from .services import RagServices, RagSettings

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from ...models.clients.call_log import OnCall
    from ...settings import Settings, TierConfig


def open_services(settings: Settings, closing: AsyncExitStack, *, on_call: OnCall | None = None) -> RagServices:
    """The services of a process, which `closing` closes. Nothing is opened yet: the indexes, the embedder and the
    connections open when a run first needs them.

    `on_call` is told of each request to a model; without it they are logged.
    """
    from ...models.clients.call_log import log_call
    from ...models.gateway import ModelGateway
    from ...retrieval.stores.engines import Engines
    from ...tools.web_search import DuckDuckGoSearch

    corpora = LocalCorpora(
        settings.home, settings.collection, lambda: embedder_of(settings), engines=Engines.of(settings)
    )
    closing.push_async_callback(corpora.aclose)
    models = ModelGateway(tiers_of(settings), roles_of(settings), on_call=on_call or log_call)
    closing.push_async_callback(models.aclose)
    return RagServices(models, corpora, DuckDuckGoSearch() if settings.web.enabled else None)


def rag_settings(settings: Settings) -> RagSettings:
    return RagSettings(budget=settings.budget, search_limit=settings.search.limit)


def embedder_of(settings: Settings) -> Embedder | None:
    """What the settings name, its made files below home; raises EmbedderError, which says how to get it."""
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
