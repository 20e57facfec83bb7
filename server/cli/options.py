"""Options that several commands have, and the types of what is typed. On the path of `--help`: nothing slow here."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

NAME: Mapping[str, str] = MappingProxyType({"name": "collection"})
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


def add_common(parser: argparse.ArgumentParser) -> None:
    """Options that stand before or after the command."""
    group = parser.add_argument_group("for every command")
    suppressed: Any = argparse.SUPPRESS  # where it is not given after the command, what stands before it holds
    group.add_argument(
        "--config", type=path, metavar="FILE", default=suppressed, help="settings file instead of ./hydragraph.yaml"
    )
    group.add_argument(
        "--home", type=path, metavar="FOLDER", default=suppressed, help="where collections and caches live"
    )
    more = "log to stderr what happens; -vv for more"
    group.add_argument("-v", "--verbose", action="count", default=suppressed, help=more)


def add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", metavar="COLLECTION", help="the collection (default: `collection` of the settings)")


def add_json(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"{what} for programs, on stdout")


def path(typed: str) -> Path:
    """An empty text is a variable that a script forgot to set; it must not stand for the current folder."""
    if not typed.strip():
        raise argparse.ArgumentTypeError("expected a path, got an empty text")
    return Path(typed)


def text(typed: str) -> str:
    """Bytes of a command line that are no UTF-8 arrive as lone surrogates, which no model's server and no database
    takes."""
    return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in typed)
