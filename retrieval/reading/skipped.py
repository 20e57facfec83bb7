"""What is left out of an index on purpose, or because it cannot be looked at, and why."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SkipReason = Literal[
    "ignored",  # .gitignore or .git/info/exclude
    "version control",
    "vendored",  # other people's code: node_modules, .venv, site-packages, vendor, ...
    "cache",
    "generated",  # build output, lock files, minified or marked as generated
    "binary",
    "empty",  # nothing but white space
    "over-large",
    "secret",  # a key file, or a file of credentials
    "no permission",
    "symlink loop",
    "dangling link",
    "link out of root",
    "link within root",  # its target is read at its own path
    "not a regular file",  # fifo, socket, device
    "path not UTF-8",
    "vanished",  # gone between listing and reading
    "path too long",  # for the system
    "read error",
]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a whole folder, that is left out. `detail` says more where the reason alone is no help."""

    path: Path
    reason: SkipReason
    detail: str = ""


def trouble(error: OSError) -> SkipReason:
    """What the system said of a path that cannot be opened."""
    if isinstance(error, PermissionError):
        return "no permission"
    if isinstance(error, FileNotFoundError):
        return "vanished"
    named: Mapping[int | None, SkipReason] = {errno.ELOOP: "symlink loop", errno.ENAMETOOLONG: "path too long"}
    return named.get(error.errno, "read error")
