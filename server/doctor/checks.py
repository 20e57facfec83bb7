"""The checks of `hydragraph doctor`: each part, and how to repair what is wrong. They change nothing."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from ...errors import CollectionError, HydragraphError, IndexBusyError, NoIndexError
from ...retrieval.stores.collection import Collection, collection_names
from ...retrieval.stores.engines import EMBEDDED, Engines, hosts
from ...settings import Settings
from ...storage.private import opened_to_others, owner_of_open_home
from ...text.plural import plural
from .check import Check
from .checks_models import check_models
from .checks_stores import check_stores

VERIFIED_PYTHON = (3, 11)
ENOUGH_DISK = 1_000_000_000
LOCK_SECONDS = 1.0


def all_checks(settings: Settings) -> Iterator[Check]:
    yield check_python()
    yield _looked_at("home", lambda: check_home(settings.home))
    yield _looked_at("disk", lambda: check_disk(settings.home))
    yield _looked_at(f"embedder {settings.embedder}", lambda: check_embedder(settings))
    yield from check_models(settings)
    yield from check_stores(settings)
    yield from check_collections(settings.home, Engines.of(settings))
    if settings.web.enabled:
        yield check_web()


def _looked_at(part: str, look: Callable[[], Check]) -> Check:
    """A part that cannot be checked is broken, and the other parts are still checked."""
    try:
        return look()
    except (IndexBusyError, NoIndexError) as error:
        return Check(part, "ok", str(error))
    except CollectionError as error:
        return Check(part, "broken", error.found, error.mend)
    except OSError as error:
        return Check(part, "broken", f"cannot be looked at: {error}", "make it a file or folder that you may read")


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Check:
    found = ".".join(map(str, version))
    if version[:2] == VERIFIED_PYTHON:
        return Check("python", "ok", found)
    return Check(
        "python", "warning", f"{found}, with which Hydragraph was not tried", "use Python 3.11 if anything is odd"
    )


def check_home(home: Path) -> Check:
    """The nearest path that exists must be a folder that this user may write."""
    there = _nearest(home)
    if not there.is_dir():
        return Check("home", "broken", f"{home}: {there} is a file", "set HYDRAGRAPH_HOME to a folder")
    if not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        return Check("home", "broken", f"{home} cannot be written", "set HYDRAGRAPH_HOME to a folder of yours")
    return _check_privacy(home)


def _check_privacy(home: Path) -> Check:
    """Whether other users of this machine may read the home. What belongs to this user is closed when it is opened."""
    owner = owner_of_open_home(home)
    if owner is not None:
        found = f"{home} belongs to user {owner} and may be read by others: it is left as it is"
        return Check("home", "warning", found, f"let its owner run: {_closing(home)}")
    reached = opened_to_others(home)
    if reached:
        found = f"{home}: others may read {plural(len(reached), 'path')} of it, {reached[0]} first"
        return Check("home", "warning", found, f"`hydragraph collections` closes it, or: {_closing(reached[0])}")
    return Check("home", "ok", f"{home}, {'for its owner only' if home.is_dir() else 'not made yet'}")


def _closing(path: Path) -> str:
    return f"chmod -R go= {shlex.quote(str(path))}"


def check_disk(home: Path) -> Check:
    free = shutil.disk_usage(_nearest(home)).free
    found = f"{free / 1e9:.1f} GB free"
    if free < ENOUGH_DISK:
        return Check("disk", "warning", found, "make room: an index stops before the disk is full")
    return Check("disk", "ok", found)


def _nearest(home: Path) -> Path:
    return next(folder for folder in (home, *home.parents) if os.path.lexists(folder))


def check_embedder(settings: Settings) -> Check:
    part = f"embedder {settings.embedder}"
    if settings.embedder == "none":
        return Check(part, "ok", "off: search has its BM25 and graph legs")
    if settings.embedder != "minilm":
        return _opened(part, settings)
    from ...models.embedders.minilm import weights_status

    status = weights_status(settings.model_cache)
    if not status.present:
        mend = " or ".join(status.commands)
        return Check(part, "warning", "weights are not installed: no dense leg", mend)
    if not status.intact:
        return Check(part, "broken", f"weights differ from {status.expected[:12]}…", status.commands[0])
    made = "ready" if status.cached else "the model file is made at the first use"
    return Check(part, "ok", f"weights intact, {made}")


def _opened(part: str, settings: Settings) -> Check:
    from ...models.embedders.open import open_embedder

    kind = settings.embedder.partition(":")[0]
    if kind == "sentence-transformers" and find_spec("sentence_transformers") is None:
        return Check(part, "broken", "the extra is not installed", "uv pip install 'hydragraph[sentence-transformers]'")
    try:
        open_embedder(settings.embedder, settings.model_cache)
    except HydragraphError as error:
        return Check(part, "broken", str(error), "set `embedder` to minilm")
    return Check(part, "ok", "loads")


def check_collections(home: Path, engines: Engines = EMBEDDED) -> Iterator[Check]:
    try:
        names = collection_names(home)
    except CollectionError as error:
        yield Check("collections", "broken", error.found, error.mend)
        return
    if not names:
        yield Check("collections", "ok", "none yet: hydragraph index PATH makes one")
    for name in names:
        part = f"collection {name}"
        yield _looked_at(part, partial(_check_collection, part, Collection(home, name, engines)))


def _check_collection(part: str, collection: Collection) -> Check:
    from ...retrieval.search.searcher import count_changed

    kept = "".join(f", {what} on {host}" for what, host in hosts(collection.engines, collection.database).items())
    name, engines = collection.name, collection.engines
    with Collection.open(collection.home, name, wait=LOCK_SECONDS, engines=engines) as opened:
        counts, points = opened.store.counts(), opened.shard.count()
        changed, roots = count_changed(opened.store), opened.store.roots()
    found = f"{plural(counts.files, 'file')}, {plural(counts.chunks, 'chunk')}{kept}"
    again = f"hydragraph index {' '.join(roots)} --name {name}"
    if points != counts.chunks or counts.sparse < counts.chunks:
        return Check(part, "warning", f"{found}, of which {min(points, counts.sparse):,} can be searched", again)
    if counts.dense_ready < 1:
        return Check(part, "warning", f"{found}, dense {counts.dense_ready:.0%} ready", again)
    if changed:
        return Check(part, "warning", f"{found}, {plural(changed, 'file')} changed since the index", again)
    return Check(part, "ok", found)


def check_web() -> Check:
    missing = [name for name in ("langchain_community", "ddgs") if find_spec(name) is None]
    if missing:
        return Check(
            "web search", "broken", f"web.enabled, but {', '.join(missing)} is not installed", "install hydragraph[web]"
        )
    return Check("web search", "ok", "allowed: questions may leave this machine")
