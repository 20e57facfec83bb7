"""The 8-bit form, beside the exact one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hydragraph.models.embedders.minilm import MiniLM
from hydragraph.models.embedders.onnx_export import INT8, ModelFiles, cached_model_path, ensure_model, weights_path

TEXTS = [
    "How are sessions closed when a connection drops?",
    "def paste(xsel=False):\n    selection = 'primary' if xsel else 'clipboard'\n    return Popen([selection])",
    "The quick brown fox jumps over the lazy dog, and nobody minds.",
    "for (let i = 0; i < xs.length; ++i) { total += xs[i] ?? 0; }",
    "",
]


@pytest.fixture(scope="module")
def int8(model_files: ModelFiles, model_cache: Path) -> MiniLM:
    return MiniLM(model_cache, INT8)


def test_vectors_are_near_the_exact_ones(int8: MiniLM, minilm: MiniLM) -> None:
    cosines = (int8.embed(TEXTS) * minilm.embed(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.97
    assert cosines.mean() > 0.985


def test_vector_of_a_text_is_the_same_alone_and_among_others(int8: MiniLM) -> None:
    together = int8.embed([*TEXTS, "word " * 200])
    for row, text in zip(together, TEXTS, strict=False):
        assert np.array_equal(int8.embed([text])[0], row)


def test_tokens_are_counted_as_by_the_exact_form(int8: MiniLM, minilm: MiniLM) -> None:
    assert int8.count_tokens(TEXTS) == minilm.count_tokens(TEXTS)


def test_products_are_of_whole_numbers_within_7_bits(model_files: ModelFiles, model_cache: Path) -> None:
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(ensure_model(model_files, model_cache, INT8)).graph
    assert {"DynamicQuantizeMatMul", "QAttention"} < {node.op_type for node in graph.node}
    assert "MatMul" not in {node.op_type for node in graph.node}
    numbers = [numpy_helper.to_array(it) for it in graph.initializer if it.name.endswith(".numbers")]
    assert len(numbers) == 24
    assert max(int(np.abs(matrix).max()) for matrix in numbers) == 63


def test_both_forms_stand_beside_each_other(model_files: ModelFiles, model_cache: Path) -> None:
    exact, int8 = ensure_model(model_files, model_cache), ensure_model(model_files, model_cache, INT8)
    assert exact != int8 == cached_model_path(model_cache, INT8)
    assert weights_path(int8).stat().st_size < 60_000_000 < weights_path(exact).stat().st_size
