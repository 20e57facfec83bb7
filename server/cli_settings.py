"""The settings in force for a command, its arguments included."""

from __future__ import annotations

from argparse import Namespace

from ..settings import Loaded, Settings, load_settings

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
