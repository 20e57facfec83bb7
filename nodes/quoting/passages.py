"""A piece of evidence cut into passages worth quoting: definitions with what follows, paragraphs, examples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from ...domain import Evidence, FileSpan
from .passage import Passage
from .passages_code import code_passages
from .passages_html import html_passages
from .passages_prose import prose_passages

PROSE_SUFFIXES = frozenset({".md", ".markdown", ".mdx", ".rst", ".txt", ".text", ".pdf", ".adoc"})
HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})


def is_prose(item: Evidence) -> bool:
    """Documents and what hosts or the web bring are read as sentences, the rest as lines of code."""
    if not isinstance(item.source, FileSpan):
        return True
    path = PurePosixPath(item.source.path)
    return path.suffix.lower() in PROSE_SUFFIXES or (not path.suffix and path.name.isupper())  # README, LICENSE


def passages(item: Evidence) -> list[Passage]:
    """Every passage of the evidence, in order; each stands verbatim in its text."""
    return [passage for passage in _cut(item) if _says_something(passage.words)]


def _cut(item: Evidence) -> Iterator[Passage]:
    if isinstance(item.source, FileSpan) and PurePosixPath(item.source.path).suffix.lower() in HTML_SUFFIXES:
        return html_passages(item.text)
    return prose_passages(item.text) if is_prose(item) else code_passages(item.text, item.title)


def _says_something(text: str) -> bool:
    return sum(character.isalnum() for character in text) >= 4
