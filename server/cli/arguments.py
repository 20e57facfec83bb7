"""The settings in force for a command, its arguments included."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from ...errors import NoIndexError
from ...settings import Loaded, Settings, load_settings
from ...storage.private import owner_of_open_home
from .terminal import clean_line, err


def loaded_for(arguments: Namespace) -> Loaded[Settings]:
    given = {key: getattr(arguments, name) for name, key in arguments.settings.items()}
    return load_settings({"home": arguments.home, **given}, config=arguments.config)


def settings_for(arguments: Namespace) -> Settings:
    settings = loaded_for(arguments).settings
    _say_whose(settings.home)
    return settings


def settings_for_reading(arguments: Namespace) -> Settings:
    """The same for a command that reads a collection: where none was named and there is only one, that one is used."""
    from ...retrieval.stores.collection import Collection, list_collections

    loaded = loaded_for(arguments)
    settings = loaded.settings
    _say_whose(settings.home)
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


def _say_whose(home: Path) -> None:
    owner = owner_of_open_home(home)
    if owner is not None:
        err(f"{clean_line(str(home))} belongs to user {owner}, and others may read it: it is left as it is.")
