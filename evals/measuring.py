"""What benchmarks share: whole processes seen from outside, folders that may be kept, settings of nobody."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..domain import Embedder
from ..errors import UsageError
from ..graphs.hosting.from_settings import embedder_of
from ..settings import load_settings

# What starts the measured command has to be small: a process inherits the peak of the one that it was forked from.
LAUNCHER: Final = """
import json, os, sys, time
started = time.perf_counter()
nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=nowhere)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - started
print(json.dumps([os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


class CommandFailedError(Exception):
    """A measured command did not do its work."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took, its children's CPU included; `rss_mb` is the peak of the largest of them."""

    wall: float
    cpu: float
    rss_mb: float


def run_once(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Cost:
    """Run a command to its end. Raises CommandFailedError, with what it wrote, where its exit code is not 0."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.run(  # noqa: S603
            [sys.executable, "-S", "-I", "-c", LAUNCHER, *command],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            check=False,
        )
        lines = process.stdout.splitlines()
        code, wall, cpu, rss = json.loads(lines[-1]) if lines else (process.returncode, 0.0, 0.0, 0)
        if code != 0:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise CommandFailedError(f"{' '.join(command)}: expected exit code 0, found {code}: {said}")
    return Cost(wall, cpu, rss / 1024)


def hydragraph(*arguments: str) -> list[str]:
    """The command as a person starts it: the script beside this interpreter, or the module where there is none."""
    script = Path(sys.executable).with_name("hydragraph")
    return [str(script), *arguments] if script.is_file() else [sys.executable, "-m", "hydragraph", *arguments]


def own_environment(home: Path) -> dict[str, str]:
    """This process's environment without anybody's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HYDRAGRAPH_")}
    return kept | {"HYDRAGRAPH_HOME": str(home)}


def default_embedder(home: Path) -> Embedder:
    """The embedder of a new collection without settings; its name and dimension are all that is used of it."""
    loaded = load_settings(environ={"HYDRAGRAPH_HOME": str(home)}, cwd=home)
    embedder = embedder_of(loaded.settings)
    if embedder is None:
        raise UsageError("Expected a default embedder that makes vectors; the settings in force have none.")
    return embedder


def sizes_of(text: str) -> list[int]:
    """`10000,100000`; raises argparse's error for anything else."""
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        sizes = [0]
    if min(sizes) < 1:
        raise argparse.ArgumentTypeError(f"expected numbers of chunks such as 10000,100000, got {text!r}")
    return sizes


@contextmanager
def kept(folder: Path | None) -> Iterator[Path]:
    """A folder to keep, or one that goes when the block ends."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="hydragraph-") as name:
        yield Path(name).resolve()
