"""`hydragraph suggest`."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from ...retrieval.search.suggestions import starting_questions
from ...retrieval.stores.collection import Collection
from ...retrieval.stores.texts import Store
from .arguments import settings_for_reading
from .options import NAME, add_json, add_name
from .terminal import clean_line, err, out

EXAMPLE = "  hydragraph suggest --name this"
SETTINGS = NAME


def add_arguments(parser: ArgumentParser) -> None:
    add_name(parser)
    add_json(parser, "a list")


def run(arguments: Namespace) -> int:
    settings = settings_for_reading(arguments)
    collection = Collection(settings.home, settings.collection)
    collection.require()
    with Store(collection.database) as store:
        questions = starting_questions(store)
    if arguments.json:
        out(json.dumps(questions, indent=2))
    elif not questions:
        err(f"Nothing in collection {collection.name!r} says what to ask.")
    for question in [] if arguments.json else questions:
        out(clean_line(question))
    return 0
