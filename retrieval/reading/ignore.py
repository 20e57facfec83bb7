"""What is left out by name: `.gitignore`, folders of other people's code, generated files.

Folders may be closed to us: `os.path` says no where `pathlib` raises.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

VCS_FOLDERS: Final = frozenset({".git", ".hg", ".svn", ".bzr", ".jj", "CVS", "_darcs"})
VENDORED_FOLDERS: Final = frozenset({
    "node_modules", "bower_components", "site-packages", "dist-packages", "vendor", "third_party", "thirdparty",
    "third-party", ".venv",
})  # fmt: skip
CACHE_FOLDERS: Final = frozenset({
    "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox", ".hypothesis",
    ".ipynb_checkpoints", ".eggs", ".gradle", ".cache", ".next", ".nuxt", ".svelte-kit", ".parcel-cache",
    ".terraform", ".serverless", ".idea", ".vs",
})  # fmt: skip
BUILD_FOLDERS: Final = frozenset({"build", "dist", "target", "htmlcov"})
_BUILD_INPUTS = ("__init__.py", "mod.rs", "package.json", "CMakeLists.txt", "Makefile")
_GENERATED_NAMES: Final = frozenset({
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lockb", "go.sum",
    "Package.resolved", "gradle.lockfile",
})  # fmt: skip
_GENERATED_NAME = re.compile(
    r"\.min\.(?:js|mjs|cjs|css|html)$|\.(?:map|lock)$|_pb2(?:_grpc)?\.pyi?$|\.pb\.(?:go|h|cc)$|\.pb\.gw\.go$|_generated\.\w+$"
    r"|\.generated\.\w+$|\.g\.(?:dart|cs)$|\.designer\.cs$|_grpc_web_pb\.js$|_pb\.js$|\.bundle\.js$|\.chunk\.js$",
    re.IGNORECASE,
)
_GENERATED_LINE = re.compile(
    r"^\s*(?:#|//|/\*|\*|--|<!--|;|%|\"\"\"|''')(?=.*(?:@generated\b|\bDO NOT (?:EDIT|MODIFY)\b|\bdo not edit\b"
    r"|\b(?:auto-?|automatically )generated (?:by|from|file)\b))",
    re.MULTILINE,
)
_HEAD: Final = 2048
_MINIFIED_LINE: Final = 5000
_MAX_IGNORE_FILE: Final = 1_000_000


def is_virtual_environment(folder: Path) -> bool:
    return os.path.isfile(folder / "pyvenv.cfg") or os.path.isdir(folder / "conda-meta")


def is_build_output(folder: Path) -> bool:
    """A folder named like a build's output that holds no source of its own (the package `build` is one that does)."""
    return not any(os.path.exists(folder / name) for name in _BUILD_INPUTS)


def is_generated_name(name: str) -> bool:
    return name in _GENERATED_NAMES or _GENERATED_NAME.search(name) is not None


def is_generated_text(name: str, text: str) -> bool:
    """A comment near the top that says so, or a script whose lines no person wrote."""
    if _GENERATED_LINE.search(text[:_HEAD]):
        return True
    script = name.lower().endswith((".js", ".mjs", ".cjs", ".css"))
    return script and max(map(len, text.split("\n")), default=0) > _MINIFIED_LINE


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The `.gitignore` files that apply to a folder, the outermost first."""

    specs: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def entering(self, folder: Path) -> IgnoreRules:
        """The rules for what stands in `folder`: these and its own `.gitignore`."""
        found = _spec(folder / ".gitignore")
        return IgnoreRules((*self.specs, (f"{folder.as_posix().rstrip('/')}/", found))) if found else self

    def ignores(self, path: str, *, folder: bool) -> bool:
        """Whether the innermost file that says anything about `path` excludes it."""
        for base, spec in reversed(self.specs):
            if path.startswith(base):
                verdict = spec.check_file(path[len(base) :] + ("/" if folder else "")).include
                if verdict is not None:
                    return verdict
        return False


def rules_above(root: Path) -> IgnoreRules:
    """The rules of the repository around `root`; none where they exclude the root, which was asked for by name."""
    rules = IgnoreRules()
    for folder in _repository_folders(root):
        if os.path.exists(folder / ".git") and (exclude := _spec(folder / ".git" / "info" / "exclude")):
            rules = IgnoreRules((*rules.specs, (f"{folder.as_posix().rstrip('/')}/", exclude)))
        if folder != root:
            rules = rules.entering(folder)
    is_folder = os.path.isdir(root)
    for parent in (root, *root.parents):
        if rules.ignores(parent.as_posix(), folder=parent != root or is_folder):
            return IgnoreRules()
    return rules


def _repository_folders(root: Path) -> Sequence[Path]:
    """From the folder that holds `.git` down to the root; only the root where there is no repository."""
    folders = [root]
    for folder in (root, *root.parents):
        if folder != root:
            folders.append(folder)
        if os.path.exists(folder / ".git"):
            return folders[::-1]
    return [root]


def _spec(path: Path) -> GitIgnoreSpec | None:
    from pathspec import GitIgnoreSpec

    try:
        if not os.path.isfile(path) or path.stat().st_size > _MAX_IGNORE_FILE:
            return None
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError:
        return None
    patterns = list(_patterns(text))
    return GitIgnoreSpec(patterns) if patterns else None


def _patterns(text: str) -> Iterator[GitIgnoreSpecPattern]:
    """The lines that are patterns: git, too, passes over those that are not."""
    from pathspec import GitIgnoreSpec

    for line in text.split("\n"):
        try:
            yield from GitIgnoreSpec.from_lines([line.rstrip("\r")]).patterns
        except (ValueError, re.error):
            continue
