"""A file's bytes to a `Document`: its lines, its language, and for extracted text the page or cell of each line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..domain import Language
from .languages import language_of
from .readers_text import Unreadable, UnreadableError, decode, lines_of

__all__ = ["Document", "Place", "Unreadable", "UnreadableError", "read_document", "relative_path"]


@dataclass(frozen=True, slots=True)
class Place:
    """Lines `start`..`end` (1-based, inclusive) of an extracted text are page or cell `number` of the file."""

    start: int
    end: int
    kind: Literal["page", "cell"]
    number: int
    language: Language = "text"


@dataclass(frozen=True, slots=True)
class Document:
    """A file that can be chunked. Where `extracted`, `text` is not what is stored in the file and has to be kept."""

    path: str
    relative: str
    language: Language
    lines: tuple[str, ...]
    places: tuple[Place, ...] = ()
    extracted: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def read_document(path: Path, data: bytes, root: Path) -> Document:
    """The document in `data`, which is what stands at `path` below `root`; raises UnreadableError(reason)."""
    if not data.strip():
        raise UnreadableError("empty")
    name = path.as_posix()
    relative = relative_path(path, root)
    text = decode(data)
    if not text.strip():
        raise UnreadableError("empty")
    return Document(name, relative, language_of(name, text[:4096]), lines_of(text))


def relative_path(path: Path, root: Path) -> str:
    """The path as it stands in headers and references: from the root's parent, so that it does not say where a tree lies."""
    try:
        return path.relative_to(root.parent).as_posix()
    except ValueError:
        return path.name
