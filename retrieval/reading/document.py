"""A file's bytes to a `Document`: its lines, its language, and for extracted text the page or cell of each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...domain import Language
from .contents import Contents
from .html import has_text
from .languages import language_of
from .notebook import notebook_cells
from .pdf import pdf_pages
from .text import UnreadableError, lines_of

__all__ = ["Document", "Place", "UnreadableError", "read_document", "relative_path"]

PlaceKind = Literal["page", "cell"]


@dataclass(frozen=True, slots=True)
class Place:
    """Lines `start`..`end` (1-based, inclusive) of an extracted text are page or cell `number` of the file."""

    start: int
    end: int
    kind: PlaceKind
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


def read_document(path: Path, data: bytes | Contents, root: Path) -> Document:
    """The document in `data`, which is what stands at `path` below `root`; raises UnreadableError(reason)."""
    contents = data if isinstance(data, Contents) else Contents(data)
    if not contents.data.strip():
        raise UnreadableError("empty")
    name = path.as_posix()
    relative = relative_path(path, root)
    suffix = path.suffix.lower()
    if suffix == ".pdf":
        return _assembled(name, relative, "pdf", [("page", n, "text", text) for n, text in pdf_pages(contents.data)])
    if suffix == ".ipynb":
        cells = notebook_cells(contents.text)
        return _assembled(name, relative, "notebook", [("cell", n, language, text) for n, language, text in cells])
    text = contents.text
    if not text.strip():
        raise UnreadableError("empty")
    language = language_of(name, text[:4096])
    if language == "html" and not has_text(text):
        raise UnreadableError("no text", "a page of markup only")
    return Document(name, relative, language, lines_of(text))


def _assembled(
    name: str, relative: str, language: Language, parts: Sequence[tuple[PlaceKind, int, Language, str]]
) -> Document:
    """Pages or cells one after the other, a blank line between them."""
    lines: list[str] = []
    places: list[Place] = []
    for kind, number, part_language, text in parts:
        part = lines_of(text)
        places.append(Place(len(lines) + 1, len(lines) + len(part), kind, number, part_language))
        lines += [*part, ""]
    if not places:
        raise UnreadableError("no text" if language == "pdf" else "empty")
    return Document(name, relative, language, tuple(lines[:-1]), tuple(places), extracted=True)


def relative_path(path: Path, root: Path) -> str:
    """The path in headers and references: from the root's parent, so that it does not say where a tree lies."""
    try:
        return path.relative_to(root.parent).as_posix()
    except ValueError:
        return path.name
