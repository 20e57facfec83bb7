"""What is kept below a home is for its owner alone: folders 0700, files 0600, whatever the umask is.

A file that is made inside a folder of mode 0700 is out of reach from the first moment; its own mode is set so that it
stays so in a copy. SQLite gives its side files the mode of the database. Only what belongs to this user is changed,
and only bits of group and others are taken away.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600
OTHERS = 0o077  # the bits of group and others
UMASK = OTHERS
FOLDERS = ("collections", "models")
DATABASES = ("threads.sqlite",)
SIDE_FILES = ("", "-wal", "-shm", "-journal")
NAMES = frozenset({*FOLDERS, *(name + side for name in DATABASES for side in SIDE_FILES)})


@contextmanager
def owner_only() -> Iterator[None]:
    """Until the end, every file that this process makes is closed to others. For a process of ours: it is global."""
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


def make_folder(folder: Path, *, home: Path) -> None:
    """Make the folder and what is missing from `home` down to it; what is missing above is made as the system does."""
    home.parent.mkdir(parents=True, exist_ok=True)
    missing = [path for path in (folder, *folder.parents) if path == home or path.is_relative_to(home)]
    for path in reversed(missing):
        with suppress(FileExistsError):  # where it is a file, whoever opens something in it says so
            path.mkdir(mode=FOLDER_MODE)


def make_file(path: Path) -> None:
    """Make an empty file unless one is there: SQLite takes it for an empty database."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))


def close_home(home: Path) -> None:
    """Close what is ours in a home, and the home itself unless it holds things of others (as /tmp does).

    Where something at the top was open, an older version made this home, and everything below is closed too.
    """
    try:
        names = os.listdir(home)
    except OSError:  # whoever opens something in it says what is wrong
        return
    ours = [home / name for name in NAMES.intersection(names)]
    tops = [*ours, home.resolve()] if NAMES.issuperset(names) else ours
    if any([close(path) for path in tops]):
        for path in ours:
            close_tree(path)


def close_database(path: Path) -> None:
    """Close a database with its side files, and its folder."""
    close(path.parent)
    for side in SIDE_FILES:
        close(path.with_name(path.name + side))


def close_tree(folder: Path) -> None:
    """Close a folder and everything below it."""
    close(folder)
    if folder.is_symlink():
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                close_tree(Path(entry.path))
            else:
                close(Path(entry.path))


def close(path: Path) -> bool:
    """Take from group and others what they may do with a file or folder of this user, and say whether that was
    anything. A link is left alone."""
    with suppress(OSError):  # gone meanwhile, or a disk that cannot be written: the doctor says what is still open
        found = os.lstat(path)
        if _is_open(found) and found.st_uid == os.geteuid():
            os.chmod(path, stat.S_IMODE(found.st_mode) & ~OTHERS)
            return True
    return False


def opened_to_others(home: Path) -> list[Path]:
    """What is ours in a home and can be reached by others; nothing where the home is closed or not there."""
    if not home.is_dir() or not _is_open(os.stat(home)):
        return []
    names = os.listdir(home)
    reached = [path for name in sorted(NAMES.intersection(names)) for path in _reached(home / name)]
    return [home, *reached] if NAMES.issuperset(names) else reached


def owner_of_open_home(home: Path) -> int | None:
    """The user id of somebody else, whose home this is and others may read: it is left as it is."""
    with suppress(OSError):
        found = os.stat(home)
        if _is_open(found) and found.st_uid != os.geteuid():
            return found.st_uid
    return None


def _reached(path: Path) -> Iterator[Path]:
    found = os.lstat(path)
    if _is_open(found):
        yield path
        if stat.S_ISDIR(found.st_mode):
            for name in sorted(os.listdir(path)):
                yield from _reached(path / name)


def _is_open(found: os.stat_result) -> bool:
    return bool(found.st_mode & OTHERS) and not stat.S_ISLNK(found.st_mode)
