"""What CPU time an index of a tree takes, by stage and by class, until its source is embedded and until all is.

    python -m hydragraph.evals.indexing TREE [--embedder NAME] [--sample N] [--keep DIR] [--json]

TREE is indexed once, in a home of its own, by this process; CPU time is that of all its threads and children. A stage
lasts from its first report to that of the next; what is spent between two reports of vectors belongs to the class that
got them. --sample N indexes every Nth file of each class instead and adds `scaled/...`: the sample's chunks and dense
CPU times the ratio of the class's characters, its other stages times the ratio of all characters. --keep DIR keeps the
index there. Nobody's settings take part.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from ..domain import Embedder
from ..errors import UsageError
from ..retrieval.indexing.progress import ClassProgress, Progress, Stage
from ..retrieval.indexing.run import IndexReport, index
from ..retrieval.reading.text_class import TextClass
from ..retrieval.stores.collection import Collection
from .console import print_result, say
from .corpus_index import Teller
from .kill_child import open_named_embedder
from .measuring import kept
from .startup import write_corpus
from .tree_sample import Sample, sample_of, texts_of

COLLECTION: Final = "indexing"
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
BEFORE_DENSE: Final[tuple[Stage, ...]] = ("scan", "read", "lexical")

Figures = dict[str, float]


def cpu() -> float:
    """CPU seconds of this process and of the children that it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class StageClock:
    """Shares what a run spends among its stages, and what dense spends among the classes, from the run's reports."""

    def __init__(self, now: Callable[[], float] = cpu) -> None:
        self.stages: dict[Stage, float] = dict.fromkeys(STAGES, 0.0)
        self.dense: dict[TextClass, float] = {}
        self.until_source: float | None = None
        self._now = now
        self._last = now()
        self._stage: Stage = "scan"
        self._done: dict[TextClass, int] = {}
        self._kind: TextClass | None = None  # whose vectors came last

    def __call__(self, progress: Progress) -> None:
        spent = self.stop()
        if progress.stage == "dense":
            self._hear(progress.classes, spent if self._stage == "dense" else 0.0)
        elif self._stage == "dense":
            self._share({}, spent)
        self._stage = progress.stage

    def stop(self) -> float:
        """What was spent since the last report, now counted to its stage."""
        now = self._now()
        spent, self._last = now - self._last, now
        self.stages[self._stage] += spent
        return spent

    def end(self) -> None:
        spent = self.stop()
        if self._stage == "dense":
            self._share({}, spent)

    def _hear(self, classes: Sequence[ClassProgress], spent: float) -> None:
        if self._kind is None:
            self._kind = next((it.text_class for it in classes if it.done < it.total), None)
        new = {it.text_class: it.done - self._done.get(it.text_class, 0) for it in classes}
        self._share({kind: count for kind, count in new.items() if count}, spent)
        self._done = {it.text_class: it.done for it in classes}
        if self.until_source is None and any(it.text_class == "source" and it.done >= it.total for it in classes):
            self.until_source = sum(self.stages.values())

    def _share(self, new: Mapping[TextClass, int], spent: float) -> None:
        """By the number of vectors; what made none, such as writing them down, goes to those before."""
        shares = new or ({self._kind: 1} if self._kind else {})
        for kind, count in shares.items():
            self.dense[kind] = self.dense.get(kind, 0.0) + spent * count / sum(shares.values())
            self._kind = kind


@dataclass(frozen=True, slots=True)
class Costs:
    """What one index took, in CPU seconds; `start` is what the process spent before. `until_source` is None where
    there is no source."""

    chunks: Mapping[TextClass, int]
    start: float
    stages: Mapping[Stage, float]
    dense: Mapping[TextClass, float]
    until_source: float | None

    def figures(self) -> Figures:
        found: Figures = {f"chunks/{kind}": count for kind, count in self.chunks.items()}
        found["cpu_s/start"] = self.start
        found |= {f"cpu_s/{stage}": spent for stage, spent in self.stages.items()}
        found |= {f"cpu_s/dense/{kind}": spent for kind, spent in self.dense.items()}
        if self.until_source is not None:
            found["cpu_s/until_source"] = self.until_source
        return found | {"cpu_s/until_all": self._before_dense() + self.stages["dense"]}

    def scaled(self, sample: Sample) -> Costs:
        """What the whole tree would take. What a process spends once, it spends once there too."""
        stages = {stage: spent * sample.ratio for stage, spent in self.stages.items()}
        dense = {kind: spent * sample.ratios[kind] for kind, spent in self.dense.items()}
        stages["dense"] = sum(dense.values())
        chunks = {kind: round(count * sample.ratios[kind]) for kind, count in self.chunks.items()}
        whole = Costs(chunks, self.start, stages, dense, None)
        if self.until_source is None:
            return whole
        return Costs(chunks, self.start, stages, dense, whole._before_dense() + dense.get("source", 0.0))

    def _before_dense(self) -> float:
        return self.start + sum(self.stages[stage] for stage in BEFORE_DENSE)


