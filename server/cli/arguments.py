"""The settings in force for a command, its arguments included."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from ...errors import NoIndexError
from ...settings import Loaded, Settings, load_settings
from .terminal import err

ARGUMENTS = {
    "home": "home",
    "name": "collection",
    "limit": "search.limit",
    "include_secrets": "index.include_secrets",
    "host": "server.host",
    "port": "server.port",
    "budget_usd": "budget.usd",
    "budget_tokens": "budget.tokens",
    "budget_seconds": "budget.seconds",
    "budget_steps": "budget.steps",
}


def loaded_for(arguments: Namespace) -> Loaded:
    given = {key: getattr(arguments, name, None) for name, key in ARGUMENTS.items()}
    return load_settings(given, config=arguments.config)


def settings_for(arguments: Namespace) -> Settings:
    return loaded_for(arguments).settings


def settings_for_reading(arguments: Namespace) -> Settings:
    """The same for a command that reads a collection: where nobody named one, the only one that there is will do."""
    from ...retrieval.stores.collection import Collection, list_collections

    loaded = loaded_for(arguments)
    settings = loaded.settings
    is_named = settings.collection != Settings().collection or loaded.origins["collection"] == "argument"
    if is_named or Collection(settings.home, settings.collection).exists():
        return settings
    names = [info.name for info in list_collections(settings.home)]
    if len(names) > 1:
        raise NoIndexError(f"Expected --name with one of the collections: {', '.join(names)}.")
    if not names:
        return settings  # whoever opens it says how to make one
    err(f"Using the collection {names[0]!r}, the only one.")
    return replace(settings, collection=names[0])
