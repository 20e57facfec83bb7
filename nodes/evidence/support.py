"""Measured support: do the quotes, numbers and identifiers of each sentence stand in the spans that it cites?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ...domain import Evidence, FileSpan
from ...text.words import identifiers, share, stems
from ..channels import Quoted
from ..quoting.passage import sentences
from ..quoting.passages import passages
from .draft_text import Line, Sentence, parse, rebuild, with_ids

Standing = Literal["supported", "weak", "unsupported", "neutral"]
WORTH: Mapping[Standing, float] = {"supported": 1.0, "weak": 0.5, "unsupported": 0.0, "neutral": 0.0}
ENOUGH_WORDS = 0.4  # of a cited sentence's words stand in its spans
ENOUGH_WORDS_WITH_CLAIMS = 0.2
FEW_WORDS = 0.25
UNCITED_WORDS = 0.5  # of a sentence without a valid id, to give it the id of the span that carries it
BLOCK_LINES = 0.8

_TICKS = re.compile(r"`([^`\n]+)`")
_QUOTES = re.compile(r"[\"“]([^\"“”\n]{3,}?)[\"”]")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w])")
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Span:
    """A piece of evidence as a place to look things up in."""

    item: Evidence

    @cached_property
    def flat(self) -> str:
        return _flat(f"{self.item.text}\n{self.item.title}\n{self.item.source}")

    @cached_property
    def names(self) -> set[str]:
        return set(_NAME.findall(self.flat))

    @cached_property
    def numbers(self) -> set[str]:
        found = set(re.findall(r"\d+(?:[.,]\d+)*", self.flat)) | set(re.findall(r"\d+", self.flat))
        source = self.item.source
        if isinstance(source, FileSpan):
            found |= {str(line) for line in range(source.start, source.end + 1)}
        return found | {re.sub("[,_]", "", number) for number in re.findall(r"\d+(?:[,_]\d+)+", self.flat)}

    @cached_property
    def stems(self) -> set[str]:
        return stems(self.flat)


@dataclass(frozen=True, slots=True)
class Checked:
    sentence: Sentence
    standing: Standing
    ids: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Every sentence with its standing. `score` is the share that stands, a weak sentence counting half; where none is
    supported it is 0, for what is only weak is nothing to rest on."""

    lines: tuple[Line, ...]
    checked: tuple[Checked, ...]

    @property
    def score(self) -> float:
        said = [check for check in self.checked if check.standing != "neutral"]
        if not self.having("supported"):
            return 0.0
        return sum(WORTH[check.standing] for check in said) / len(said)

    def having(self, standing: Standing) -> list[Checked]:
        return [check for check in self.checked if check.standing == standing]


def check_draft(draft: str, evidence: Sequence[Evidence]) -> Report:
    spans = {item.id: Span(item) for item in evidence}
    lines = parse(draft)
    return Report(tuple(lines), tuple(_check(s, spans) for line in lines for s in line.sentences))


def _check(sentence: Sentence, spans: Mapping[str, Span]) -> Checked:
    if sentence.is_block:
        return _check_block(sentence, spans)
    ids = tuple(i for i in sentence.ids if i in spans)
    if not ids:
        return _check_uncited(sentence, spans)
    cited = [spans[i] for i in ids]
    missing = tuple(claim for claim in claims(sentence.text) if not any(stands(claim, span) for span in cited))
    if missing:
        return Checked(sentence, "unsupported", ids, missing)
    overlap = _overlap(sentence.text, cited)
    needed = ENOUGH_WORDS_WITH_CLAIMS if claims(sentence.text) else ENOUGH_WORDS
    if overlap >= needed:
        return Checked(sentence, "supported", ids)
    return Checked(sentence, "weak" if overlap >= FEW_WORDS else "unsupported", ids)


