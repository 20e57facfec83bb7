"""Which files of a tree are found, in which order, and what is left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hydragraph.errors import UsageError
from hydragraph.retrieval.reading.contents import Contents, read_contents, unwanted
from hydragraph.retrieval.reading.skipped import Skipped
from hydragraph.retrieval.reading.walk import Found, walk

Tree = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Tree:
    """Files by name under one root: `make("a.py", ("b.py", "text"))`."""

    def build(*files: str | tuple[str, str], root: str = "root") -> Path:
        for file in files:
            name, text = file if isinstance(file, tuple) else (file, "x = 1\n")
            path = tmp_path / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / root

    return build


def looked_at(root: Path, *, include_secrets: bool = False, **options: int) -> Iterator[Found | Skipped]:
    """What the walk finds, and of that what the contents say."""
    for item in walk([root], include_secrets=include_secrets, **options):
        yield opened(item, include_secrets) if isinstance(item, Found) else item


def opened(item: Found, include_secrets: bool) -> Found | Skipped:
    contents = read_contents(item.path)
    if isinstance(contents, Skipped):
        return contents
    return unwanted(item.path, item.root, contents, include_secrets=include_secrets) or item


def found(root: Path, **options: Any) -> list[str]:
    return [i.path.relative_to(root).as_posix() for i in looked_at(root, **options) if isinstance(i, Found)]


def skipped(root: Path, **options: Any) -> dict[str, str]:
    items = looked_at(root, **options)
    return {i.path.relative_to(root).as_posix(): i.reason for i in items if isinstance(i, Skipped)}


def test_order_is_by_name_and_files_come_before_the_folders_beside_them(make: Tree) -> None:
    root = make("b/z.py", "b/a.py", "a/x/y.py", "a/w.py", "c.py", "B.py", "é.py")

    assert found(root) == ["B.py", "c.py", "é.py", "a/w.py", "a/x/y.py", "b/a.py", "b/z.py"]


def test_a_found_file_carries_its_size_time_and_root(make: Tree) -> None:
    root = make(("a.py", "x = 12\n"))
    (item,) = walk([root])

    assert item == Found(root / "a.py", root, 7, (root / "a.py").stat().st_mtime_ns)


def test_a_file_can_be_a_root(make: Tree) -> None:
    root = make("a.py", "b.py")

    assert [item.path for item in walk([root / "b.py"])] == [root / "b.py"]


def test_overlapping_roots_give_each_file_once_and_to_the_outermost(make: Tree) -> None:
    root = make("a.py", "sub/b.py")
    items = list(walk([root / "sub", root, root / "sub" / "b.py"]))

    assert [(i.path, i.root) for i in items if isinstance(i, Found)] == [
        (root / "a.py", root),
        (root / "sub/b.py", root),
    ]


def test_a_root_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        list(walk([tmp_path / "nowhere"]))


def test_a_root_that_is_a_link_is_followed(make: Tree, tmp_path: Path) -> None:
    root = make("a.py")
    (tmp_path / "link").symlink_to(root)

    assert [item.path for item in walk([tmp_path / "link"])] == [root / "a.py"]


def test_gitignore_nests_and_negates(make: Tree) -> None:
    root = make(
        (".gitignore", "*.log\n/top.py\nout/\n"),
        "a.log", "top.py", "out/b.py", "sub/top.py",
        ("sub/.gitignore", "!keep.log\nlocal.py\n"), "sub/keep.log", "sub/other.log", "sub/local.py", "local.py",
    )  # fmt: skip

    assert found(root) == [".gitignore", "local.py", "sub/.gitignore", "sub/keep.log", "sub/top.py"]
    assert skipped(root) == dict.fromkeys(["a.log", "top.py", "out", "sub/other.log", "sub/local.py"], "ignored")


def test_the_repository_around_a_root_has_its_say(make: Tree) -> None:
    repository = make(
        (".git/info/exclude", "private.py\n"), (".gitignore", "*.tmp\npkg/drop.py\n"),
        "pkg/keep.py", "pkg/drop.py", "pkg/a.tmp", "pkg/private.py",
    )  # fmt: skip

    assert found(repository / "pkg") == ["keep.py"]


def test_a_root_asked_for_by_name_is_read_though_it_is_ignored_hidden_or_vendored(make: Tree) -> None:
    root = make((".gitignore", "data/\n"), (".git/HEAD", "x"), "data/a.py", ".hidden/b.py", "node_modules/pkg/c.py")

    assert found(root / "data") == ["a.py"]
    assert found(root / ".hidden") == ["b.py"]
    assert found(root / "node_modules") == ["pkg/c.py"]
    assert [i.path.name for i in walk([root / "data" / "a.py"]) if isinstance(i, Found)] == ["a.py"]


def test_folders_of_others_are_left_out_whole(make: Tree) -> None:
    root = make(
        "node_modules/a.js", ".venv/b.py", "env/pyvenv.cfg", "env/c.py", "lib/site-packages/d.py", "vendor/e.go",
        "third_party/f.c", "__pycache__/g.py", ".tox/h.py", ".git/config", ".hg/i", "pkg.egg-info/PKG-INFO",
        "dist/j.py",
        "target/k.rs", ".github/l.yml",
    )  # fmt: skip

    assert found(root) == [".github/l.yml"]
    assert skipped(root) == {
        "node_modules": "vendored", ".venv": "vendored", "env": "vendored", "lib/site-packages": "vendored",
        "vendor": "vendored", "third_party": "vendored", "__pycache__": "cache", ".tox": "cache",
        ".git": "version control", ".hg": "version control", "pkg.egg-info": "cache", "dist": "generated",
        "target": "generated",
    }  # fmt: skip


def test_a_package_called_build_is_source(make: Tree) -> None:
    assert found(make("src/build/__init__.py", "src/build/env.py")) == ["src/build/__init__.py", "src/build/env.py"]


def test_generated_files_are_told_by_name_or_by_a_comment_near_the_top(make: Tree) -> None:
    root = make(
        "a.min.js", "b_pb2.py", "uv.lock", "yarn.lock", "c.js.map",
        ("d.go", "// Code generated by mockgen. DO NOT EDIT.\n"), ("e.py", "# @generated\nx = 1\n"),
        ("f.html", "<!-- automatically generated by doxygen -->\n<p>x</p>\n"), ("g.js", "x;" * 4000),
        ("h.py", 'MARK = "DO NOT EDIT"\n'), ("i.md", "Do not edit the wiki by hand.\n"),
        ("j.py", "x = 1\n" * 1000 + "# DO NOT EDIT\n"),
    )  # fmt: skip

    assert found(root) == ["h.py", "i.md", "j.py"]
    assert set(skipped(root).values()) == {"generated"}


def test_limits_depend_on_what_a_file_holds(make: Tree) -> None:
    root = make(*((f"a.{suffix}", "x\n" * 600) for suffix in ("py", "md", "json", "ipynb")))

    assert skipped(root, max_bytes=1200) == {"a.json": "over-large"}
    assert skipped(root, max_bytes=1000) == dict.fromkeys(["a.py", "a.md", "a.json"], "over-large")
    assert set(skipped(root, max_bytes=50)) == {"a.py", "a.md", "a.json", "a.ipynb"}
    assert skipped(root, max_bytes=12_000) == {}


def test_what_is_over_large_says_its_size_and_the_limit(make: Tree) -> None:
    root = make(*((f"a.{suffix}", "x\n" * 600) for suffix in ("py", "csv", "ipynb")))

    details = {i.path.name: i.detail for i in walk([root], max_bytes=70) if isinstance(i, Skipped)}
    assert details == {
        "a.py": "1,200 bytes; at most 70 are read (index.max_bytes)",
        "a.csv": "1,200 bytes; at most 7 are read (a tenth of index.max_bytes for .csv)",
        "a.ipynb": "1,200 bytes; at most 1,120 are read (16 times index.max_bytes for .ipynb)",
    }


def test_what_is_left_out_on_purpose_says_why(make: Tree) -> None:
    root = make(
        ".npmrc", "uv.lock", "dist/a.py", ("b.py", "# @generated\n"), ("key", "-----BEGIN " + "PRIVATE KEY-----\n")
    )

    assert {i.path.name: (i.reason, i.detail) for i in looked_at(root) if isinstance(i, Skipped)} == {
        ".npmrc": ("secret", "the name of a key or of a file of credentials"),
        "key": ("secret", "a private key"),
        "uv.lock": ("generated", "by its name"),
        "b.py": ("generated", "its text says so, or has no lines that a person wrote"),
        "dist": ("generated", "a folder of build output"),
    }


def test_an_empty_file_is_no_trouble(make: Tree) -> None:
    root = make(("__init__.py", ""), ("py.typed", ""), ("blank.md", " \n\n"), ("bom.txt", "\ufeff"), "a.py")

    assert found(root) == ["a.py"]
    assert skipped(root) == dict.fromkeys(["__init__.py", "py.typed", "blank.md", "bom.txt"], "empty")


def test_files_of_secrets_are_left_out_unless_asked_for(make: Tree) -> None:
    key = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEowIBAAKCAQEAx7\n"
    root = make(".env", "server.pem", ("deploy", key), ("a.py", f'KEY = "{"AKIA" + "Q3ZX7M2K5T9W4RBD"}"\n'))

    assert skipped(root) == {".env": "secret", "server.pem": "secret", "deploy": "secret"}
    assert found(root, include_secrets=True) == [".env", "a.py", "deploy", "server.pem"]
    assert [i.reason for i in walk([root / ".env"]) if isinstance(i, Skipped)] == ["secret"]


def test_the_walk_opens_no_file(make: Tree) -> None:
    root = make(("a.py", "\x00"), ("b.py", "x = 1\n"))

    assert [item.path.name for item in walk([root]) if isinstance(item, Found)] == ["a.py", "b.py"]
    assert found(root) == ["b.py"]


def test_contents_are_decoded_once() -> None:
    contents = Contents("größer".encode())
    assert contents.text is contents.text is contents.guess


def test_a_file_of_ignore_rules_that_is_no_file_says_nothing(make: Tree) -> None:
    root = make("a.py", ".gitignore/b.py")

    assert found(root) == ["a.py", ".gitignore/b.py"]


def test_a_path_longer_than_the_system_takes_is_said_to_be(make: Tree) -> None:
    root = make("a.py")
    folder, depth = os.open(root, os.O_RDONLY), 0
    while depth < 20:  # one by one, for the whole path is too long to be made
        os.mkdir("d" * 250, dir_fd=folder)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder, depth = inner, depth + 1
    os.close(os.open("deep.py", os.O_WRONLY | os.O_CREAT, dir_fd=folder))
    os.close(folder)
    [left_out] = [item for item in walk([root]) if isinstance(item, Skipped)]
    assert left_out.reason == "path too long"
    assert found(root) == ["a.py"]
