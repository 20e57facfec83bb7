"""How long a command takes to start, and what a first search costs at any size, measured as whole processes.

    python -m hydragraph.evals.startup [--runs N] [--chunks 10000,100000] [--keep DIR] [--json]

Each command runs N times from a cold process (the files it reads are in the system's cache). `search` looks through an
index of 12 small files; with --chunks also through collections of drawn texts of these sizes, once at rest and once
while another process indexes into the same collection. Every drawn chunk has a drawn vector under the default
embedder's stamp, the question is embedded by the real one, and a search counts only where all three legs have hits.
--keep DIR keeps the collections there and uses them again. Nobody's settings take part.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..domain import LEGS
from .console import print_result, say
from .drawn import DrawnEmbedder, draw, index_drawn
from .measuring import CommandFailedError, Cost, default_embedder, hydragraph, kept, own_environment, run_once, sizes_of

QUESTION: Final = "how is a transaction rolled back after an error"
SEED: Final = 1
FILES: Final = 12
ASKED_WORDS: Final = 12
BARS: Final = {"help": 0.3, "version": 0.3, "search": 1.5}
SOURCE: Final = '''"""Part {number} of a small store."""


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


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and, where there are several runs, the least and the most."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        return cls(statistics.median(values), min(values), max(values))


Figures = dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the collections are, and how often each command runs."""

    folder: Path
    runs: int

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        return own_environment(self.home)

    def measure(self, *arguments: str) -> list[Cost]:
        return [run_once(hydragraph(*arguments), self.environment, self.folder) for _ in range(self.runs)]

    def search(self, question: str, name: str) -> list[Cost]:
        """A search that is sure to use all three legs."""
        require_all_legs(found_by(self, question, name), name)
        return self.measure("search", question, "--name", name, "--json")


def found_by(bench: Bench, question: str, name: str) -> str:
    command = hydragraph("search", question, "--name", name, "--json")
    done = subprocess.run(  # noqa: S603
        command,
        env=bench.environment,
        cwd=bench.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandFailedError(f"{' '.join(command)}: expected exit code 0, found {done.returncode}: {done.stderr}")
    return done.stdout


def require_all_legs(found: str, name: str) -> None:
    legs = {leg for hit in json.loads(found) for leg in hit["legs"]}
    missing = sorted(set(LEGS) - legs)
    if missing:
        raise CommandFailedError(f"search in {name!r}: expected hits of every leg, found none of {', '.join(missing)}")


def write_corpus(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for number in range(FILES):
        (folder / f"store_{number}.py").write_text(SOURCE.format(number=number), encoding="utf-8")


def make_index(folder: Path, environment: Mapping[str, str]) -> None:
    """A collection of a few small files, called `small`."""
    write_corpus(folder / "corpus")
    run_once(hydragraph("index", str(folder / "corpus"), "--name", "small"), environment, folder)


def measure_small(bench: Bench) -> Figures:
    """The start of `--help` and `--version`, and a search through 12 files: what every other search is compared to."""
    make_index(bench.folder, bench.environment)
    runs = {"help": bench.measure("--help"), "version": bench.measure("--version")}
    runs["search"] = bench.search(f"{QUESTION} in roll_back_3", "small")
    figures = {f"{name}_wall_s": Figure.of([cost.wall for cost in costs]) for name, costs in runs.items()}
    return figures | _of_search(runs["search"], "12files")


def _of_search(costs: Sequence[Cost], label: str) -> Figures:
    return {
        f"search_cpu_s/{label}": Figure.of([cost.cpu for cost in costs]),
        f"search_rss_mb/{label}": Figure.of([cost.rss_mb for cost in costs]),
    }


def measure_drawn(bench: Bench, chunks: int, base: float) -> Figures:
    """A search through `chunks` drawn texts, at rest and while an index run writes to them."""
    texts = draw(chunks, 0, SEED).texts
    question = question_from(texts[chunks // 2])
    name = f"drawn-{chunks}"
    embedder = DrawnEmbedder(like=default_embedder(bench.home))
    index_drawn(texts, embedder, bench.home, name)
    figures = _beside(bench.search(question, name), str(chunks), base)
    with writing(bench, chunks):
        figures |= _beside(bench.search(question, name), f"{chunks}/indexing", base)
    index_drawn(texts, embedder, bench.home, name)
    return figures


def question_from(text: str) -> str:
    """Some words of a text in their order, a name among them: what every leg can find."""
    words = text.split()
    name = next(at for at, word in enumerate(words) if word.istitle())
    start = max(0, min(name - ASKED_WORDS // 2, len(words) - ASKED_WORDS))
    return " ".join(words[start : start + ASKED_WORDS])


def _beside(costs: Sequence[Cost], label: str, base: float) -> Figures:
    ratio = {f"search_cpu_ratio/{label}": Figure.of([cost.cpu / base for cost in costs])}
    return _of_search(costs, label) | ratio


@contextmanager
def writing(bench: Bench, chunks: int) -> Iterator[None]:
    """Another process changes files of the collection and indexes them, again and again, until the block ends."""
    command = [sys.executable, "-m", "hydragraph.evals.startup_writer", str(bench.home), str(chunks), str(SEED)]
    writer = subprocess.Popen(command, env=bench.environment, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert writer.stdout is not None
        if writer.stdout.readline().strip() != "writing":
            raise CommandFailedError(f"{' '.join(command)}: expected it to write, it ended with {writer.wait()}")
        yield
        if writer.poll() is not None:
            raise CommandFailedError(f"{' '.join(command)}: expected it to go on, it ended with {writer.returncode}")
    finally:
        writer.kill()
        writer.wait()
        assert writer.stdout is not None
        writer.stdout.close()


def measure_all(bench: Bench, sizes: Sequence[int]) -> Figures:
    figures = measure_small(bench)
    for chunks in sizes:
        figures |= measure_drawn(bench, chunks, figures["search_cpu_s/12files"].value)
    return figures


def as_json(figures: Mapping[str, Figure]) -> str:
    metrics = {
        name: {"value": round(it.value, 4), "low": round(it.low, 4), "high": round(it.high, 4)}
        for name, it in figures.items()
    }
    return json.dumps({"metrics": metrics}, indent=2)


def as_table(figures: Mapping[str, Figure], runs: int) -> str:
    lines = [f"{f'of {runs} runs':<34}   median      min      max"]
    for name, it in figures.items():
        bar = BARS.get(name.removesuffix("_wall_s"))
        verdict = "" if bar is None else f"   bar {bar:.1f}: {'within' if it.value < bar else 'OVER'}"
        lines.append(f"{name:<34} {it.value:8.3f} {it.low:8.3f} {it.high:8.3f}{verdict}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    description = (__doc__ or "").split("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m hydragraph.evals.startup", description=description[0], epilog=description[2]
    )
    parser.add_argument("--runs", type=int, default=9, help="processes per command (default 9)")
    parser.add_argument("--chunks", type=sizes_of, default=[], metavar="N,N", help="sizes of drawn collections")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the collections there and use them again")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error(f"--runs: expected at least 1, found {options.runs}")
    try:
        return print_result(lambda: _measured(options))
    except CommandFailedError as error:
        say(str(error))
        return 1


def _measured(options: argparse.Namespace) -> str:
    with kept(options.keep) as folder:
        figures = measure_all(Bench(folder, options.runs), options.chunks)
    return as_json(figures) if options.json else as_table(figures, options.runs)


if __name__ == "__main__":
    sys.exit(main())
