"""Which settings are in force and where each came from, with every secret hidden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from .leaves import keys_of
from .urls import HIDDEN, hide_secrets

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """The settings in force and, for each key, where its value came from."""

    settings: T
    origins: Mapping[str, str]

    def rows(self) -> Iterator[tuple[str, object, str]]:
        """(key, value with secrets hidden, origin) of every key, in the order of the file."""
        for key, leaf in keys_of(type(self.settings))[0].items():
            value: object = self.settings
            for part in key.split("."):
                value = getattr(value, part)
            yield key, shown(value, Annotated[leaf.type, leaf.meta]), self.origins[key]


def shown(value: object, hint: Any = None) -> object:
    """A value without the secrets in it; sections in lists and maps become plain maps."""
    if get_origin(hint) is Annotated:
        hint, *metas = get_args(hint)
        if any((meta.extra or {}).get("secret") for meta in metas if isinstance(meta, msgspec.Meta)):
            return HIDDEN if value else ""
    if isinstance(value, msgspec.Struct):
        hints = get_type_hints(type(value), include_extras=True)
        return {name: shown(getattr(value, name), hints[name]) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return tuple(shown(item, next(iter(get_args(hint)), None)) for item in value)
    if isinstance(value, dict):
        return {name: shown(item, get_args(hint)[-1]) for name, item in value.items()}
    return hide_secrets(value) if isinstance(value, str) else value
