"""The package is what the folders say, the wheel carries it whole, and no generic name lands beside it."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NOT_PACKAGES = {"tests", "build", "dist", "docs"}


def folders_with_code() -> set[str]:
    found = {"hydragraph"}
    for init in ROOT.glob("*/**/__init__.py"):
        parts = init.parent.relative_to(ROOT).parts
        if parts[0] not in NOT_PACKAGES and not any(part.startswith(".") for part in parts):
            found.add(".".join(("hydragraph", *parts)))
    return found


def test_package_list_equals_the_folders() -> None:
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == folders_with_code()


def test_every_folder_with_python_files_is_a_package() -> None:
    for path in ROOT.glob("*/**/*.py"):
        parts = path.relative_to(ROOT).parts
        if parts[0] in NOT_PACKAGES or any(part.startswith(".") for part in parts):
            continue
        assert (path.parent / "__init__.py").exists(), f"{path.parent} has no __init__.py"


def test_every_package_that_is_required_is_imported() -> None:
    """By name, in code that is shipped: what nothing imports nobody should have to install."""
    imported = {name for path in ROOT.glob("**/*.py") if is_shipped(path) for name in imports_of(path)}
    offers: dict[str, set[str]] = {}
    for top, names in importlib.metadata.packages_distributions().items():
        for name in names:
            offers.setdefault(name.lower().replace("_", "-"), set()).add(top)
    required = [re.match(r"[\w-]+", line)[0] for line in PYPROJECT["project"]["dependencies"]]  # type: ignore[index]

    assert [name for name in required if not offers[name] & imported] == []


def is_shipped(path: Path) -> bool:
    first = path.relative_to(ROOT).parts[0]
    return first not in NOT_PACKAGES and not first.startswith(".")


def imports_of(path: Path) -> set[str]:
    """The top-level modules that a file imports, by statement or by a name that it gives as text."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_no_stray_module_at_the_root() -> None:
    modules = {path.stem for path in ROOT.glob("*.py")}
    assert modules == {"__init__", "__main__", "domain", "errors"}


def test_root_init_runs_nothing() -> None:
    body = ast.parse((ROOT / "__init__.py").read_text()).body
    assert len(body) == 1
    assert ast.get_docstring(ast.parse((ROOT / "__init__.py").read_text()))


def test_prompts_of_the_source_tree_are_package_data() -> None:
    data = PYPROJECT["tool"]["setuptools"]["package-data"]
    assert data["hydragraph.nodes.prompts"] == ["*.md"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    source = tmp_path_factory.mktemp("source") / "clone"
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, files.decode().split("\0")):
        origin = ROOT / name
        if origin.is_file() and not origin.is_symlink():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(origin.read_bytes())
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)],
        check=True,
        capture_output=True,
    )
    return next(out.glob("*.whl"))


def test_wheel_holds_nothing_outside_the_package(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"hydragraph"}


def test_wheel_runs_from_an_empty_directory(wheel: Path, tmp_path: Path) -> None:
    """Every module of the wheel is there and imports, and every prompt is readable, with the checkout out of sight."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    empty = tmp_path / "empty"
    empty.mkdir()
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.meta_path[:] = [f for f in sys.meta_path "
        "if 'editable' not in repr(f).lower()]\n"
        "import hydragraph, importlib.resources, hydragraph.graphs\n"
        "assert hydragraph.__file__.startswith(sys.argv[1]), hydragraph.__file__\n"
        "folder = importlib.resources.files('hydragraph.nodes.prompts')\n"
        "prompts = [p for p in folder.iterdir() if p.name.endswith('.md')]\n"
        "assert prompts and all(p.read_text() for p in prompts)\n"
        "hydragraph.graphs.build_rag_graph\n"
    )
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    run = subprocess.run([sys.executable, "-c", script, str(site)], cwd=empty, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    shown = subprocess.run(
        [sys.executable, "-c", script + "from hydragraph.server.cli.main import main; main(['--version'])", str(site)],
        cwd=empty, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert "hydragraph" in shown.stdout
