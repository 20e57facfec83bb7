"""Rules of `.gitignore` beside each other."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hydragraph.retrieval.reading.ignore import IgnoreRules, is_generated_name, is_generated_text, rules_above


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


PATTERNS = (
    "*.pyc /only_top docs/_build/ a/**/z.txt !a/b/z.txt temp? \\#hash **/deep x/*".split()  # noqa: SIM905
)
PATHS = [
    "m.pyc", "a/m.pyc", "only_top", "a/only_top", "docs/_build/i.html", "docs/_builder", "a/c/z.txt", "a/b/z.txt",
    "temp1", "temp12", "#hash", "with space", "q/w/deep", "x/y", "plain.py", "a/c/d/z.txt",
]  # fmt: skip


def test_verdicts_are_those_of_git(repository: Path) -> None:
    (repository / ".gitignore").write_text("\n".join([*PATTERNS, "with space "]) + "\n")
    asked = subprocess.run(
        ["git", "-C", str(repository), "check-ignore", "--stdin"],
        input="\n".join(PATHS),
        capture_output=True,
        text=True,
    )
    rules = IgnoreRules().entering(repository)

    def ours(path: str) -> bool:
        parents = [str(parent) for parent in Path(path).parents][:-1]
        above = (rules.ignores(f"{repository.as_posix()}/{parent}", folder=True) for parent in parents)
        return any(above) or rules.ignores(f"{repository.as_posix()}/{path}", folder=False)

    assert {path for path in PATHS if ours(path)} == set(asked.stdout.split("\n")) - {""}


def test_lines_that_are_no_patterns_do_not_spoil_the_others(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbf*.log\r\n!\n\\\n[z-a]\n\xff\n# comment\n*.tmp\n")
    rules = IgnoreRules().entering(tmp_path)

    ignored = [
        name for name in ("a.log", "b.tmp", "c.py") if rules.ignores(f"{tmp_path.as_posix()}/{name}", folder=False)
    ]
    assert ignored == ["a.log", "b.tmp"]


def test_rules_that_exclude_the_root_are_set_aside(repository: Path) -> None:
    (repository / ".gitignore").write_text("data/\n*.csv\n")
    (repository / "data").mkdir()
    (repository / "src").mkdir()

    assert rules_above(repository / "data") == IgnoreRules()
    assert rules_above(repository / "src").ignores(f"{repository.as_posix()}/src/a.csv", folder=False)


@pytest.mark.parametrize(
    "name", ["a.min.js", "A.MIN.CSS", "Cargo.lock", "x_pb2_grpc.py", "x.pb.go", "go.sum", "a.generated.ts"]
)
def test_generated_names(name: str) -> None:
    assert is_generated_name(name)


@pytest.mark.parametrize("name", ["lock.py", "map.py", "administration.js", "go.mod", "package.json", "generated.py"])
def test_names_of_sources(name: str) -> None:
    assert not is_generated_name(name)


def test_a_long_line_is_generated_only_in_scripts() -> None:
    assert is_generated_text("a.js", "x" * 6000)
    assert not is_generated_text("a.md", "x" * 6000)
