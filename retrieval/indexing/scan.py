"""What has changed below the roots since the last run: what to read, what is gone, what was left out and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ...errors import CollectionError, UsageError
from ..reading.skipped import Skipped, SkipReason
from ..reading.walk import Found, walk
from ..stores.manifest import NO_COUNTER, ChunkerStamp, FileRow, Manifest, Signature
from ..stores.texts import Store

GRAIN_NS = 2_000_000_000  # a file that changed this shortly before it was read may have changed again unseen
TROUBLE = frozenset({"no permission", "read error", "path not UTF-8", "path too long", "vanished"})
NAMED: tuple[SkipReason, ...] = ("secret", "over-large", "generated")  # each of these by name, the rest as a count


class ScanOptions(Protocol):
    @property
    def include_secrets(self) -> bool: ...
    @property
    def max_bytes(self) -> int: ...


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was left out whole, on purpose."""

    path: str
    reason: SkipReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """`absorbed` are roots of earlier runs inside those of this one; `troubled` what could not even be looked at, path
    and reason; `skipped` counts the rest of what is left out, `left_out` names those of it that should be known."""

    roots: list[str]
    absorbed: list[str]
    known: Mapping[str, FileRow]
    to_read: list[Found]
    gone: list[str]
    unchanged: int
    skipped: Mapping[str, int]
    left_out: list[LeftOut]
    troubled: list[tuple[str, str]]

    @property
    def hidden(self) -> set[str]:
        """Files that were indexed, and by the rules of this run are secret."""
        return {item.path for item in self.left_out if item.reason == "secret"} & self.known.keys()

    def without(self, skipped: Sequence[Skipped]) -> Scan:
        """The same after these of `to_read` were opened, and what they hold was not wanted."""
        paths = {item.path.as_posix() for item in skipped}
        for root in paths.intersection(self.roots):
            if root in self.known:
                raise _vanished(root)
        return replace(
            self,
            to_read=[item for item in self.to_read if item.path.as_posix() not in paths],
            gone=sorted({*self.gone, *(paths & self.known.keys())}),
            skipped=dict(Counter(self.skipped) + _counted(skipped)),
            left_out=_in_order([*self.left_out, *_left_out(skipped)]),
            troubled=sorted([*self.troubled, *_troubled(skipped)]),
        )


def scan(
    store: Store, roots: Sequence[Path], chunker: ChunkerStamp, options: ScanOptions, step: Callable[[], None]
) -> Scan:
    """Walk the roots (each whole, and the outermost known root of each) and compare with the manifest."""
    registered = store.roots()
    scope = outermost([*(_resolved(root, registered) for root in roots)], registered)
    earlier = dict.fromkeys([*registered, *store.file_roots()])
    absorbed = [root for root in earlier if root not in scope and _is_below_any(root, scope)]
    known = Manifest(store).rows([*scope, *absorbed])
    found: list[Found] = []
    skipped: list[Skipped] = []
    walked = walk([Path(root) for root in scope], include_secrets=options.include_secrets, max_bytes=options.max_bytes)
    for item in walked:
        step()
        if isinstance(item, Found):
            found.append(item)
        else:
            skipped.append(item)
    same = {item.path.as_posix() for item in found if _is_unchanged(item, known, chunker)}
    present = {item.path.as_posix() for item in found}
    _refuse_vanished(scope, known.values(), found, skipped)
    return Scan(
        roots=scope,
        absorbed=absorbed,
        known=known,
        to_read=[item for item in found if item.path.as_posix() not in same],
        gone=sorted(known.keys() - present),
        unchanged=len(same),
        skipped=dict(_counted(skipped)),
        left_out=_in_order(_left_out(skipped)),
        troubled=sorted(_troubled(skipped)),
    )


def _counted(skipped: Sequence[Skipped]) -> Counter[str]:
    return Counter(item.reason for item in skipped if item.reason not in TROUBLE)


def _troubled(skipped: Sequence[Skipped]) -> list[tuple[str, str]]:
    return [(_printable(item.path), item.reason) for item in skipped if item.reason in TROUBLE]


def _left_out(skipped: Sequence[Skipped]) -> list[LeftOut]:
    return [LeftOut(_printable(item.path), item.reason, item.detail) for item in skipped if item.reason in NAMED]


def _in_order(left_out: Sequence[LeftOut]) -> list[LeftOut]:
    return sorted(left_out, key=lambda item: (NAMED.index(item.reason), item.path))


def _is_unchanged(found: Found, known: Mapping[str, FileRow], chunker: ChunkerStamp) -> bool:
    row = known.get(found.path.as_posix())
    return row is not None and row.root == found.root.as_posix() and _is_same(row, found.path, chunker)


def cut_for_others(store: Store, chunker: ChunkerStamp) -> list[str]:
    """Roots with files whose chunks were cut for another embedder, or for none: they are cut anew together."""
    return [root for root, counter in store.file_counters() if counter != chunker.counter]


def outermost(roots: Sequence[str], registered: Sequence[str]) -> list[str]:
    """The roots to walk: each of `roots`, or the registered root that it lies in, without those inside another."""
    wide = {
        min((known for known in registered if _is_below_any(root, [known])), key=len, default=root) for root in roots
    }
    return sorted(root for root in wide if not any(root != other and _is_below_any(root, [other]) for other in wide))


def _is_below_any(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)


def _resolved(root: Path, registered: Sequence[str]) -> str:
    try:
        return root.resolve(strict=True).as_posix()
    except (OSError, RuntimeError) as error:
        absolute = Path(os.path.abspath(root)).as_posix()
        if absolute in registered:
            raise _vanished(absolute) from error
        why = getattr(error, "strerror", None) or error  # an OSError's own text names the path again
        raise UsageError(f"Expected a file or a folder to index, but {str(root)!r} cannot be opened: {why}") from error


def _refuse_vanished(
    scope: Sequence[str], known: Iterable[FileRow], found: Sequence[Found], skipped: Sequence[Skipped]
) -> None:
    """An empty folder where files used to be is more likely a disk that is not mounted than a wish to forget."""
    before = {row.root for row in known}
    there = [item.path.as_posix() for item in skipped]
    now = {item.root.as_posix() for item in found}
    now |= {root for root in scope if root not in there and any(_is_below_any(path, [root]) for path in there)}
    for root in scope:
        if root in before and root not in now:
            raise _vanished(root)


def _vanished(root: str) -> CollectionError:
    return CollectionError(
        f"{root} was indexed before, but nothing can be read there now (a disk that is not mounted?). The index is left"
        f" as it is; to drop it, run `hydragraph forget {root}`."
    )


def _is_same(row: FileRow, path: Path, chunker: ChunkerStamp) -> bool:
    """Whether a file is surely what it was when it was read, and would be cut as it was."""
    if not row.hash or not _fits_chunker(row.chunker, chunker):
        return False
    if max(row.mtime_ns, row.ctime_ns) + GRAIN_NS > row.seen_ns:
        return False
    return row.signature == signature(path)


def _fits_chunker(stored: ChunkerStamp, wanted: ChunkerStamp) -> bool:
    """A run without an embedder leaves what one with an embedder cut."""
    return stored == wanted or (wanted.counter == NO_COUNTER and replace(stored, counter=NO_COUNTER) == wanted)


def signature(path: Path) -> Signature:
    status = path.stat()
    return Signature(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _printable(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
