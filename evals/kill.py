"""kill -9 during `index` and `forget` at random points: `python -m hydragraph.evals.kill [--points 20] [--files 300]`.

A tree is generated from a seed and indexed undisturbed. Then, for each point, a child process does the same, is killed
after a random time, and is run again: what it leaves must be the undisturbed index, dense vectors to 1e-5. Kinds of
points: `fresh` (an empty home, killed by turns while files are read and at any time), `update` (an index of the tree as
it was before files were changed, moved, added and deleted); on top `forget` (one of two roots) and `swap` (an index
made with another embedder).

--qdrant puts the vectors into qdrant-client's local mode, --neo4j the graph on the server that HYDRAGRAPH_NEO4J__URL
names. A copied home would share what it has on a server, so there an update starts from an index made anew.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from ..errors import EmbedderError, HydragraphError
from ..retrieval.indexing.forget import forget_collection
from ..retrieval.stores.collection import Collection
from .index_state import dense_distance, differences, read_state
from .kill_child import Job, open_named_embedder
from .trees import change_tree, make_tree

Kind = Literal["fresh", "update", "forget", "swap"]
OTHER_EMBEDDER = "hashing:other"


@dataclass(frozen=True, slots=True)
class Point:
    """One kill. `stage` is the last stage that the child had reported; `wrong` what differs after the re-run."""

    kind: Kind
    after_seconds: float
    stage: str
    wrong: tuple[str, ...]
    dense_distance: float


@dataclass(frozen=True, slots=True)
class Outcome:
    files: int
    chunks: int
    embedder: str
    points: tuple[Point, ...]
    seconds: float

    @property
    def failed(self) -> int:
        return sum(bool(point.wrong) for point in self.points)


def choose_embedder(name: str) -> str:
    """`auto` is the default model where its weights are installed, else hashing. Refuses what cannot be opened."""
    if name != "auto":
        open_named_embedder(name)
        return name
    try:
        open_named_embedder("minilm")
    except EmbedderError:
        return "hashing"
    return "minilm"


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds from a child's first line to its first dense vectors, and to its end."""

    until_dense: float
    whole: float


def run_through(job: Job) -> Duration:
    """Run a child to its end."""
    with _started(job) as child:
        assert child.stdout is not None
        child.stdout.readline()
        start = time.monotonic()
        dense = None
        for line in child.stdout:
            if line.startswith("dense") and dense is None:
                dense = time.monotonic() - start
        if child.wait() != 0:
            raise SystemExit(f"kill: the child ended with exit code {child.returncode}: {' '.join(job.command())}")
        whole = time.monotonic() - start
        return Duration(whole if dense is None else dense, whole)


def run_and_kill(job: Job, after: float) -> str:
    """Kill a child some seconds after its first line; the last stage it reported, empty where it had ended before."""
    with _started(job) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(after)
        ended = child.poll() is not None
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.read().splitlines()
        child.wait()
    return "" if ended else lines[-1].split()[0]


