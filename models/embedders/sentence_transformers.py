"""Any model that sentence-transformers can load. Needs the extra `hydragraph[sentence-transformers]`."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ...errors import EmbedderError

if TYPE_CHECKING:
    import numpy as np
    from sentence_transformers import SentenceTransformer

EXTRA = "pip install 'hydragraph[sentence-transformers]'"
SURROGATES = re.compile("[\ud800-\udfff]")
BATCH_TEXTS = 32


class SentenceTransformersEmbedder:
    """An `Embedder`. Creating it checks that the extra is there; the model is loaded when first needed."""

    def __init__(self, name_or_path: str, *, threads: int = 2) -> None:
        if find_spec("sentence_transformers") is None:
            raise EmbedderError(
                f"The embedder sentence-transformers:{name_or_path} needs a package that is not installed. "
                f"Add it with\n    {EXTRA}"
            )
        self._name_or_path = name_or_path
        self._threads = threads
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None

    @property
    def name(self) -> str:
        return f"sentence-transformers:{self._name_or_path}"

    @property
    def dimension(self) -> int:
        return int(self._loaded().get_embedding_dimension())

    @property
    def max_tokens(self) -> int:
        model = self._loaded()
        return int(model.max_seq_length or model.tokenizer.model_max_length)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        encoded = self._loaded().tokenizer([_readable(text) for text in texts], truncation=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        import numpy as np

        model = self._loaded()
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        vectors: np.ndarray = model.encode(
            [_readable(text) for text in texts],
            batch_size=BATCH_TEXTS,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return vectors.astype(np.float32, copy=False)

    def _loaded(self) -> SentenceTransformer:
        with self._lock:
            if self._model is None:
                self._model = _load(self._name_or_path, self._threads)
            return self._model


def _readable(text: str) -> str:
    """The tokenizers refuse lone surrogates."""
    return SURROGATES.sub("\ufffd", text)


def _load(name_or_path: str, threads: int) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    import_module("torch").set_num_threads(threads)
    try:
        with _no_progress_bars():
            return SentenceTransformer(name_or_path)
    except (OSError, ValueError) as error:
        raise EmbedderError(
            f"sentence-transformers cannot load {name_or_path!r}: {error}\n"
            "Expected the path of a model's folder, or the name of a model that is in the local Hugging Face cache or "
            "can be downloaded."
        ) from error


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    """transformers draws one on stderr while it loads, even into a pipe."""
    chatter = import_module("transformers.utils.logging")
    shown = chatter.is_progress_bar_enabled()
    chatter.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            chatter.enable_progress_bar()
