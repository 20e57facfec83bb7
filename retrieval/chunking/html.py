"""The outline of HTML: rows of the file as stored, by BeautifulSoup's line numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..reading.document import Document
from ..reading.html import markup_rows, parsed
from .headings import MAX_TITLE, Heading
from .outline import Draft, Mention
from .references_prose import resolve

if TYPE_CHECKING:
    from bs4 import Tag

_BLOCKS: Final = {
    **dict.fromkeys(("article", "section", "main", "nav", "header", "footer", "aside", "table", "form"), 9),
    **dict.fromkeys(("p", "div", "pre", "ul", "ol", "dl", "blockquote", "figure", "details"), 10),
    **dict.fromkeys(("li", "tr", "dt", "dd", "br", "option"), 16),
}
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_WANTED: Final = ["title", "a", *_HEADINGS, *_BLOCKS]


def mark_html(draft: Draft, document: Document) -> list[Heading]:
    """Mark blocks and links, drop scripts and styles, and tell the headings, the page's title first."""
    hidden, faint = markup_rows(document.text)
    draft.dropped |= hidden
    draft.faint |= faint
    last = len(document.lines) - 1
    headings: list[Heading] = []
    title = ""
    soup = parsed(document.text)
    for tag in soup.find_all(_WANTED) if soup is not None else ():
        row = min((tag.sourceline or 1) - 1, last)
        if tag.name == "a":
            _link(draft, document, tag, row)
        elif tag.name == "title":
            title = title or _words(tag)
        elif tag.name in _HEADINGS:
            if words := _words(tag):
                headings.append(Heading(row, int(tag.name[1]), words, min(row + 1, last)))
        else:
            draft.levels[row] = min(draft.levels[row], _BLOCKS[tag.name])
    if title and all(heading.title not in title for heading in headings if heading.level == 1):
        headings.insert(0, Heading(0, 0, title, 0))
    return sorted(headings, key=lambda heading: heading.row)


def _link(draft: Draft, document: Document, tag: Tag, row: int) -> None:
    target = resolve(str(tag.get("href") or ""), document.relative)
    if target:
        draft.mentions.append(Mention(row, "links", target))


def _words(tag: Tag) -> str:
    text = " ".join(re.sub("[\x00\ud800-\udfff]", "\ufffd", tag.get_text(" ")).split())
    return text[:MAX_TITLE]
