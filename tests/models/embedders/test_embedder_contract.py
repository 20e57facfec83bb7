"""What every Embedder must do, whatever is behind it: a new one is one more row of BACKENDS."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from hydragraph.domain import Embedder
from hydragraph.models.embedders.onnx_export import ModelFiles
from hydragraph.models.embedders.open import open_embedder

AWKWARD = [
    "",
    " ",
    "\n\t\r",
    "\x00\x07\x1b",
    "\ud800",
    "\udfffx\ud83d",
    "👩‍💻",
    "\u0301",
    "\ufeff\u200b",
    "[SEP]",
    "a" * 5000,
]


def opened(spec: str, cache: Path) -> Embedder:
    embedder = open_embedder(spec, cache)
    assert embedder is not None
    return embedder


def minilm(files: ModelFiles, cache: Path, folder: Path) -> Embedder:
    return opened("minilm", cache)


def minilm_int8(files: ModelFiles, cache: Path, folder: Path) -> Embedder:
    return opened("minilm-int8", cache)


def sentence_transformers(files: ModelFiles, cache: Path, folder: Path) -> Embedder:
    return opened(f"sentence-transformers:{files.weights.parent}", cache)


def small_bert(files: ModelFiles, cache: Path, folder: Path) -> Embedder:
    """A BERT of another width and limit, with random weights and no normalisation of its own."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(1)
    config = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
    BertModel(config).save_pretrained(folder / "bert")
    AutoTokenizer.from_pretrained(str(files.weights.parent)).save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(32)]).save(str(folder / "model"))
    return opened(f"sentence-transformers:{folder / 'model'}", cache)


Backend = Callable[[ModelFiles, Path, Path], Embedder]
BACKENDS = [
    minilm,
    minilm_int8,
    pytest.param(sentence_transformers, marks=pytest.mark.extra),
    pytest.param(small_bert, marks=pytest.mark.extra),
]


@pytest.fixture(scope="module", params=BACKENDS)
def embedder(
    request: pytest.FixtureRequest,
    model_files: ModelFiles,
    model_cache: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Embedder:
    backend: Backend = request.param
    if backend not in (minilm, minilm_int8) and find_spec("sentence_transformers") is None:
        pytest.skip("needs hydragraph[sentence-transformers]")
    return backend(model_files, model_cache, tmp_path_factory.mktemp("model"))


def words(embedder: Embedder, tokens: int) -> list[str]:
    """Common words, one token each, that make `tokens` tokens with the special ones."""
    [special] = embedder.count_tokens([""])
    return (["river", "stone", "window", "green"] * tokens)[: tokens - special]


def test_rows_are_float32_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed(["one", "two words", "three more words"])
    assert (vectors.dtype, vectors.shape) == (np.float32, (3, embedder.dimension))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts(embedder: Embedder) -> None:
    vectors = embedder.embed([])
    assert (vectors.dtype, vectors.shape) == (np.float32, (0, embedder.dimension))
    assert embedder.count_tokens([]) == []


def test_any_sequence_will_do(embedder: Embedder) -> None:
    texts = ("red", "blue")
    np.testing.assert_allclose(embedder.embed(texts), embedder.embed(list(texts)), atol=1e-6)
    assert embedder.count_tokens(texts) == embedder.count_tokens(list(texts))


def test_rows_stand_in_the_order_of_the_texts(embedder: Embedder) -> None:
    texts = [" ".join(words(embedder, tokens)) for tokens in (40, 3, 60, 5, 20)]
    together = embedder.embed(texts)
    for row, text in zip(together, texts, strict=True):
        np.testing.assert_allclose(row, embedder.embed([text])[0], atol=1e-5)


def test_different_texts_get_different_vectors(embedder: Embedder) -> None:
    left, right, again = embedder.embed(["a database transaction", "a walk in the park", "a database transaction"])
    np.testing.assert_allclose(left, again, atol=1e-5)
    assert float(left @ right) < 0.999


def test_awkward_texts_are_embedded_and_counted(embedder: Embedder) -> None:
    vectors = embedder.embed(AWKWARD)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    counts = embedder.count_tokens(AWKWARD)
    assert [type(count) for count in counts] == [int] * len(AWKWARD)
    assert min(counts) == counts[0] > 0


def test_tokens_are_counted_without_truncation(embedder: Embedder) -> None:
    lengths = [embedder.max_tokens - 1, embedder.max_tokens, embedder.max_tokens + 1, 3 * embedder.max_tokens]
    assert embedder.count_tokens([" ".join(words(embedder, tokens)) for tokens in lengths]) == lengths


def test_last_word_that_fits_counts_and_the_next_does_not(embedder: Embedder) -> None:
    full = words(embedder, embedder.max_tokens)
    base, changed, longer = embedder.embed([" ".join(text) for text in (full, [*full[:-1], "frog"], [*full, "frog"])])
    np.testing.assert_allclose(base, longer, atol=1e-5)
    assert float(np.abs(base - changed).max()) > 1e-4


def test_name_tells_embedders_apart_and_does_not_change(embedder: Embedder) -> None:
    name = embedder.name
    embedder.embed(["a"])
    assert embedder.name == name != ""


def test_several_threads_at_once(embedder: Embedder) -> None:
    texts = ["one", "two words", "three more words"]
    expected = embedder.embed(texts)
    with ThreadPoolExecutor(3) as pool:
        for vectors in pool.map(embedder.embed, [texts] * 6):
            np.testing.assert_allclose(vectors, expected, atol=1e-5)
