"""`hydragraph forget`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from ...errors import NoIndexError, UsageError
from ...graphs.threads.kept import forget_threads, threads_of, threads_with
from ...graphs.threads.store import Thread
from ...retrieval.indexing.forget import forget_collection, forget_path, names_of, require_reachable
from ...retrieval.stores.collection import Collection, list_collections
from ...retrieval.stores.engines import Engines
from .arguments import settings_for
from .options import NAME, text
from .terminal import clean_line, err, out, plural

EXAMPLE = """\
  hydragraph forget ~/src/flask/secret.py     the file, in every collection
  hydragraph forget ./docs --name this        what is below ./docs, in one collection
  hydragraph forget this                      the whole collection
  hydragraph forget --thread cookies          a conversation

A word without a slash that names a collection means the collection; write ./word for the path. Answers are kept in
threads only: those over a collection go with it, and those in which a forgotten path was found go with the path."""
SETTINGS = NAME


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="PATH|COLLECTION", nargs="?")
    parser.add_argument("--thread", metavar="NAME", type=text, help="a conversation instead")
    parser.add_argument("--name", metavar="COLLECTION", help="only in this collection (default: in every one)")
    parser.add_argument("--yes", action="store_true", help="do not ask before a whole collection goes")


def run(arguments: Namespace) -> int:
    settings = settings_for(arguments)
    home, engines = settings.home, Engines.of(settings)
    if (arguments.target is None) == (arguments.thread is None):
        raise UsageError("expected a path, a collection or --thread NAME, and one of them only")
    if arguments.thread is not None:
        return _forget_thread(home, arguments.thread, arguments.name)
    names = [info.name for info in list_collections(home)]
    target: str = arguments.target
    if not target.strip():
        raise UsageError("expected a path or a collection, got an empty text")
    if arguments.name is None and (target in names or _is_damaged_collection(home, target) or threads_of(home, target)):
        return _forget_collection(Collection(home, target, engines), sure=arguments.yes)
    everywhere = arguments.name is None
    searched = [Collection(home, name, engines) for name in (names if everywhere else [arguments.name])]
    return _forget_path(home, searched, Path(target).expanduser(), everywhere=everywhere)


def _is_damaged_collection(home: Path, name: str) -> bool:
    return "/" not in name and name not in ("", ".", "..") and (home / "collections" / name).is_dir()


def _forget_collection(collection: Collection, *, sure: bool) -> int:
    if not sure:
        if not sys.stdin.isatty():
            raise UsageError(
                f"Expected a yes before the whole collection {collection.name!r} goes, but nobody can be asked: "
                "standard input is not a terminal. Pass --yes."
            )
        err(f"Forget the whole collection {collection.name!r} and its threads? Your files stay. [y/N] ")
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            err("Nothing was forgotten.")
            return 1
    if (
        collection.folder.is_dir()
    ):  # first, for it needs no space; where the threads are in use, a second run wipes them
        forget_collection(collection)
        out(f"Forgot the collection {collection.name!r}.")
    threads = threads_of(collection.home, collection.name)
    forget_threads(collection.home, threads)
    _say_threads(threads, f"over {collection.name!r}")
    return 0


def _forget_thread(home: Path, name: str, collection: str | None) -> int:
    threads = [thread for thread in threads_of(home, collection) if thread.name == name]
    if not threads:
        raise NoIndexError(f"There is no thread {name!r}{f' over {collection!r}' if collection else ''}.")
    forget_threads(home, threads)
    for thread in threads:
        out(f"Forgot the thread {clean_line(name)!r} over collection {thread.over!r}.")
    return 0


def _say_threads(threads: Sequence[Thread], which: str) -> None:
    if threads:
        named = ", ".join(clean_line(thread.name) for thread in threads)
        out(f"Forgot {plural(len(threads), 'thread')} {which}: {named}.")


def _forget_path(home: Path, collections: list[Collection], path: Path, *, everywhere: bool) -> int:
    forgotten = {}
    for collection in collections:  # before anything is removed
        with suppress(NoIndexError):
            require_reachable(collection, path)
    threads = threads_with(home, None if everywhere else collections[0].name, names_of(path))
    forget_threads(home, threads)  # first: where they are in use, nothing has been forgotten yet
    _say_threads(threads, f"in which {clean_line(str(path))} was found")
    for collection in collections:
        with suppress(NoIndexError) if everywhere else nullcontext():
            forgotten[collection.name] = forget_path(collection, path)
    if not forgotten and not threads:
        raise NoIndexError(
            f"Expected a collection or an indexed path, got {str(path)!r}: nothing at or below it is indexed "
            f"(collections: {', '.join(collection.name for collection in collections) or 'none'})."
        )
    left = {info.name: info.roots for info in list_collections(home)}
    for name, count in forgotten.items():
        out(f"Forgot {plural(count, 'file')} at or below {clean_line(str(path))} in collection {name!r}.")
        _say_what_would_come_back(path, left.get(name, ()))
    return 0


def _say_what_would_come_back(path: Path, roots: tuple[str, ...]) -> None:
    above = [root for root in roots if path.absolute().is_relative_to(root)]
    if above and path.exists():
        err(f"The next `hydragraph index {clean_line(above[0])}` reads it again unless .gitignore leaves it out.")
