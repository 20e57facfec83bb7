"""Which files of a tree are read, in a fixed order, and why each of the others is not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...errors import UsageError
from ..secrets import credentials as secrets
from . import ignore
from .languages import is_data, language_of
from .skipped import Skipped, SkipReason, trouble

MAX_BYTES: Final = 2_000_000  # index.max_bytes of the settings
# How many times `max_bytes` a file may have, as hydragraph.yaml says: pages, and pictures in cells, weigh more than
# their text; data says little for its size.
_ALLOWANCE: Final = {"pdf": 64, "notebook": 16}
_DATA_ALLOWANCE: Final = 10  # a tenth of it


@dataclass(frozen=True, slots=True)
class Found:
    """A file to be read."""

    path: Path
    root: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class _Options:
    include_secrets: bool
    max_bytes: int


def walk(
    roots: Sequence[Path],
    *,
    include_secrets: bool = False,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Found | Skipped]:
    """Every file below the roots once, sorted by path within a root; the outermost root comes first. None is opened:
    name and size decide."""
    options = _Options(include_secrets, max_bytes)
    seen: set[Path] = set()
    for root in _resolved(roots):
        for item in _below(root, options):
            if item.path not in seen:
                seen.add(item.path)
                yield item


def _resolved(roots: Sequence[Path]) -> list[Path]:
    resolved = set()
    for root in roots:
        try:
            resolved.add(root.resolve(strict=True))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UsageError(
                f"expected a file or a folder, but {str(root)!r} does not exist: check the path"
            ) from error
        except (OSError, RuntimeError) as error:
            raise UsageError(f"expected a file or a folder, but {str(root)!r} cannot be opened: {error}") from error
    return sorted(resolved, key=lambda path: (len(path.parts), os.fsencode(path)))


def _below(root: Path, options: _Options) -> Iterator[Found | Skipped]:
    if not os.path.isdir(root):
        yield _file(root, root, options)
        return
    stack = [(root, ignore.rules_above(root))]
    while stack:
        folder, outer = stack.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name), reverse=True)
        except OSError as error:
            yield Skipped(folder, trouble(error))
            continue
        rules = outer.entering(folder)
        deeper = []
        for entry in reversed(entries):
            path = folder / entry.name
            reason = _folder_or_link(entry, path, root, rules)
            if reason is not None:
                yield Skipped(path, reason, "a folder of build output" if reason == "generated" else "")
            elif entry.is_dir(follow_symlinks=False):
                deeper.append((path, rules))
            else:
                yield _file(path, root, options)
        stack.extend(reversed(deeper))


def _folder_or_link(entry: os.DirEntry[str], path: Path, root: Path, rules: ignore.IgnoreRules) -> SkipReason | None:
    """Why an entry is left out whatever it holds."""
    if not _is_utf8(entry.name):
        return "path not UTF-8"
    is_folder = entry.is_dir(follow_symlinks=False)
    if is_folder and entry.name in ignore.VCS_FOLDERS:
        return "version control"
    if rules.ignores(path.as_posix(), folder=is_folder):
        return "ignored"
    if entry.is_symlink():
        return _link(path, root)
    return _folder(path) if is_folder else None


def _folder(path: Path) -> SkipReason | None:
    if path.name in ignore.VENDORED_FOLDERS or ignore.is_virtual_environment(path):
        return "vendored"
    if path.name in ignore.CACHE_FOLDERS or path.name.endswith(".egg-info"):
        return "cache"
    return "generated" if path.name in ignore.BUILD_FOLDERS and ignore.is_build_output(path) else None


def _link(path: Path, root: Path) -> SkipReason:
    """Links below a root are never followed: what they point to is read where it stands, or lies outside."""
    try:
        target = path.resolve(strict=True)
    except RuntimeError:  # how Python up to 3.12 tells of a loop
        return "symlink loop"
    except OSError as error:
        return "dangling link" if isinstance(error, (FileNotFoundError, NotADirectoryError)) else trouble(error)
    if not target.is_relative_to(root):
        return "link out of root"
    return "symlink loop" if path.is_relative_to(target) else "link within root"


def _file(path: Path, root: Path, options: _Options) -> Found | Skipped:
    try:
        path.as_posix().encode()
        status = path.stat()
    except UnicodeEncodeError:
        return Skipped(path, "path not UTF-8")
    except OSError as error:
        return Skipped(path, trouble(error))
    if not stat.S_ISREG(status.st_mode):
        return Skipped(path, "not a regular file")
    found = Found(path, root, status.st_size, status.st_mtime_ns)
    return _by_name(found, options) or found


def _by_name(found: Found, options: _Options) -> Skipped | None:
    path = found.path
    if not options.include_secrets and secrets.is_secret_path(path.as_posix()):
        return Skipped(path, "secret", "the name of a key or of a file of credentials")
    if path != found.root and ignore.is_generated_name(path.name):
        return Skipped(path, "generated", "by its name")
    if found.size == 0:
        return Skipped(path, "empty")
    limit, rule = _limit(path, options.max_bytes)
    if found.size > limit:
        return Skipped(path, "over-large", f"{found.size:,} bytes; at most {limit:,} are read ({rule})")
    return None


def _limit(path: Path, max_bytes: int) -> tuple[int, str]:
    """The most bytes that a file like this may have, and where that comes from."""
    name = path.as_posix()
    if is_data(name):
        return max_bytes // _DATA_ALLOWANCE, f"a tenth of index.max_bytes for {path.suffix.lower()}"
    language = language_of(name)
    if (times := _ALLOWANCE.get(language, 1)) > 1:
        return max_bytes * times, f"{times} times index.max_bytes for {path.suffix.lower()}"
    return max_bytes, "index.max_bytes"


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
