"""CPU time of a search: `python -m hydragraph.evals.speed [--chunks N] [--queries Q] [--seed S] [--json]`.

Texts, vectors and questions are drawn from a seed: words and names by Zipf's law, vectors uniform on the sphere. The
whole of our search (dense, BM25 and graph legs, fusion, hits) runs beside LangChain's EnsembleRetriever (BM25Retriever
and FAISS) over the same texts, vectors and questions, turn by turn in one process. Making a question's vector is left
out on both sides. CPU time is that of all threads.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from ..errors import UsageError
from ..retrieval.indexing.run import index
from ..retrieval.search.searcher import LocalSearcher
from ..retrieval.stores.collection import Collection
from .console import print_result
from .indexing import Teller

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

DIMENSION: Final = 384
WORDS, NAMES = 30_000, 5_000
TEXT_WORDS, TEXT_NAMES = 80, 5
QUESTION_WORDS, QUESTION_NAMES = 8, 1
WARM_UP: Final = 10
HITS: Final = 10
COLLECTION: Final = "speed"
Ask = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Speed:
    """Mean CPU milliseconds a query. `ratio` is ours by theirs."""

    chunks: int
    queries: int
    hydragraph_ms: float
    ensemble_ms: float
    ratio: float
    hydragraph_median_ms: float
    ensemble_median_ms: float


@dataclass(frozen=True, slots=True)
class Drawn:
    texts: tuple[str, ...]
    questions: tuple[str, ...]


def draw(chunks: int, questions: int, seed: int) -> Drawn:
    random = np.random.default_rng(seed)
    texts = tuple(_text(random, TEXT_WORDS, TEXT_NAMES) for _ in range(chunks))
    return Drawn(texts, tuple(f"{_text(random, QUESTION_WORDS, QUESTION_NAMES)}?" for _ in range(questions)))


def _text(random: np.random.Generator, words: int, names: int) -> str:
    drawn = [_word(number) for number in _zipf(random, words, WORDS)]
    for number in _zipf(random, names, NAMES):
        drawn.insert(int(random.integers(1, len(drawn))), f"{_word(number).title()} {_word(number + 7).title()}")
    return " ".join(drawn)


def _zipf(random: np.random.Generator, count: int, most: int) -> list[int]:
    return [int(number) for number in np.minimum(random.zipf(1.2, count), most)]


def _word(number: int) -> str:
    """A pronounceable word, the same for the same number."""
    letters = ""
    number += 100
    while number:
        number, syllable = divmod(number, 100)
        letters += "bcdfghjklmnprstvwxyz"[syllable // 5] + "aeiou"[syllable % 5]
    return letters


class DrawnEmbedder:
    """Vectors drawn from a hash of the text: an Embedder that costs next to nothing."""

    name = "drawn"
    dimension = DIMENSION
    max_tokens = 512

    def __init__(self) -> None:
        self._kept: dict[str, Vectors] = {}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._kept[text] if text in self._kept else _vector(text) for text in texts])

    def keep(self, texts: Sequence[str]) -> None:
        """Draw these now, so that asking for them later costs a look-up."""
        self._kept.update((text, _vector(text)) for text in texts)


def _vector(text: str) -> Vectors:
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
    drawn = np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)


def measure(ours: Ask, theirs: Ask, questions: Sequence[str]) -> tuple[list[float], list[float]]:
    """CPU seconds of each question, turn by turn; the first ones warm up and are not counted."""
    spent: tuple[list[float], list[float]] = ([], [])
    for question in questions:
        for ask, seconds in zip((ours, theirs), spent, strict=True):
            started = time.process_time()
            ask(question)
            seconds.append(time.process_time() - started)
    return spent[0][WARM_UP:], spent[1][WARM_UP:]


def compare(chunks: int, queries: int, seed: int, work: Path) -> Speed:
    drawn = draw(chunks, queries + WARM_UP, seed)
    embedder = DrawnEmbedder()
    embedder.keep([*drawn.texts, *drawn.questions])
    ensemble = open_ensemble(drawn.texts, embedder)
    _index(drawn.texts, embedder, work)
    searcher = LocalSearcher(work / "home", COLLECTION, lambda: embedder, idle=60.0)

    gc.collect()
    gc.freeze()  # neither side pays for the collector's walk over what the other one holds
    mine, other = measure(lambda question: searcher.search_now(question, limit=HITS), ensemble, drawn.questions)
    searcher.close()
    means = 1000 * statistics.fmean(mine), 1000 * statistics.fmean(other)
    medians = 1000 * statistics.median(mine), 1000 * statistics.median(other)
    return Speed(chunks, queries, *means, means[0] / means[1], *medians)


def _index(texts: Sequence[str], embedder: DrawnEmbedder, work: Path) -> None:
    folder = work / "texts"
    for number, text in enumerate(texts):
        place = folder / f"{number // 1000:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06d}.txt").write_text(f"{text}\n")
    report = index(Collection(work / "home", COLLECTION), [folder], embedder, Teller())
    if report.chunks != len(texts):
        raise UsageError(f"Expected a chunk for each of {len(texts)} texts, got {report.chunks}.")


def open_ensemble(texts: Sequence[str], embedder: DrawnEmbedder) -> Ask:
    """LangChain's EnsembleRetriever over the same texts and vectors."""
    try:
        import faiss
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_community.vectorstores import FAISS
        from langchain_core.embeddings import Embeddings
    except ImportError as error:
        raise UsageError(
            f"The comparison needs the extra 'evals' ({error.name} is missing): pip install 'hydragraph[evals]'."
        ) from error

    class Kept(Embeddings):  # type: ignore[misc,unused-ignore]
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [vector.tolist() for vector in embedder.embed(texts)]

        def embed_query(self, text: str) -> list[float]:
            return list(embedder.embed([text])[0].tolist())

    faiss.omp_set_num_threads(1)  # waiting threads would count as CPU time
    lexical = BM25Retriever.from_texts(list(texts), k=HITS)
    vectors = FAISS.from_texts(list(texts), Kept()).as_retriever(search_kwargs={"k": HITS})
    ensemble: Any = EnsembleRetriever(retrievers=[lexical, vectors], weights=[0.5, 0.5])

    return cast(Ask, ensemble.invoke)


def as_text(speed: Speed) -> str:
    return "\n".join([
        f"CPU time a query at {speed.chunks} chunks, mean of {speed.queries} (median)",
        f"hydragraph search   {speed.hydragraph_ms:8.2f} ms ({speed.hydragraph_median_ms:.2f})",
        f"EnsembleRetriever   {speed.ensemble_ms:8.2f} ms ({speed.ensemble_median_ms:.2f})",
        f"ratio               {speed.ratio:8.3f}",
    ])  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hydragraph.evals.speed", description=__doc__)
    parser.add_argument("--chunks", type=int, default=10_000, metavar="N")
    parser.add_argument("--queries", type=int, default=100, metavar="Q")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if min(options.chunks, options.queries) < 1:
        parser.error("--chunks and --queries: expected 1 or more")
    if options.seed < 0:
        parser.error(f"--seed: expected 0 or more, got {options.seed}")
    return print_result(lambda: _measure(options))


def _measure(options: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory(prefix="hydragraph-") as work:
        speed = compare(options.chunks, options.queries, options.seed, Path(work))
    return json.dumps(asdict(speed), indent=2) if options.json else as_text(speed)


if __name__ == "__main__":
    sys.exit(main())
