"""Looking a name up among references, alike for every engine of the graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ...domain import Reference, ReferenceKind
from .edges import keys


def fullest_key(name: str) -> str:
    """The key that says most of a name: `pkg.Session.send` is looked up as `session send`; empty where it has none."""
    return next(reversed(list(keys("defines", name))), "")


def those_of(key: str, kinds: Collection[ReferenceKind], references: Iterable[Reference]) -> list[Reference]:
    """The references of these kinds that meet others under this key, by chunk id, kind and name."""
    return sorted({one for one in references if one.kind in kinds and key in keys(one.kind, one.name)})


def as_written(name: str, found: list[Reference]) -> list[Reference]:
    """Those that have just this name, else those that end in it, else all."""
    exact = [one for one in found if one.name == name]
    ending = [one for one in found if one.name.endswith(f".{name}")]
    return exact or ending or found