@contextlib.contextmanager
def _started(job: Job) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(job.command(), stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - our own module
        try:
            yield child
        finally:
            child.kill()


Tree = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Engined:
    """Which engines take the place of the embedded ones."""

    qdrant: bool = False
    neo4j: bool = False


EMBEDDED = Engined()


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """Where a kind of point starts, what is run, and how long it takes undisturbed.

    It starts from nothing, from a copied home, or from an index of this tree that is made anew.
    """

    start: Path | Tree | None
    job: Job
    duration: Duration


class Experiment:
    """One tree and its undisturbed indexes, in a folder that is thrown away."""

    def __init__(self, folder: Path, files: int, embedder: str, seed: int, engines: Engined) -> None:
        self._folder = folder
        self._random = random.Random(seed)  # noqa: S311 - to be repeated
        self._home = folder / "home"
        self._tree, self._other = folder / "tree", folder / "other"
        qdrant = self._home / "qdrant" if engines.qdrant else None
        self._job = Job(self._home, (self._tree,), embedder, qdrant=qdrant, on_neo4j=engines.neo4j)
        make_tree(self._other, max(10, files // 10), seed + 1)
        make_tree(self._tree, files, seed)
        self._before: Path | Tree = "before" if engines.neo4j else self._keep("before", self._job)
        shutil.copytree(self._tree, folder / "before-tree")
        change_tree(self._tree, seed)
        shutil.copytree(self._tree, folder / "after-tree")
        self._fresh = Undisturbed(None, self._job, self._time(self._job, None))
        self.state = read_state(self._job.collection)

    def undisturbed(self, kind: Kind) -> Undisturbed:
        if kind == "fresh":
            return self._fresh
        if kind == "update":
            return self._update
        return self._forget if kind == "forget" else self._swap

    @cached_property
    def _update(self) -> Undisturbed:
        return Undisturbed(self._before, self._job, self._time(self._job, self._before))

    @cached_property
    def _forget(self) -> Undisturbed:
        both = self._keep("both", replace(self._job, roots=(self._tree, self._other)))
        forget = replace(self._job, roots=(), forget=self._other)
        return Undisturbed(both, forget, self._time(forget, both))

    @cached_property
    def _swap(self) -> Undisturbed:
        other = self._keep("swap", replace(self._job, embedder=OTHER_EMBEDDER))
        return Undisturbed(other, self._job, self._time(self._job, other))

    def kill_once(self, kind: Kind, early: bool) -> Point:
        """Kill and run again; `early` before the first dense vectors."""
        undisturbed = self.undisturbed(kind)
        longest = undisturbed.duration.until_dense if early else undisturbed.duration.whole
        while True:
            self._reset(undisturbed.start)
            after = self._random.uniform(0, longest)
            stage = run_and_kill(undisturbed.job, after)
            if stage:
                break
            longest *= 0.8  # it was faster this time: ended before the kill
        self._again(undisturbed.job)
        found = read_state(self._job.collection)
        wrong = tuple(differences(self.state, found))
        return Point(kind, after, stage, wrong, dense_distance(self.state, found))

    def _again(self, job: Job) -> None:
        if job.forget is not None and not _knows(job.collection, job.forget):
            return  # the kill came after the last step
        run_through(job)

    def _time(self, job: Job, start: Path | Tree | None) -> Duration:
        self._reset(start)
        return run_through(job)

    def _keep(self, name: str, job: Job) -> Path:
        self._time(job, None)
        return self._home.rename(self._folder / name)

    def _reset(self, start: Path | Tree | None) -> None:
        if self._job.on_neo4j and self._job.collection.folder.exists():
            forget_collection(self._job.collection)
        shutil.rmtree(self._home, ignore_errors=True)
        if isinstance(start, Path):
            copy_sparse(start, self._home)
        elif start is not None:
            self._put_tree(start)
            run_through(self._job)
            self._put_tree("after")

    def _put_tree(self, tree: Tree) -> None:
        """The same files at the same path, with the times that they had."""
        shutil.rmtree(self._tree)
        shutil.copytree(self._folder / f"{tree}-tree", self._tree)


def _knows(collection: Collection, root: Path) -> bool:
    from ..retrieval.stores.texts import Store

    with Store(collection.database) as store:
        return bool(store.meta("scrub")) or root.as_posix() in store.roots()


def copy_sparse(source: Path, target: Path) -> None:
    """Copy a folder; the vector store's files are mostly holes, which `cp` keeps."""
    copy = shutil.which("cp")
    assert copy is not None
    subprocess.run([copy, "-a", str(source), str(target)], check=True)  # noqa: S603


def plan(points: int, *, can_copy: bool = True) -> list[Kind]:
    """Three fresh runs for two updates; a forget and a swap for every four of them on top, if homes can be copied."""
    kinds: list[Kind] = ["fresh" if number % 5 in (0, 2, 4) else "update" for number in range(points)]
    on_top: list[Kind] = ["forget", "swap"]
    return kinds + on_top * (points // 4) if can_copy else kinds


def run(
    points: int, files: int, embedder: str, seed: int, folder: Path | None = None, engines: Engined = EMBEDDED
) -> Outcome:
    """Work in a temporary folder below `folder`, or where the system has them."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hydragraph-kill-", dir=folder) as name:
        experiment = Experiment(Path(name).resolve(), files, embedder, seed, engines)
        results = []
        for number, kind in enumerate(plan(points, can_copy=not engines.neo4j), 1):
            results.append(experiment.kill_once(kind, early=number % 2 == 0))
            print(f"{number}: {describe(results[-1])}", file=sys.stderr)
        tables = experiment.state.tables
        return Outcome(len(tables["files"]), len(tables["chunks"]), embedder, tuple(results), time.monotonic() - start)


def describe(point: Point) -> str:
    verdict = "; ".join(point.wrong) or f"the same (dense to {point.dense_distance:.1e})"
    return f"{point.kind} killed after {point.after_seconds:.2f} s in {point.stage}: {verdict}"


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(
        prog="python -m hydragraph.evals.kill", description=(__doc__ or "").split("\n")[0]
    )
    arguments.add_argument(
        "--points", type=int, default=20, help="kills during index (default 20), half as many more on top"
    )
    arguments.add_argument("--files", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--embedder", default="auto", help="auto, minilm, hashing, ... (default auto)")
    arguments.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    arguments.add_argument("--qdrant", action="store_true", help="vectors in the local mode of qdrant-client")
    arguments.add_argument("--neo4j", action="store_true", help="the graph on the server of HYDRAGRAPH_NEO4J__URL")
    arguments.add_argument("--json", action="store_true")
    return arguments


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    asked = parser()
    options = asked.parse_args(arguments)
    if min(options.points, options.files) < 1:
        asked.error("--points and --files: expected 1 or more")
    if options.folder is not None and not options.folder.is_dir():
        asked.error(f"--folder: expected a folder, got {options.folder}")
    try:
        options.embedder = choose_embedder(options.embedder)
    except EmbedderError as error:
        asked.error(f"--embedder: {error}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    engines = Engined(options.qdrant, options.neo4j)
    try:
        outcome = run(options.points, options.files, options.embedder, options.seed, options.folder, engines)
    except HydragraphError as error:
        print(f"kill: {error}", file=sys.stderr)
        return error.exit_code
    if options.json:
        print(json.dumps({**asdict(outcome), "failed": outcome.failed}))
    else:
        print(
            f"{len(outcome.points)} kills, {outcome.failed} failed: {outcome.files} files, {outcome.chunks} chunks,"
            f" embedder {outcome.embedder}, {outcome.seconds:.0f} s"
        )
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
