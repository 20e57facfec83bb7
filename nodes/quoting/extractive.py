"""The answerer that needs no model: it quotes, word for word, what fits the question best.

Pure: question and evidence in, quotes out. What a document says is quoted and never obeyed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...domain import Evidence
from ...text.question import Asked, read_question
from ...text.words import stem, stems, words
from .passage import Passage
from .passages import passages
from .source_priors import standings

MAX_PER_EVIDENCE = 2
WORTH = 0.5  # a further quote must reach this share of the best one's value
SECOND_WORTH = 0.4  # so must the first one of a second source, which also has a word of the question itself
REPEATED = 0.35  # what a question's word is worth once a chosen quote has it
AROUND = 0.6  # what it is worth in the label of a passage instead of its words
PHRASE = 0.15  # two words of the question next to each other, as the question has them
FIELDS = 0.2  # what the parameters of a function are says little of what it is
BONUS = {
    "definition": 0.16, "docstring": 0.16, "comment": 0.08, "prose": 0.1, "example": 0.05, "import": -0.3, "code": 0.0,
}  # fmt: skip
SHOWN_AS_CODE = frozenset({"definition", "comment", "import", "code", "example"})


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim passage of one piece of evidence; `line` counts from the first line of its text, from 0."""

    evidence_id: str
    text: str
    line: int
    label: str = ""
    is_code: bool = False
    shown: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class _Candidate:
    quote: Quote
    terms: frozenset[str]
    around: frozenset[str]
    prior: float


def extract(question: str, evidence: Sequence[Evidence], *, limit: int = 5) -> list[Quote]:
    """The passages that cover most of the question's rare words, from two sources where a second one is worth it.

    The best first, what else its source says after it."""
    asked = read_question(question)
    weights = _rarity(asked.terms, evidence)
    priors = standings(asked, evidence)
    pool = [c for rank, item in enumerate(evidence) for c in _candidates(item, rank, asked, priors[item.id])]
    quotes = [candidate.quote for candidate in _chosen(pool, weights, asked, limit)]
    sources = list(dict.fromkeys(quote.evidence_id for quote in quotes))
    return sorted(quotes, key=lambda quote: sources.index(quote.evidence_id))


def _rarity(wanted: frozenset[str], evidence: Sequence[Evidence]) -> dict[str, float]:
    """The idf of each word over the pieces of evidence, scaled to a sum of 1."""
    counts = Counter(term for item in evidence for term in stems(item.text) & wanted)
    total = len(evidence) + 1
    raw = {term: math.log1p(total / (counts[term] + 0.5)) for term in wanted}
    norm = sum(raw.values()) or 1.0
    return {term: weight / norm for term, weight in raw.items()}


def _candidates(item: Evidence, rank: int, asked: Asked, standing: float) -> Iterator[_Candidate]:
    for passage in passages(item):
        label = passage.label or item.title
        own = stems(passage.words) & asked.terms
        around = stems(label) & asked.terms - own if own or passage.kind == "definition" else frozenset()
        prior = 0.3 / (1 + 0.5 * rank) + BONUS[passage.kind] + standing - _cost(passage)
        prior += _named(passage, label, asked) + PHRASE * _phrases(passage.words, asked.pairs)
        is_code = passage.kind in SHOWN_AS_CODE
        quote = Quote(item.id, passage.text, passage.line, label, is_code, passage.shown, passage.is_cut)
        yield _Candidate(quote, frozenset(own), frozenset(around), prior)


def _named(passage: Passage, label: str, asked: Asked) -> float:
    """Whether this is what the question calls by name, itself (most), or speaks of it."""
    last = label.rpartition(".")[2].lower()
    for name in asked.names:
        owner, _, own = name.lower().rpartition(".")
        if last == own and passage.kind in ("definition", "docstring"):
            is_owned = not owner or owner.rpartition(".")[2] in label.lower().split(".")
            return (0.5 if is_owned else 0.2) - (0.3 if _is_stub(passage) else 0.0)
    return 0.0


def _is_stub(passage: Passage) -> bool:
    """An overload, a Protocol's method: a signature that says nothing else."""
    return passage.text.rstrip().endswith("...")


def _phrases(text: str, pairs: frozenset[tuple[str, str]]) -> int:
    if not pairs:
        return 0
    return min(2, len(pairs & set(pairwise([stem(word) for word in words(text)]))))


def _cost(passage: Passage) -> float:
    size = len(passage.text)
    if passage.kind == "definition":
        return max(0.0, (size - 900) / 3000)
    listing = FIELDS if passage.text.lstrip().startswith((":param", ":return", ":rtype", "@param")) else 0.0
    return listing + (0.2 if size < 40 else max(0.0, (size - 500) / 2000))


def _chosen(pool: Sequence[_Candidate], weights: Mapping[str, float], asked: Asked, limit: int) -> list[_Candidate]:
    """Greedy: each next quote is worth its words, those that are new more than those already covered. The second is of
    a second source, where one is worth it by itself."""
    chosen: list[_Candidate] = []
    covered: set[str] = set()
    rest = list(pool)
    best = 0.0
    while rest and len(chosen) < limit:
        floor = SECOND_WORTH * best
        others = [c for c in rest if _is_second(c, chosen) and _fits(c, _gain(c, weights, set()), floor, asked)]
        gain, candidate = max(((_gain(c, weights, covered), c) for c in others or rest), key=lambda pair: pair[0])
        if chosen and not others and not _fits(candidate, gain, WORTH * best, asked):
            break
        best = max(best, gain)
        chosen.append(candidate)
        covered |= candidate.terms | candidate.around
        rest = [other for other in rest if _may_follow(other, chosen)]
    return chosen


def _fits(candidate: _Candidate, gain: float, floor: float, asked: Asked) -> bool:
    """Good enough, with a word of the question where that has any."""
    return gain >= floor and bool(candidate.terms or not asked.terms)


def _gain(candidate: _Candidate, weights: Mapping[str, float], covered: set[str]) -> float:
    said = sum(weights[term] * (REPEATED if term in covered else 1.0) for term in candidate.terms)
    told = sum(weights[term] * (REPEATED if term in covered else 1.0) for term in candidate.around)
    return 1.6 * (said + AROUND * told) + candidate.prior


def _is_second(candidate: _Candidate, chosen: Sequence[_Candidate]) -> bool:
    return len(chosen) == 1 and candidate.quote.evidence_id != chosen[0].quote.evidence_id


def _may_follow(candidate: _Candidate, chosen: Sequence[_Candidate]) -> bool:
    same = [c.quote for c in chosen if c.quote.evidence_id == candidate.quote.evidence_id]
    if len(same) >= MAX_PER_EVIDENCE:
        return False
    text = " ".join(candidate.quote.text.split())
    taken = [" ".join(c.quote.text.split()) for c in chosen]
    return not any(text in other or other in text for other in taken)
