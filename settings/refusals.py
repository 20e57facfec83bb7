"""How a refusal names what was expected and what came, without quoting a secret."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import SettingsError
from .urls import hide_secrets

KINDS = {str: "text", bool: "true/false", int: "whole number", float: "number", dict: "section", list: "list"}


def kind_of(raw: object) -> str:
    return KINDS.get(type(raw), type(raw).__name__)


def came(raw: object) -> str:
    return f"{hide_secrets(repr(raw))} ({kind_of(raw)})"


def unknown(noun: str, name: str, known: Iterable[str], origin: str) -> SettingsError:
    """Names the key only: the value of a misspelt key may be a secret."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=3)
    expected = f"did you mean {' or '.join(near)}?" if near else "`hydragraph config` lists the known ones"
    return SettingsError(f"{name}: expected a known {noun}, got an unknown one ({origin}); {expected}")
