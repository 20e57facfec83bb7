"""CPU time of a search beside LangChain's EnsembleRetriever, and what a faster search leaves out.

    python -m hydragraph.evals.speed [--chunks N,N] [--queries Q] [--seed S] [--real TREE] [--keep DIR] [--json]

Texts and questions are drawn from a seed: words and names by Zipf's law; a text's vector is the sum of its words'
vectors plus noise. The whole of our search (dense, BM25 and graph legs, fusion, hits) runs beside EnsembleRetriever
(BM25Retriever and FAISS) over the same texts, vectors and questions, turn by turn in one process. Making a question's
vector is left out on both sides. CPU time is that of all threads.

recall@10 is the share of the exact scan's ten best that dense search gives, over the collections and questions that
were timed. --real TREE adds that of a source tree, embedded by the default embedder and asked by the names of its
definitions. --keep DIR keeps the indexes there and uses them again.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from ..errors import UsageError
from ..retrieval.search.searcher import LocalSearcher
from .console import print_result, say
from .drawn import DrawnEmbedder, draw, index_drawn
from .measuring import CommandFailedError, kept, own_environment, sizes_of
from .recall import recall, recall_of_tree

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

WARM_UP: Final = 10
HITS: Final = 10
Ask = Callable[[str], object]
Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the indexes are, and what is asked of them."""

    folder: Path
    queries: int
    seed: int

    @property
    def home(self) -> Path:
        return self.folder / "home"


def measure(ours: Ask, theirs: Ask, questions: Sequence[str]) -> tuple[list[float], list[float]]:
    """CPU seconds of each question, turn by turn; the first ones warm up and are not counted."""
    spent: tuple[list[float], list[float]] = ([], [])
    for question in questions:
        for ask, seconds in zip((ours, theirs), spent, strict=True):
            started = time.process_time()
            ask(question)
            seconds.append(time.process_time() - started)
    return spent[0][WARM_UP:], spent[1][WARM_UP:]


def compare(bench: Bench, chunks: int) -> Metrics:
    """All figures of one size, each under its name and the number of chunks."""
    drawn = draw(chunks, bench.queries + WARM_UP, bench.seed)
    embedder, name = DrawnEmbedder(), f"speed-{chunks}"
    started = time.process_time()
    report = index_drawn(drawn.texts, embedder, bench.home, name)
    spent = time.process_time() - started
    embedder.keep([*drawn.texts, *drawn.questions])
    ensemble = open_ensemble(drawn.texts, embedder)
    searcher = LocalSearcher(bench.home, name, lambda: embedder, idle=60.0)
    gc.collect()
    gc.freeze()  # neither side pays for the collector's walk over what the other one holds
    mine, other = measure(lambda question: searcher.search_now(question, limit=HITS), ensemble, drawn.questions)
    searcher.close()
    means = 1000 * statistics.fmean(mine), 1000 * statistics.fmean(other)
    found: Metrics = {"hydragraph_ms": means[0], "ensemble_ms": means[1], "ratio": means[0] / means[1]}
    found["recall@10"] = recall(bench.home, name, embedder, drawn.questions)
    found["memory_mb"] = memory_of(bench, chunks)
    found["disk_mb"] = _size(bench.home / "collections" / name) / 2**20
    if report.read == report.files:  # made now, not taken from an earlier run
        found["index_chunks_per_s"] = chunks / spent
    return {f"{key}/{chunks}": value for key, value in found.items()}


def memory_of(bench: Bench, chunks: int) -> float:
    """Megabytes that a process of its own grew by from before its first search to after all of them, at the peak."""
    command = [sys.executable, "-m", "hydragraph.evals.speed_memory", str(bench.home), str(chunks), str(bench.queries)]
    command.append(str(bench.seed))
    environment = own_environment(bench.home)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CommandFailedError(f"{' '.join(command)}: expected exit code 0, found {done.returncode}: {done.stderr}")
    return float(done.stdout)


def _size(folder: Path) -> int:
    """Bytes on the disk; a hole in a file is none."""
    return sum(512 * path.stat().st_blocks for path in folder.rglob("*") if path.is_file())


def open_ensemble(texts: Sequence[str], embedder: DrawnEmbedder) -> Ask:
    """LangChain's EnsembleRetriever over the same texts and vectors."""
    try:
        import faiss
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_community.vectorstores import FAISS
    except ImportError as error:
        raise UsageError(
            f"The comparison needs the extra 'evals' ({error.name} is missing): pip install 'hydragraph[evals]'."
        ) from error

    faiss.omp_set_num_threads(1)  # waiting threads would count as CPU time
    lexical = BM25Retriever.from_texts(list(texts), k=HITS)
    vectors = FAISS.from_texts(list(texts), _as_langchain(embedder)).as_retriever(search_kwargs={"k": HITS})
    ensemble: Any = EnsembleRetriever(retrievers=[lexical, vectors], weights=[0.5, 0.5])
    return cast(Ask, ensemble.invoke)


def _as_langchain(embedder: DrawnEmbedder) -> Embeddings:
    from langchain_core.embeddings import Embeddings

    class Kept(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [vector.tolist() for vector in embedder.embed(texts)]

        def embed_query(self, text: str) -> list[float]:
            return list(embedder.embed([text])[0].tolist())

    return Kept()


def as_json(metrics: Mapping[str, float]) -> str:
    return json.dumps({"metrics": {name: {"value": round(value, 4)} for name, value in metrics.items()}}, indent=2)


def as_text(metrics: Mapping[str, float]) -> str:
    return "\n".join(f"{name:<28} {value:12.3f}" for name, value in metrics.items())


def main(arguments: Sequence[str] | None = None) -> int:
    description = (__doc__ or "").split("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m hydragraph.evals.speed", description=description[0], epilog="\n\n".join(description[2:])
    )
    parser.add_argument("--chunks", type=sizes_of, default=[10_000], metavar="N,N", help="sizes (default 10000)")
    parser.add_argument("--queries", type=int, default=100, metavar="Q", help="questions that are timed (default 100)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", type=Path, metavar="TREE", help="a source tree whose recall@10 is measured too")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the indexes there and use them again")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if options.queries < 1:
        parser.error(f"--queries: expected 1 or more, got {options.queries}")
    if options.seed < 0:
        parser.error(f"--seed: expected 0 or more, got {options.seed}")
    try:
        return print_result(lambda: _measured(options))
    except CommandFailedError as error:
        say(str(error))
        return 1


def _measured(options: argparse.Namespace) -> str:
    metrics: Metrics = {}
    with kept(options.keep) as folder:
        bench = Bench(folder, options.queries, options.seed)
        for chunks in options.chunks:
            metrics |= compare(bench, chunks)
        if options.real is not None:
            metrics |= recall_of_tree(bench.home, options.real, options.queries)
    return as_json(metrics) if options.json else as_text(metrics)


if __name__ == "__main__":
    sys.exit(main())
