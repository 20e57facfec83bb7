"""What documents say by name: the targets of their links, the entities they mention, the code they quote."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import unquote

from ...domain import Chunk, Language, Reference
from ..reading.document import Document
from .outline import Mention

MAX_TARGET: Final = 500
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
_URL = re.compile(r"https?://[^\s<>\"'`\])}|\\]+")
_MARKDOWN_LINK = re.compile(r"(?<!!)\[[^\]\[]{0,300}\]\(\s*<?([^)\s>]+)")
_MARKDOWN_TARGET = re.compile(r" {0,3}\[[^\]^]+\]:\s*<?([^\s>]+)")
_WIKI_LINK = re.compile(r"\[\[([^\]|#\n]{1,200})")
_RST_LINK = re.compile(r"`[^`<]{0,300}<([^>`]+)>`__?")
_RST_TARGET = re.compile(r"\s*\.\. _[^:]+:\s+(\S+)")
_RST_PAGE = re.compile(r":doc:`(?:[^`<]*<)?([^`>]+)>?`|^\s*\.\. (?:literal)?include::\s+(\S+)")
_RST_ROLE = re.compile(r":(?:[a-z]+:)?(?:class|func|meth|mod|attr|obj|exc|data|ref|term):`(?:[^`<]*<)?~?([^`>]+)>?`")
_TOCTREE = re.compile(r"(\s*)\.\. toctree::")
_CODE = re.compile(r"(`{1,2})([A-Za-z_][\w.:]{1,80}?)(?:\(\))?\1")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_TAG = re.compile(r"<[^<>]{0,2000}>")


def fences(lines: Sequence[str], rows: range) -> frozenset[int]:
    """Rows inside Markdown's code fences, the fences themselves included."""
    inside: set[int] = set()
    fence = ""
    for row in rows:
        match = _FENCE.match(lines[row].rstrip())
        if fence:
            inside.add(row)
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
        elif match:
            inside.add(row)
            fence = match[1]
    return frozenset(inside)


def links(document: Document, language: Language, rows: range, skipped: frozenset[int]) -> Iterator[Mention]:
    """The links of plain, Markdown and reStructuredText lines, outside code."""
    toctree = -1
    for row in rows:
        line = document.lines[row][: 20 * MAX_TARGET]
        if row in skipped or not line.strip():
            continue
        targets = list(_targets(line, language))
        if language == "rst":
            toctree, entry = _toctree(line, toctree)
            targets += entry
        for target in targets:
            if name := resolve(target, document.relative):
                yield Mention(row, "links", name)


def _targets(line: str, language: Language) -> Iterator[str]:
    for match in _URL.finditer(line):
        yield match[0].rstrip(".,;:!?'*_")
    if language == "markdown":
        yield from (match[1] for match in _MARKDOWN_LINK.finditer(line))
        yield from (match[1] for match in _MARKDOWN_TARGET.finditer(line))
        yield from (match[1].strip() + ".md" for match in _WIKI_LINK.finditer(line))
    elif language == "rst":
        yield from (match[1] for match in _RST_LINK.finditer(line))
        yield from (match[1] for match in _RST_TARGET.finditer(line))
        yield from (match[2] or match[1] + ".rst" for match in _RST_PAGE.finditer(line))


def _toctree(line: str, indent: int) -> tuple[int, list[str]]:
    """The indent of the open toctree (-1 for none), and the page that this line of it names."""
    if match := _TOCTREE.match(line):
        return len(match[1]), []
    if indent < 0 or len(line) - len(line.lstrip()) <= indent:
        return -1, []
    entry = line.strip()
    if entry.startswith(":"):
        return indent, []
    page = entry[entry.rfind("<") + 1 : -1] if entry.endswith(">") else entry
    return indent, [page if page.endswith(".rst") else f"{page}.rst"]


def resolve(target: str, relative: str) -> str:
    """A link's target as others name it: a URL without its fragment, or a path from the root's parent."""
    target = target.strip().split("#", 1)[0]
    if not target or len(target) > MAX_TARGET:
        return ""
    if _SCHEME.match(target):
        return target if target.startswith(("http://", "https://")) else ""
    path = unquote(target.split("?", 1)[0])
    base = relative.split("/", 1)[0] if path.startswith("/") and "/" in relative else posixpath.dirname(relative)
    joined = posixpath.normpath(posixpath.join(base, path.lstrip("/")))
    return "" if joined.startswith("..") or joined == "." or "\x00" in joined else joined


def mentions(document: Document, chunks: Sequence[Chunk]) -> Iterator[Reference]:
    """The entities and the quoted code of each chunk of prose."""
    from ...text.entities import entities

    cells = [place for place in document.places if place.kind == "cell" and place.language != "markdown"]
    for chunk in chunks:
        if any(place.start <= chunk.start_line <= place.end for place in cells):
            continue
        text = _TAG.sub(" ", chunk.text) if chunk.language == "html" else chunk.text
        names = set(entities(text))
        for match in _CODE.finditer(text):
            names.update(_code_names(match[2]))
        if chunk.language == "rst":
            for match in _RST_ROLE.finditer(text):
                names.update(_code_names(match[1]))
        yield from (Reference(chunk.id, "mentions", name) for name in names if name)


def _code_names(written: str) -> Iterator[str]:
    """`sqlalchemy.orm.Session` as the entities are written: by its last part, and by its last two."""
    from ...text.entities import fold

    parts = [part for part in re.split(r"[.:\s/]+", written) if part]
    yield from {fold(" ".join(parts[-count:])) for count in (1, 2)}
