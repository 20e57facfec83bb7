"""One passage worth quoting, and what every kind of text does with its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

PassageKind = Literal["definition", "docstring", "comment", "prose", "example", "import", "code"]
MAX_CHARACTERS = 900
MAX_PARAGRAPH = 500
SENTENCES = 350

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[`*]*[A-Z0-9`])|(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class Passage:
    """A verbatim part of a text and the line (from 0) on which it starts.

    `label` is the definition or heading that it stands under, where the text says so. `shown` is what a reader sees of
    markup. `is_cut` says that a sentence or a definition goes on after it.
    """

    text: str
    line: int
    kind: PassageKind
    label: str = ""
    shown: str = ""
    is_cut: bool = False

    @property
    def words(self) -> str:
        return self.shown or self.text


def clip(text: str, most: int = MAX_CHARACTERS) -> str:
    if len(text) <= most:
        return text
    cut = text.rfind(" ", 0, most)
    return text[: cut if cut > 0 else most]


def first_sentence(text: str) -> str:
    """To the end of the first sentence, or of the first paragraph."""
    end = text.find("\n\n")
    match = _SENTENCE_END.search(text)
    ends = [at for at in (end, match.start() if match else -1) if at >= 0]
    return text[: min(ends)] if ends else text


def sentences(text: str) -> list[str]:
    ends = [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    return [said for start, end in pairwise([0, *ends]) if (said := text[start:end].strip())]


def paragraph(text: str, line: int, kind: PassageKind, label: str = "") -> Iterator[Passage]:
    """A paragraph whole, or a long one as runs of whole sentences."""
    for start, end in [(0, len(text))] if len(text) <= MAX_PARAGRAPH else _runs(text):
        piece = text[start:end]
        lead = len(piece) - len(piece.lstrip())
        said = piece.strip()
        if said:
            shown = clip(said)
            at = line + text.count("\n", 0, start + lead)
            yield Passage(shown, at, kind, label, is_cut=len(shown) < len(said))


def _runs(text: str) -> Iterator[tuple[int, int]]:
    start = last = 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
        if end - start > SENTENCES and last > start:
            yield start, last
            start = last
        last = end
    yield start, last
