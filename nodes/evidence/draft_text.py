"""A draft taken apart into sentences with the evidence ids that they cite, and put together again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_GROUP = re.compile(r"\s{,4}[\[(]\s{,4}(E[0-9a-fA-F]{3,}(?:\s{,4}[,;]\s{,4}E[0-9a-fA-F]{3,})*)\s{,4}[\])]")
_ID = re.compile(r"E[0-9a-fA-F]{3,}")
_PREFIX = re.compile(r"^\s*(?:(?:[-*+•]|\d{1,2}[.)])\s+|>\s?)?")
_FENCE = re.compile(r"^\s*(?:[-*+]\s+)?(`{3,}|~{3,})")
_END = re.compile(r"[.!?][\"'”’)*_`]*(?=\s|$)(?:\s*[\[(]\s*E[0-9a-fA-F]{3,}[^\])]*[\])])*")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|No|Fig|Dr|Mr|Ms)|\b[A-Z])\.$")
MARK = "(not verified)"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence (or fenced block) without its citations; `ids` are those it cites, existing or not."""

    text: str
    ids: tuple[str, ...]
    is_block: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    prefix: str
    sentences: tuple[Sentence, ...]


def parse(draft: str) -> list[Line]:
    """The draft's lines; a fenced block is one line of one sentence, citing what the line after its fence cites."""
    return list(_lines(draft.strip("\n").split("\n")))


def _lines(raw: list[str]) -> Iterator[Line]:
    at = 0
    while at < len(raw):
        fence = _FENCE.match(raw[at])
        if fence:
            end = next((i for i in range(at + 1, len(raw)) if raw[i].strip().startswith(fence[1])), len(raw) - 1)
            block = "\n".join(raw[at : end + 1])
            yield Line("", (Sentence(block, (), is_block=True),))
            at = end + 1
            continue
        yield _line(raw[at])
        at += 1


def _line(text: str) -> Line:
    match = _PREFIX.match(text)
    prefix = match.group() if match else ""
    return Line(prefix, tuple(_sentence(part) for part in _split(text[len(prefix) :]) if part.strip()))


def _split(text: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(text):
        if _ABBREVIATION.search(text[start : match.start() + 1]) or _inside_code(text[start : match.start()]):
            continue
        yield text[start : match.end()]
        start = match.end()
    yield text[start:]


def _inside_code(text: str) -> bool:
    return text.count("`") % 2 == 1


def _sentence(text: str) -> Sentence:
    ids = dict.fromkeys(i for group in _GROUP.finditer(text) for i in _ID.findall(group[1]))
    return Sentence(_GROUP.sub("", text).strip(), tuple(normal_id(i) for i in ids))


def normal_id(identifier: str) -> str:
    return "E" + identifier[1:].lower()


def rebuild(lines: list[Line], render: Callable[[Sentence], str | None]) -> str:
    """The text with each sentence as `render` gives it; None takes it away, and lines left empty with it."""
    out: list[str] = []
    for line in lines:
        if not line.sentences:
            out.append("")
            continue
        kept = [text for text in (render(sentence) for sentence in line.sentences) if text]
        if kept:
            out.append(line.prefix + " ".join(kept))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip()


def with_ids(text: str, ids: tuple[str, ...], *, marked: bool = False, apart: str = " ") -> str:
    cited = f"{apart}[{', '.join(ids)}]" if ids else ""
    return f"{text}{cited}{' ' + MARK if marked else ''}"
