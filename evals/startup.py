"""How long a command takes to start, measured as whole processes.

    python -m hydragraph.evals.startup [--runs N] [--json]

Each command runs N times from a cold process (the files it reads are in the system's cache). `search` looks through a
small index of its own, made before in a temporary HYDRAGRAPH_HOME, with the settings of nobody.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

QUESTION = "how is a transaction rolled back after an error"
FILES = 12
SOURCE = '''"""Part {number} of a small store."""


class Store{number}:
    """Keeps rows, and rolls a transaction back after an error."""

    def __init__(self, rows: list[str]) -> None:
        self.rows = rows

    def commit_{number}(self, row: str) -> int:
        """Append a row and give its number."""
        self.rows.append(row)
        return len(self.rows)

    def roll_back_{number}(self, length: int) -> None:
        """Forget every row after `length`, as if the transaction had never begun."""
        del self.rows[length:]
'''


class CommandFailedError(Exception):
    """A measured command did not do its work."""


@dataclass(frozen=True, slots=True)
class Spread:
    minimum: float
    median: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of one command over all runs. The bar holds for the median of the wall time."""

    wall: Spread
    cpu: Spread
    bar: float

    @property
    def within(self) -> bool:
        return self.wall.median < self.bar


def spread(seconds: Sequence[float]) -> Spread:
    return Spread(min(seconds), statistics.median(seconds), max(seconds))


def run_once(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> tuple[float, float]:
    """Wall and CPU seconds of one process, its children included."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise CommandFailedError(f"{' '.join(command)}: expected exit code 0, found {process.returncode}: {said}")
    return wall, usage.ru_utime + usage.ru_stime


def measure(command: Sequence[str], *, bar: float, runs: int, environment: Mapping[str, str], folder: Path) -> Measured:
    walls, cpus = zip(*(run_once(command, environment, folder) for _ in range(runs)), strict=True)
    return Measured(spread(walls), spread(cpus), bar)


def hydragraph(*arguments: str) -> list[str]:
    """The command as a person starts it: the script beside this interpreter, or the module where there is none."""
    script = Path(sys.executable).with_name("hydragraph")
    return [str(script), *arguments] if script.is_file() else [sys.executable, "-m", "hydragraph", *arguments]


def own_environment(home: Path) -> dict[str, str]:
    """This process's environment without anybody's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HYDRAGRAPH_")}
    return kept | {"HYDRAGRAPH_HOME": str(home)}


def write_corpus(folder: Path) -> None:
    folder.mkdir()
    for number in range(FILES):
        (folder / f"store_{number}.py").write_text(SOURCE.format(number=number), encoding="utf-8")


def make_index(folder: Path, environment: Mapping[str, str]) -> None:
    """Index a small corpus, and see that a search finds something in it."""
    write_corpus(folder / "corpus")
    run_once(hydragraph("index", str(folder / "corpus"), "--name", "startup"), environment, folder)
    command = hydragraph("search", QUESTION, "--name", "startup", "--json")
    found = subprocess.run(  # noqa: S603
        command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if found.returncode != 0 or not json.loads(found.stdout):
        raise CommandFailedError(f"{' '.join(command)}: expected hits, found {found.stdout or found.stderr}")


def measure_all(runs: int) -> dict[str, Measured]:
    commands = {
        "--help": (hydragraph("--help"), 0.3),
        "--version": (hydragraph("--version"), 0.3),
        "search": (hydragraph("search", QUESTION, "--name", "startup", "--json"), 1.5),
    }
    with tempfile.TemporaryDirectory(prefix="hydragraph-startup-") as name:
        folder = Path(name)
        environment = own_environment(folder / "home")
        make_index(folder, environment)
        return {
            label: measure(command, bar=bar, runs=runs, environment=environment, folder=folder)
            for label, (command, bar) in commands.items()
        }


def as_json(measured: Mapping[str, Measured], runs: int) -> str:
    commands = {label: asdict(result) | {"within": result.within} for label, result in measured.items()}
    return json.dumps({"runs": runs, "commands": commands}, indent=2)


def as_table(measured: Mapping[str, Measured], runs: int) -> str:
    title = f"seconds over {runs} runs"
    lines = [f"{title:<24}  wall min  median     max   CPU min  median     max     bar"]
    for label, result in measured.items():
        parts = (result.wall, result.cpu)
        figures = "  ".join(f"{part.minimum:8.3f}{part.median:8.3f}{part.maximum:8.3f}" for part in parts)
        verdict = "within" if result.within else "OVER"
        lines.append(f"hydragraph {label:<13}  {figures}{result.bar:8.2f} {verdict}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hydragraph.evals.startup", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10, help="processes per command (default 10)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error(f"--runs: expected at least 1, found {options.runs}")
    try:
        measured = measure_all(options.runs)
    except CommandFailedError as error:
        print(error, file=sys.stderr)
        return 1
    print(as_json(measured, options.runs) if options.json else as_table(measured, options.runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
