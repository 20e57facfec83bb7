"""The script `hydra` in a clone whose environment is there already, under each POSIX shell of this machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHELLS = [shell for shell in ("sh", "dash", "bash") if shutil.which(shell)]
STUB = """#!/bin/sh
printf '%s|' "$@" >>"{log}"
echo >>"{log}"
case "$1" in
    suggest) echo 'What does Pool do?'; echo 'What does Other do?' ;;
    ask) echo 'the answer'; exit 3 ;;
esac
"""
Hydra = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """`hydragraph` there notes what it is called with; nothing has to be installed."""
    folder = tmp_path / "a clone"
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("hydra", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("python", "hydragraph"):
        stub = folder / ".venv" / "bin" / name
        stub.write_text(STUB.format(log=folder / "log"))
        stub.chmod(0o755)
    stamp = 'printf %s "$(cat pyproject.toml constraints.txt | cksum) minilm $(pwd)" >.venv/.installed'
    subprocess.run(["sh", "-c", stamp], cwd=folder, check=True)
    return folder


@pytest.fixture(params=SHELLS)
def hydra(request: pytest.FixtureRequest, clone: Path) -> Hydra:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [request.param, str(clone / "hydra"), *words]
        return subprocess.run(command, cwd=clone.parent, capture_output=True, text=True, timeout=60, check=False)

    return run


def called(clone: Path) -> list[str]:
    log = clone / "log"
    return log.read_text().splitlines() if log.exists() else []


def test_try_shows_the_question_and_how_to_go_on(hydra: Hydra, clone: Path) -> None:
    (clone.parent / "my tree").mkdir()
    done = hydra("try", "my tree/", "Who closes it?")
    [indexed, asked] = called(clone)
    name = indexed.split("|")[3]
    assert name.startswith("my-tree-")
    assert indexed == f"index|{clone.parent / 'my tree'}|--name|{name}|"
    assert asked == f"ask|Who closes it?|--name|{name}|"
    go_on = f'Go on with: {clone}/hydra ask "..." --name {name}'
    assert done.stdout.splitlines() == ["", "Question: Who closes it?", "the answer", "", go_on]
    assert done.returncode == 3  # that of the answer


def test_try_without_a_question_asks_what_the_collection_suggests(hydra: Hydra, clone: Path) -> None:
    (clone.parent / "notes.md").write_text("# Notes\n")
    assert "Question: What does Pool do?" in hydra("try", "notes.md").stdout
    indexed, suggested, asked = called(clone)
    assert indexed.startswith(f"index|{clone.parent / 'notes.md'}|--name|notes.md-")
    assert suggested.startswith("suggest|--name|notes.md-")
    assert asked.startswith("ask|What does Pool do?|")


def test_trees_of_the_same_name_are_collections_of_their_own_and_a_tree_is_always_the_same(
    hydra: Hydra, clone: Path
) -> None:
    for place in ("a/docs", "b/docs"):
        (clone.parent / place).mkdir(parents=True)
    for place in ("a/docs", "b/docs", "a/../a/docs/"):
        hydra("try", place, "Why?")
    names = [line.split("|")[3] for line in called(clone) if line.startswith("index")]
    assert names[0] == names[2] != names[1]


@pytest.mark.parametrize("words", [[], ["try", "-h"], ["try", "--help"], ["test", "-h"], ["test", "--help"]])
def test_help_neither_installs_nor_runs_anything(hydra: Hydra, clone: Path, words: list[str]) -> None:
    (clone / ".venv" / ".installed").unlink()
    done = hydra(*words)
    assert (done.returncode, done.stderr, called(clone)) == (0, "", [])
    assert "./hydra try [PATH [QUESTION]]" in done.stdout


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_the_help_goes_on_with_that_of_the_commands(hydra: Hydra, clone: Path, word: str) -> None:
    assert "./hydra test" in hydra(word).stdout
    assert called(clone) == ["--help|"]


@pytest.mark.parametrize("words", [["nowhere"], [""], ["--name", "x"], [".", "what", "is"]])
def test_what_try_cannot_use_is_said_before_anything_is_installed(hydra: Hydra, clone: Path, words: list[str]) -> None:
    (clone / ".venv" / ".installed").unlink()
    done = hydra("try", *words)
    assert (done.returncode, called(clone)) == (2, [])
    assert done.stderr.startswith("hydra try: expected ")


def test_any_other_word_is_a_command(hydra: Hydra, clone: Path) -> None:
    assert hydra("search", "a b", "--json").returncode == 0
    assert hydra("ask", "why?").returncode == 3
    assert called(clone) == ["search|a b|--json|", "ask|why?|"]


def test_what_is_tried_without_a_path_is_all_of_the_source(hydra: Hydra, clone: Path) -> None:
    """A module that had become a package was still named as a file, so the first command failed."""
    assert hydra("try").returncode == 3
    tried = set(called(clone)[0].split("|")[1:]) - {"--name", "hydragraph", ""}
    packages = {init.parent.name for init in ROOT.glob("[a-z]*/__init__.py")} - {"build", "dist"}
    assert tried == packages | {"domain.py", "errors.py"}
