from __future__ import annotations

from pathlib import Path

import pytest

from hydragraph.errors import EmbedderError
from hydragraph.models.embedders.minilm import MiniLM
from hydragraph.models.embedders.onnx_export import ModelFiles
from hydragraph.models.embedders.open import open_embedder


def test_minilm_is_opened_and_loads_nothing_yet(model_files: ModelFiles, tmp_path: Path) -> None:
    embedder = open_embedder("minilm", tmp_path, threads=1)
    assert isinstance(embedder, MiniLM)
    assert (embedder.name, embedder.dimension, embedder.max_tokens) == ("all-MiniLM-L6-v2", 384, 256)
    assert list(tmp_path.iterdir()) == []


def test_int8_form_is_an_embedder_of_its_own(model_files: ModelFiles, tmp_path: Path) -> None:
    embedder = open_embedder("minilm-int8", tmp_path)
    assert isinstance(embedder, MiniLM)
    assert (embedder.name, embedder.dimension, embedder.max_tokens) == ("all-MiniLM-L6-v2-int8", 384, 256)


def test_none_is_no_embedder(tmp_path: Path) -> None:
    assert open_embedder("none", tmp_path) is None


@pytest.mark.parametrize(
    "spec", ["", "MiniLM", "minilm:large", "minilm-int4", "sentence-transformers", "sentence-transformers:", "bm25"]
)
def test_unknown_embedder_is_refused_with_the_list(spec: str, tmp_path: Path) -> None:
    with pytest.raises(EmbedderError) as raised:
        open_embedder(spec, tmp_path)
    assert str(raised.value) == (
        f"embedder: expected one of minilm-int8, minilm, sentence-transformers:NAME_OR_PATH, none; found {spec!r}."
    )