def index_tree(tree: Path, embedder: Embedder, home: Path, start: float = 0.0) -> Costs:
    """The index of a tree in a home that has none; `start` is CPU time of this process that is not the index's."""
    collection = Collection(home, COLLECTION)
    if collection.exists():
        raise UsageError(f"{collection.folder} is an index already: expected a folder without one. Delete it.")
    clock, tell = StageClock(), Teller()
    before = cpu() - start

    def hear(progress: Progress) -> None:
        clock(progress)
        tell(progress)

    report = index(collection, [tree], embedder, hear)
    clock.end()
    until_source = None if clock.until_source is None else before + clock.until_source
    return Costs(chunks_of(report), before, clock.stages, clock.dense, until_source)


def chunks_of(report: IndexReport) -> dict[TextClass, int]:
    """By class; what has no place in the order of embedding is data."""
    chunks = {kind: total for kind, (_, total) in report.classes.items()}
    data = report.chunks - sum(chunks.values())
    return chunks | ({"data": data} if data else {})


def measure(tree: Path, embedder: Embedder, folder: Path) -> Figures:
    return index_tree(tree, embedder, folder / "home").figures()


def measure_sample(tree: Path, embedder: Embedder, folder: Path, every: int) -> Figures:
    """Imports and the model are loaded by a small index before, so that they are not scaled."""
    before = cpu()
    sample = sample_of(list(texts_of(tree)), every)
    files = sample.copy(tree, folder / "sample")
    say(f"a sample of {len(sample.files)} files, 1/{sample.ratio:.0f} of the characters")
    sampling = cpu() - before
    write_corpus(folder / "warm")
    index(Collection(folder / "home", "warm"), [folder / "warm"], embedder)
    costs = index_tree(files, embedder, folder / "home", sampling)
    found = costs.figures() | {f"ratio/{kind}": ratio for kind, ratio in sample.ratios.items()}
    whole = costs.scaled(sample).figures()
    return found | {"ratio/all": sample.ratio} | {f"scaled/{name}": value for name, value in whole.items()}


def as_json(figures: Mapping[str, float]) -> str:
    return json.dumps({"metrics": {name: {"value": round(value, 4)} for name, value in figures.items()}}, indent=2)


def as_text(figures: Mapping[str, float], every: int) -> str:
    lines = [f"{name:<36}{value:12.2f}" for name, value in figures.items()]
    said = f"a sample: 1 file of {every} of each class; scaled/... is reckoned from it for the whole tree"
    return "\n".join([said, *lines] if every > 1 else lines)


def main(arguments: Sequence[str] | None = None) -> int:
    description = (__doc__ or "").split("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m hydragraph.evals.indexing", description=description[0], epilog=description[2]
    )
    parser.add_argument("tree", type=Path, metavar="TREE", help="the folder to index")
    parser.add_argument("--embedder", default="minilm", help="minilm, minilm-int8 or sentence-transformers:NAME")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="index 1 file of N of each class")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the index there")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if options.sample < 1:
        parser.error(f"--sample: expected 1 or more, got {options.sample}")
    return print_result(lambda: _measured(options))


def _measured(options: argparse.Namespace) -> str:
    if not options.tree.is_dir():
        raise UsageError(f"TREE: expected a folder, got {str(options.tree)!r}.")
    tree, embedder = options.tree.resolve(), open_named_embedder(options.embedder)
    with kept(options.keep) as folder:
        figures = (
            measure(tree, embedder, folder)
            if options.sample == 1
            else measure_sample(tree, embedder, folder, options.sample)
        )
    return as_json(figures) if options.json else as_text(figures, options.sample)


if __name__ == "__main__":
    sys.exit(main())
