"""What an error of the disk means: only a damaged file is a damaged index, everything else leaves it as it is."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ..errors import CollectionError, DiskFullError, HomeError, IndexBusyError, IndexCorruptError

LEAST_FREE: Final = 4 << 20  # less is a full disk: opening a collection writes a little, and no error comes of it
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_CLOSED: Final = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})

Broken = Callable[[Path, str], CollectionError]


def os_fault(path: Path, error: OSError) -> CollectionError:
    """What the system said of a file or folder of the home."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full(path)
    return _closed(path, error.strerror or str(error))


def sqlite_fault(path: Path, error: sqlite3.Error, broken: Broken) -> CollectionError | None:
    """What SQLite said of a database, `broken` where it is damaged; None where the error is not the disk's."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return broken(path, str(error))
    if str(error).startswith("Could not decode to UTF-8"):  # Python's own word for a damaged text, which it repeats
        return broken(path, "a text in it is not UTF-8")
    if code in _CLOSED:
        return _closed(path, str(error))
    if code in _BUSY:
        return IndexBusyError(f"{path} is in use by another program ({error}). Wait for it to end, or stop it.")
    if code == sqlite3.SQLITE_FULL:
        return full(path)
    if code != sqlite3.SQLITE_IOERR:
        return None
    if error.sqlite_errorname == "SQLITE_IOERR_SHMSIZE" or shutil.disk_usage(path.parent).free < LEAST_FREE:
        return full(path)
    return CollectionError(f"{path} could not be read or written ({error}).", "Check the disk, then run it again.")


@contextmanager
def translated(path: Path, broken: Broken) -> Iterator[None]:
    """What the system or SQLite raises for a file comes as an error of ours that says how to mend it."""
    try:
        yield
    except OSError as error:
        raise os_fault(path, error) from error
    except sqlite3.Error as error:
        fault = sqlite_fault(path, error, broken)
        if fault is None:
            raise
        raise fault from error


def damaged(database: Path, reason: str) -> IndexCorruptError:
    name = database.parent.name
    return IndexCorruptError(
        f"The index of collection {name!r} cannot be read ({database}): {reason}.",
        f"Make it again: `hydragraph forget {name}`, then `hydragraph index PATH --name {name}`.",
    )


def full(path: Path) -> DiskFullError:
    return DiskFullError(
        f"The disk of {path} is full.",
        "Free some space and run it again; nothing is lost. `hydragraph forget COLLECTION` needs none.",
    )


def _closed(path: Path, reason: str) -> HomeError:
    return HomeError(
        f"{path} cannot be used: {reason}.",
        "HYDRAGRAPH_HOME (or --home) has to be a folder that you may read and write, even to search.",
    )
