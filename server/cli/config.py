"""`hydragraph config`."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from .arguments import loaded_for
from .options import NO_SETTINGS, add_json
from .terminal import clean_line, out

EXAMPLE = """\
  hydragraph config
  HYDRAGRAPH_BUDGET__TOKENS=20000 hydragraph config"""
SETTINGS = NO_SETTINGS


def add_arguments(parser: ArgumentParser) -> None:
    add_json(parser, "the settings")


def run(arguments: Namespace) -> int:
    rows = list(loaded_for(arguments).rows())
    if arguments.json:
        described = {key: {"value": _plain(value), "origin": origin} for key, value, origin in rows}
        out(json.dumps(described, indent=2))
        return 0
    shown = [(key, json.dumps(_plain(value), ensure_ascii=False), origin) for key, value, origin in rows]
    keys, values = (max(len(row[column]) for row in shown) for column in (0, 1))
    for key, value, origin in shown:
        out(clean_line(f"{key:{keys}}  {value:{min(values, 40)}}  {origin}"))
    return 0


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
