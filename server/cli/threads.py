"""`hydragraph threads`."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from ...graphs.threads.kept import list_threads
from .arguments import settings_for
from .options import NO_SETTINGS, add_json
from .terminal import clean_line, err, out, plural

EXAMPLE = "  hydragraph threads\n\n`hydragraph forget --thread NAME` wipes one."
SETTINGS = NO_SETTINGS


def add_arguments(parser: ArgumentParser) -> None:
    add_json(parser, "a list")


def run(arguments: Namespace) -> int:
    found = list_threads(settings_for(arguments).home)
    if arguments.json:
        out(json.dumps([asdict(thread) for thread in found], indent=2))
    elif not found:
        err('There is no thread yet. Begin one: hydragraph ask "..." --thread NAME')
    for thread in () if arguments.json else found:
        asked, last = plural(thread.questions, "question"), clean_line(thread.last[:16].replace("T", " "))
        out(f"{clean_line(thread.name)}  collection {thread.collection}, {asked}, last {last} UTC")
    return 0
