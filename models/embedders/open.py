"""Which embedder a setting means."""

from __future__ import annotations

from pathlib import Path

from ...domain import Embedder
from ...errors import EmbedderError

KINDS = ("minilm-int8", "minilm", "sentence-transformers:NAME_OR_PATH", "none")


def open_embedder(spec: str, cache: Path, threads: int = 2) -> Embedder | None:
    """The embedder that `spec` names; "none" is None: search then has its BM25 and graph legs.

    `cache` is the folder where the default model's ONNX file is kept. Raises EmbedderError with the mend where the
    embedder is unknown or not installed.
    """
    kind, _, model = spec.partition(":")
    if spec in ("minilm", "minilm-int8"):
        from .minilm import MiniLM
        from .onnx_export import EXACT, INT8

        return MiniLM(cache, INT8 if spec == "minilm-int8" else EXACT, threads=threads)
    if kind == "sentence-transformers" and model:
        from .sentence_transformers import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(model, threads=threads)
    if spec == "none":
        return None
    raise EmbedderError(f"embedder: expected one of {', '.join(KINDS)}; found {spec!r}.")
