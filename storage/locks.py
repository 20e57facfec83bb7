"""Locks between processes: a file that the kernel unlocks when its holder dies. POSIX only."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from ..errors import IndexBusyError
from .faults import os_fault

WAIT_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.02

Gone = Callable[[], Exception]


@contextmanager
def locked(path: Path, what: str, wait: float, *, gone: Gone, holder: Path | None = None) -> Iterator[None]:
    """Hold the lock of a file, which then names this process. `what` is said of who waits in vain; `gone` is raised
    where the folder is not there. `holder` is the file that names the process in the way, where it is not this one."""
    deadline = time.monotonic() + wait
    while (descriptor := _try_lock(path, gone)) is None:
        if time.monotonic() >= deadline:
            raise _busy(what, wait, _pid_in(holder or path))
        time.sleep(POLL_SECONDS)
    try:
        if holder is None:
            with suppress(OSError):  # a courtesy to those who wait, which may not fit on a full disk
                os.pwrite(descriptor, f"{os.getpid():<20}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def locked_in_turn(path: Path, turn: Path, what: str, wait: float, *, gone: Gone) -> Iterator[None]:
    """The same, first come, first served: who waits holds the turn, so that one who lets go and comes back at once
    stands behind."""
    until = time.monotonic() + wait
    with ExitStack() as stack:
        with locked(turn, what, wait, gone=gone, holder=path):
            stack.enter_context(locked(path, what, max(0.0, until - time.monotonic()), gone=gone))
        yield


def is_locked(path: Path) -> bool:
    """Does a process hold the lock of this file now?"""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _busy(what: str, wait: float, pid: int | None) -> IndexBusyError:
    who = f"process {pid}" if pid else "another process"
    return IndexBusyError(f"{what} is in use by {who}; waited {wait:.0f} s. Wait for it to end, or stop it.", pid=pid)


def _try_lock(path: Path, gone: Gone) -> int | None:
    """The descriptor of the locked file, or None where another holds it or has just removed it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError as error:
        raise gone() from error
    except OSError as error:
        raise os_fault(path, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.stat(path).st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def _pid_in(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
