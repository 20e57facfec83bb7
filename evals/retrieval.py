"""How well search ranks: `python -m hydragraph.evals.retrieval FOLDER [--limit N] [--json]`.

FOLDER is a test collection (corpus.jsonl, queries.jsonl, qrels.tsv). Each document is written as one file and indexed
by the product's own pipeline; a document's score is that of its best chunk. Prints nDCG@10, R@5 and MRR of each leg, of
the fused list and of the final one (the same until there is a reranker), beside rank_bm25 over lower-cased words, with
95 % intervals by bootstrap, and how far the final list is above each other one, paired by query.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from ..domain import LEGS, Embedder
from ..models.embedders.open import open_embedder
from .console import print_result
from .corpora import Corpus, read_corpus
from .corpus_index import Found, IndexedCorpus, indexed
from .metrics import Estimate, bootstrap, ndcg, paired, recall, reciprocal_rank

SYSTEMS: Final = (*LEGS, "fused", "final", "rank_bm25")
MEASURES: Final[Mapping[str, Callable[[Sequence[str], Mapping[str, float]], float]]] = {
    "ndcg@10": ndcg,
    "r@5": recall,
    "mrr": reciprocal_rank,
}
Lists = Mapping[str, Sequence[str]]  # ranked document ids by system


@dataclass(frozen=True, slots=True)
class Report:
    """Estimates by `measure/system`; a leg that found nothing for any query has none."""

    queries: int
    documents: int
    metrics: Mapping[str, Estimate | None]
    paired: Mapping[str, Estimate]  # final less the system
    absent: Mapping[str, int] = field(default_factory=dict)  # for how many queries a leg had nothing to say


def evaluate(corpus: Corpus, embedder: Embedder | None, work: Path) -> Report:
    """Index the corpus below `work` (what is there from last time is used again) and rank every query."""
    with indexed(corpus, embedder, work) as index:
        baseline = _Baseline(corpus)
        rankings = [_lists(index, found, baseline) for found in index.search()]
    return summarise(corpus, rankings)


def _lists(index: IndexedCorpus, found: Found, baseline: _Baseline) -> Lists:
    fused = index.ranked_documents(found, found.ranking.fused)
    lists = {"fused": fused, "final": fused, "rank_bm25": baseline.ranked(found.query.text)}
    lists.update((leg, index.ranked_documents(found, ranked)) for leg, ranked in found.ranking.legs.items())
    return lists


class _Baseline:
    """rank_bm25 over lower-cased words between spaces."""

    def __init__(self, corpus: Corpus) -> None:
        from rank_bm25 import BM25Okapi

        self._ids = [document.id for document in corpus.documents]
        self._model = BM25Okapi([f"{it.title} {it.text}".lower().split() for it in corpus.documents])

    def ranked(self, query: str, limit: int = 100) -> list[str]:
        scores = self._model.get_scores(query.lower().split()).tolist()
        best = sorted(range(len(scores)), key=lambda at: (-scores[at], at))[:limit]
        return [self._ids[at] for at in best if scores[at] > 0]


def summarise(corpus: Corpus, rankings: Sequence[Lists]) -> Report:
    values: dict[str, list[float]] = {
        f"{measure}/{system}": [
            score(lists[system], query.relevant) for query, lists in zip(corpus.queries, rankings, strict=True)
        ]
        for measure, score in MEASURES.items()
        for system in SYSTEMS
    }
    absent: dict[str, int] = {leg: sum(not lists[leg] for lists in rankings) for leg in LEGS}
    gone = {leg for leg, count in absent.items() if count == len(rankings)}
    return Report(
        queries=len(rankings),
        documents=len(corpus.documents),
        metrics={name: None if name.partition("/")[2] in gone else bootstrap(them) for name, them in values.items()},
        paired={
            f"{measure}/{system}": paired(values[f"{measure}/final"], values[f"{measure}/{system}"])
            for measure in MEASURES
            for system in SYSTEMS
            if system not in ("fused", "final") and system not in gone
        },
        absent=absent,
    )


def as_json(report: Report) -> str:
    def entries(estimates: Mapping[str, Estimate | None]) -> dict[str, dict[str, float] | None]:
        return {name: asdict(it) if it else None for name, it in estimates.items()}

    return json.dumps({
        "metrics": entries(report.metrics), "paired": entries(report.paired), "absent": report.absent,
        "queries": report.queries, "documents": report.documents,
    }, indent=2)  # fmt: skip


def as_table(report: Report) -> str:
    """One line a system; in per cent, with intervals."""
    lines = [f"{report.queries} queries, {report.documents} documents; per cent, 95 % intervals by bootstrap"]
    lines.append(f"{'':10}" + "".join(f"{measure:>22}" for measure in MEASURES) + f"{'final less it, ndcg@10':>28}")
    for system in SYSTEMS:
        cells = "".join(f"{_cell(report.metrics[f'{measure}/{system}']):>22}" for measure in MEASURES)
        above = report.paired.get(f"ndcg@10/{system}")
        lines.append(f"{system:10}{cells}{_cell(above, sign='+') if above else '':>28}")
    some = {leg: count for leg, count in report.absent.items() if count}
    if some:
        lines.append("nothing found by " + ", ".join(f"{leg} for {count} queries" for leg, count in some.items()))
    return "\n".join(lines)


def _cell(estimate: Estimate | None, *, sign: str = "") -> str:
    if estimate is None:
        return "n/a"
    return "{0:{s}.1f} [{1:{s}.1f}, {2:{s}.1f}]".format(
        *(100 * number for number in (estimate.value, estimate.low, estimate.high)), s=sign
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hydragraph.evals.retrieval", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N queries (the whole corpus)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--embedder", default="minilm", help="minilm, sentence-transformers:NAME or none")
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep the index here and use it again")
    options = parser.parse_args(arguments)
    return print_result(lambda: _measure(options))


def _measure(options: argparse.Namespace) -> str:
    with ExitStack() as stack:
        work = options.work or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hydragraph-")))
        corpus = read_corpus(options.folder, options.limit)
        report = evaluate(corpus, open_embedder(options.embedder, work / "models"), work)
    return as_json(report) if options.json else as_table(report)


if __name__ == "__main__":
    sys.exit(main())
