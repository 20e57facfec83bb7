"""Passages of HTML: what a reader of the page sees, with the source that it is cut from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

from .passage import MAX_CHARACTERS, Passage, PassageKind, paragraph

_SKIPPED = "head style script template svg nav noscript select button iframe object math"
_TITLES = "h1 h2 h3 h4 h5 h6 title"
_WITHIN = """
    a abbr b bdi bdo cite code data del dfn em font i img ins kbd label mark q s samp small span strike strong sub sup
    time tt u var wbr"""
_UNSEEN, _HEADINGS, _INLINE = (frozenset(names.split()) for names in (_SKIPPED, _TITLES, _WITHIN))
_TAG = re.compile(r"<[^<>]{0,2000}>")


def html_passages(text: str) -> Iterator[Passage]:
    reader = _Reader(text)
    reader.feed(text)
    reader.close()
    reader.end_block()
    return iter(reader.passages)


def visible(markup: str) -> str:
    return unescape(_TAG.sub("", markup))


class _Reader(HTMLParser):
    """Collects runs of text between block tags. A part of a page may begin or end within any element."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self.passages: list[Passage] = []
        self._source = source
        self._starts = [0]
        for line in source.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._pieces: list[tuple[int, int]] = []
        self._unseen: list[str] = []
        self._heading = ""
        self._block = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self.end_block()
            self._unseen.append(tag)
        elif tag not in _INLINE:
            self.end_block()
            self._block = tag

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            del self._unseen[self._unseen.index(tag) :]
        elif tag in _UNSEEN:  # it was opened before this part of the page
            self.passages.clear()
            self._pieces.clear()
        elif tag not in _INLINE:
            self.end_block()

    def handle_data(self, data: str) -> None:
        self._add(len(data))

    def handle_entityref(self, name: str) -> None:
        self._add(len(name) + 2)

    def handle_charref(self, name: str) -> None:
        self._add(len(name) + 3)

    def _add(self, size: int) -> None:
        line, column = self.getpos()
        start = self._starts[line - 1] + column
        if not self._unseen and self._source[start : start + size].strip():
            self._pieces.append((start, min(start + size, len(self._source))))

    def end_block(self) -> None:
        pieces, block, self._pieces, self._block = self._pieces, self._block, [], ""
        if not pieces:
            return
        start, end = pieces[0][0], pieces[-1][1]
        said = " ".join(visible(self._source[start:end]).split())
        if block in _HEADINGS:
            self._heading = said
        elif end - start <= MAX_CHARACTERS:
            self._keep(start, end, "code" if block == "pre" else "prose")
        else:
            for first, last in pieces:
                self._keep(first, last, "prose")

    def _keep(self, start: int, end: int, kind: PassageKind) -> None:
        source = self._source[start:end]
        line = self._source.count("\n", 0, start)
        if "<" not in source and "&" not in source and kind == "prose":
            self.passages += paragraph(source, line, kind, self._heading)
            return
        line += source[: len(source) - len(source.lstrip())].count("\n")
        self.passages.append(Passage(source.strip(), line, kind, self._heading, visible(source).strip()))
