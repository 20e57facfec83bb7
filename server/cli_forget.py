"""`hydragraph forget`."""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import nullcontext, suppress
from pathlib import Path

from ..errors import NoIndexError, UsageError
from ..retrieval.collection import Collection, list_collections
from ..retrieval.forget import forget_collection, forget_path
from .cli_settings import settings_for
from .terminal import clean_line, err, out, plural


def run(arguments: Namespace) -> int:
    home = settings_for(arguments).home
    names = [info.name for info in list_collections(home)]
    target: str = arguments.target
    if not target.strip():
        raise UsageError("expected a path or a collection, got an empty text")
    if arguments.name is None and (target in names or _is_damaged_collection(home, target)):
        return _forget_collection(Collection(home, target), sure=arguments.yes)
    everywhere = arguments.name is None
    return _forget_path(
        home, names if everywhere else [arguments.name], Path(target).expanduser(), everywhere=everywhere
    )


def _is_damaged_collection(home: Path, name: str) -> bool:
    return "/" not in name and name not in ("", ".", "..") and (home / "collections" / name).is_dir()


def _forget_collection(collection: Collection, *, sure: bool) -> int:
    if not sure:
        if not sys.stdin.isatty():
            raise UsageError(
                f"Expected a yes before the whole collection {collection.name!r} goes, but nobody can be asked: "
                "standard input is not a terminal. Pass --yes."
            )
        err(f"Forget the whole collection {collection.name!r}? Your files stay. [y/N] ")
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            err("Nothing was forgotten.")
            return 1
    forget_collection(collection)
    out(f"Forgot the collection {collection.name!r}.")
    return 0


def _forget_path(home: Path, names: list[str], path: Path, *, everywhere: bool) -> int:
    forgotten = {}
    for name in names:
        with suppress(NoIndexError) if everywhere else nullcontext():
            forgotten[name] = forget_path(Collection(home, name), path)
    if not forgotten:
        raise NoIndexError(
            f"Expected a collection or an indexed path, got {str(path)!r}: nothing at or below it is indexed "
            f"(collections: {', '.join(names) or 'none'})."
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
