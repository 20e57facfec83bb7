"""The process that `evals.kill` kills: one index or forget, which prints its stages."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..domain import Embedder
from ..errors import EmbedderError, UsageError
from ..retrieval.indexing.forget import forget_path
from ..retrieval.indexing.progress import Progress
from ..retrieval.indexing.run import IndexOptions, index
from ..retrieval.stores.collection import Collection
from ..retrieval.stores.engines import EMBEDDED, Engines
from ..settings import QdrantConfig, StoresSettings, load_settings

NAME = "kill"


class HashingEmbedder:
    """Deterministic vectors with no model: a text's words, hashed and summed. Same interface, milliseconds."""

    dimension = 64
    max_tokens = 256

    def __init__(self, name: str = "hashing") -> None:
        self.name = name

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [2 + sum((len(word) + 3) // 4 for word in text.split()) for text in texts]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = [self._vector(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), self.dimension)

    def _vector(self, text: str) -> np.ndarray:
        seed = int.from_bytes(
            hashlib.sha256(f"{self.name} {text}".encode("utf-8", "surrogatepass")).digest()[:8], "little"
        )
        vector = np.random.default_rng(seed).standard_normal(self.dimension)
        return vector / np.linalg.norm(vector)


@dataclass(frozen=True, slots=True)
class Job:
    """What a child process does, as its command line has it."""

    home: Path
    roots: tuple[Path, ...]
    embedder: str
    forget: Path | None = None
    qdrant: Path | None = None
    on_neo4j: bool = False

    @property
    def collection(self) -> Collection:
        """With its vectors in a folder of Qdrant's local mode where one is named, and its graph on Neo4j."""
        vectors = EMBEDDED if self.qdrant is None else on_qdrant(self.qdrant)
        return Collection(self.home, NAME, on_neo4j(vectors) if self.on_neo4j else vectors)

    def command(self) -> list[str]:
        line = [sys.executable, "-m", "hydragraph.evals.kill_child", "--home", str(self.home)]
        line += ["--embedder", self.embedder, *(f"--root={root}" for root in self.roots)]
        line += [f"--qdrant={self.qdrant}"] if self.qdrant else []
        line += ["--neo4j"] if self.on_neo4j else []
        return [*line, f"--forget={self.forget}"] if self.forget else line


def on_qdrant(folder: Path) -> Engines:
    return Engines(StoresSettings(vectors="qdrant"), QdrantConfig(path=str(folder)))


def on_neo4j(engines: Engines) -> Engines:
    """The same with the graph on the server that HYDRAGRAPH_NEO4J__URL names."""
    server = load_settings(environ=os.environ, cwd=Path(os.devnull).parent).settings.neo4j
    if not server.url:
        raise UsageError("Expected HYDRAGRAPH_NEO4J__URL and HYDRAGRAPH_NEO4J__PASSWORD to name a server, got none.")
    return Engines(StoresSettings(vectors=engines.stores.vectors, graph="neo4j"), engines.qdrant, server)


def open_named_embedder(name: str) -> Embedder:
    if name.startswith("hashing"):
        return HashingEmbedder(name)
    from platformdirs import user_cache_path

    from ..models.embedders.open import open_embedder

    embedder = open_embedder(name, user_cache_path("hydragraph"))
    if embedder is None:
        raise EmbedderError(f"Expected an embedder that makes vectors, got {name!r}.")
    return embedder


def run_child(job: Job) -> None:
    """What is killed: one index or forget, which reports its stages on standard output."""

    def report(progress: Progress) -> None:
        print(progress.stage, progress.done, flush=True)

    collection = job.collection
    embedder = open_named_embedder(job.embedder)
    print("start", flush=True)
    if job.forget is None:
        index(collection, list(job.roots), embedder, report, IndexOptions(batch_files=25, optimize_from=100))
    else:
        forget_path(collection, job.forget)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hydragraph.evals.kill_child", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--root", type=Path, action="append", default=[])
    parser.add_argument("--embedder", required=True)
    parser.add_argument("--forget", type=Path)
    parser.add_argument("--qdrant", type=Path)
    parser.add_argument("--neo4j", action="store_true")
    options = parser.parse_args(arguments)
    roots = tuple(options.root)
    run_child(Job(options.home, roots, options.embedder, options.forget, options.qdrant, options.neo4j))
    return 0


if __name__ == "__main__":
    sys.exit(main())