def _check_uncited(sentence: Sentence, spans: Mapping[str, Span]) -> Checked:
    """No id that exists: the span that carries the sentence is looked for; else it may only lead over."""
    said = claims(sentence.text)
    carrying = [i for i, span in spans.items() if all(stands(claim, span) for claim in said)]
    best = max(carrying, key=lambda i: _overlap(sentence.text, [spans[i]]), default=None)
    if best is not None and _overlap(sentence.text, [spans[best]]) >= UNCITED_WORDS and len(stems(sentence.text)) > 2:
        return Checked(sentence, "supported", (best,))
    if sentence.ids or said:
        return Checked(sentence, "unsupported", (), tuple(said))
    leads_over = sentence.text.endswith(":") or sentence.text.startswith("#") or len(stems(sentence.text)) <= 3
    return Checked(sentence, "neutral" if leads_over else "weak", ())


def _check_block(sentence: Sentence, spans: Mapping[str, Span]) -> Checked:
    code = [_flat(line) for line in sentence.text.split("\n")[1:-1] if line.strip()]
    if not code:
        return Checked(sentence, "neutral", ())
    shares = {i: sum(line in span.flat for line in code) / len(code) for i, span in spans.items()}
    best = max(shares, key=shares.__getitem__, default=None)
    if best is not None and shares[best] >= BLOCK_LINES:
        return Checked(sentence, "supported", (best,))
    return Checked(sentence, "unsupported", ())


def claims(text: str) -> list[str]:
    """What a sentence says that can be looked up: code in backticks, quotes, identifiers, numbers."""
    ticks = [match[1].strip() for match in _TICKS.finditer(text)]
    bare = _TICKS.sub(" ", text)
    quotes = [match[1].strip() for match in _QUOTES.finditer(bare)]
    bare = _QUOTES.sub(" ", bare)
    return list(dict.fromkeys([*filter(None, ticks), *quotes, *identifiers(bare), *_NUMBER.findall(bare)]))


def stands(claim: str, span: Span) -> bool:
    """Verbatim, or every name and number in it as a whole word."""
    flat = _flat(claim)
    if _NUMBER.fullmatch(flat):
        return flat in span.numbers or flat.replace(",", "") in span.numbers
    if len(flat) >= 3 and re.search(rf"(?<!\w){re.escape(flat)}(?!\w)", span.flat):
        return True
    names = _NAME.findall(flat)
    is_prose = len(flat.split()) > 2 and not identifiers(flat)
    if is_prose or not names:
        return bool(flat) and flat.lower() in span.flat.lower()
    return all(name in span.names for name in names) and all(n in span.numbers for n in _NUMBER.findall(flat))


def _overlap(text: str, spans: Sequence[Span]) -> float:
    said = stems(text)
    if not said:
        return 0.0
    return share(said, set().union(*(span.stems for span in spans)))


def _flat(text: str) -> str:
    return " ".join(text.split())


def supported_text(report: Report) -> str:
    """The draft without what does not stand; what could not be verified is marked."""
    by_sentence = {id(check.sentence): check for check in report.checked}

    def render(sentence: Sentence) -> str | None:
        check = by_sentence[id(sentence)]
        if check.standing == "unsupported":
            return None
        if sentence.is_block:
            return with_ids(sentence.text, check.ids, apart="\n")
        return with_ids(sentence.text, check.ids, marked=check.standing == "weak")

    return rebuild(list(report.lines), render)


def quotes_of(report: Report, evidence: Sequence[Evidence]) -> list[Quoted]:
    """For each id that the kept sentences cite, the words of its span that come closest to the first of them."""
    items = {item.id: item for item in evidence}
    quotes: dict[str, Quoted] = {}
    for check in report.checked:
        if check.standing in ("supported", "weak"):
            for cited in check.ids:
                quotes.setdefault(cited, {"id": cited, "quote": closest(check.sentence.text, items[cited])})
    return list(quotes.values())


def closest(text: str, item: Evidence) -> str:
    """The passage with most of the sentence's claims, then of its words; verbatim."""
    said, wanted = claims(text), stems(text)
    cut = passages(item)
    pool = [said for p in cut for said in (sentences(p.text) if p.kind == "prose" else [p.text])] or [item.text]
    return max(pool, key=lambda p: (sum(claim in p for claim in said), share(wanted, stems(p)), -len(p)))
