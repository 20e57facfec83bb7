"""The keys of a tree of sections and their types; a raw value is taken as what its key's type says, or refused.

msgspec checks the types: nothing is coerced, but a whole number is also a number. Beside texts, numbers and choices a
key may hold a list or a map of sections: of frozen `msgspec.Struct`s that forbid unknown fields. One layer gives it as
a whole, a variable as JSON.
"""

from __future__ import annotations

import math
import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from ..errors import SettingsError
from .refusals import came, kind_of
from .urls import hide_until_host

TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
FROM_ZERO = Meta(ge=0)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Raw:
    """A raw value, who brought it, and the folder that a relative path in it starts from."""

    value: object
    origin: str
    base: Path


@dataclass(frozen=True, slots=True)
class Leaf:
    """A key that holds a value: its type without None, and its limits."""

    type: Any
    meta: Meta

    def is_marked(self, mark: Literal["secret", "url", "path"]) -> bool:
        return bool((self.meta.extra or {}).get(mark))

    @property
    def holds_sections(self) -> bool:
        return get_origin(self.type) in (tuple, dict) and self.type != tuple[str, ...]


def keys_of(root: type[Any]) -> tuple[Mapping[str, Leaf], tuple[str, ...]]:
    """The keys of a tree that hold a value, and those that are sections, in the order of the fields."""
    return _keys_of(cast("Hashable", root))


@cache
def _keys_of(root: Any) -> tuple[Mapping[str, Leaf], tuple[str, ...]]:
    leaves: dict[str, Leaf] = {}
    sections: list[str] = []

    def visit(cls: type[Any], prefix: str) -> None:
        hints = get_type_hints(cls, include_extras=True)
        for item in fields(cls):
            key, hint = f"{prefix}{item.name}", hints[item.name]
            if is_dataclass(hint):
                sections.append(key)
                visit(cast("type[Any]", hint), f"{key}.")
            else:
                leaves[key] = _leaf(hint)

    visit(root, "")
    return leaves, tuple(sections)


def _leaf(hint: Any) -> Leaf:
    if get_origin(hint) in (Union, UnionType):
        kinds = [part for part in get_args(hint) if part is not NoneType]
        hint = kinds[0] if len(kinds) == 1 else Union[tuple(kinds)]  # noqa: UP007 - made of what is known at run time
    if get_origin(hint) is Annotated:
        kind, meta, *_ = get_args(hint)
        return Leaf(kind, meta)
    return Leaf(hint, FROM_ZERO if hint in (int, float) else Meta())


def parsed(leaf: Leaf, text: str) -> object:
    """The text of a variable as a raw value of the key's type, or the text itself where it is none."""
    try:
        if leaf.type is bool:
            return {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}.get(text.lower(), text)
        if leaf.type in (int, float):
            return leaf.type(text)
        if leaf.holds_sections:
            return msgspec.json.decode(text)
    except (ValueError, msgspec.DecodeError):
        return text
    if leaf.type == tuple[str, ...]:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def taken(key: str, leaf: Leaf, raw: Raw) -> object:
    """The value of a key, or SettingsError with what was expected and what came."""
    if leaf.type is Path or leaf.is_marked("path"):
        return _path(key, leaf, raw)
    try:
        value = msgspec.convert(raw.value, Annotated[leaf.type, leaf.meta])
    except msgspec.ValidationError as error:
        raise _refused(key, leaf, raw, str(error)) from None
    if isinstance(value, float) and not math.isfinite(value):
        raise _refused(key, leaf, raw, "")
    return value


def _path(key: str, leaf: Leaf, raw: Raw) -> object:
    if not isinstance(raw.value, str | Path) or (leaf.type is Path and not str(raw.value).strip()):
        raise _refused(key, leaf, raw, "")
    path = Path(os.path.normpath(raw.base / Path(raw.value).expanduser()))
    return path if leaf.type is Path else str(path) if str(raw.value) else ""


def built(node: T, values: Mapping[str, object], prefix: str = "") -> T:
    """The tree of sections with the given values; the others keep what they have."""
    changes: dict[str, object] = {}
    for item in fields(cast("Any", node)):
        key, old = f"{prefix}{item.name}", getattr(node, item.name)
        new = built(old, values, f"{key}.") if is_dataclass(old) else values.get(key, old)
        if new is not old:
            changes[item.name] = new
    try:
        return replace(cast("Any", node), **changes) if changes else node
    except ValueError as error:  # fields that do not fit together
        raise SettingsError(f"{prefix}{error}") from None


def _refused(key: str, leaf: Leaf, raw: Raw, reason: str) -> SettingsError:
    if leaf.holds_sections and isinstance(raw.value, list | dict):
        return _refused_inside(key, raw, reason)
    if leaf.is_marked("secret"):
        what = f"another {kind_of(raw.value)}"  # it may be the secret itself
    elif leaf.is_marked("url") and isinstance(raw.value, str):
        what = came(hide_until_host(raw.value))
    else:
        what = came(raw.value)
    return SettingsError(f"{key}: expected {_expected(leaf)}, got {what} ({raw.origin})")


def _refused_inside(key: str, raw: Raw, reason: str) -> SettingsError:
    """msgspec says where in a list or map of sections, and never quotes a value."""
    said, _, place = reason.partition(" - at `$")
    said = said.replace("`", "")
    return SettingsError(f"{key}{place.rstrip('`')}: {said[:1].lower()}{said[1:]} ({raw.origin})")


def _expected(leaf: Leaf) -> str:
    meta = leaf.meta
    if get_origin(leaf.type) is Literal:
        return "one of " + ", ".join(get_args(leaf.type))
    if leaf.type in (int, float):
        noun = "a whole number" if leaf.type is int else "a number"
        return f"{noun}, at least {meta.ge}{'' if meta.le is None else f' and at most {meta.le}'}"
    if meta.description:
        return meta.description
    if leaf.holds_sections:
        return "a map of sections" if get_origin(leaf.type) is dict else "a list of sections"
    return {bool: "true or false", Path: "a path", tuple[str, ...]: "a list of texts"}.get(leaf.type, "a text")
