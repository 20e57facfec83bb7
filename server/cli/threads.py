"""`hydragraph threads`."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from ...graphs.threads.kept import list_threads
from ...graphs.threads.store import Thread
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
        out(json.dumps([_as_json(thread, questions) for thread, questions in found], indent=2))
    elif not found:
        err('There is no thread yet. Begin one: hydragraph ask "..." --thread NAME')
    for thread, questions in () if arguments.json else found:
        asked, last = plural(questions, "question"), clean_line(thread.last[:16].replace("T", " "))
        out(f"{clean_line(thread.name)}  collection {thread.over}, {asked}, last {last} UTC")
    return 0


def _as_json(thread: Thread, questions: int) -> dict[str, object]:
    dates = {"created": thread.created, "last": thread.last}
    return {"collection": thread.over, "name": thread.name, "questions": questions, **dates}
