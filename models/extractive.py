"""The answerer that needs no model: it quotes, word for word, what fits the question best.

Pure: question and evidence in, quotes out. What a document says is quoted and never obeyed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..domain import Evidence
from .passages import Passage, passages
from .terms import content_words, identifiers, stem, stems

MAX_PER_EVIDENCE = 2
WORTH = 0.5  # a further quote must reach this share of the best one's value
REPEATED = 0.35  # what a question's word is worth once a chosen quote has it
BONUS = {
    "definition": 0.16, "docstring": 0.16, "comment": 0.08, "heading": -0.1, "prose": 0.1, "import": -0.3, "code": 0.0,
}  # fmt: skip
SHOWN_AS_CODE = frozenset({"definition", "comment", "import", "code"})


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim passage of one piece of evidence; `line` counts from the first line of its text, from 0."""

    evidence_id: str
    text: str
    line: int
    label: str = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class _Candidate:
    quote: Quote
    terms: frozenset[str]
    prior: float


def extract(question: str, evidence: Sequence[Evidence], *, limit: int = 5) -> list[Quote]:
    """The passages that cover most of the question's rare words, from at least two sources where there are two.

    The best first, what else its source says after it."""
    wanted = {stem(word) for word in content_words(question)}
    weights = _rarity(wanted, evidence)
    names = {name.split(".")[-1].lower() for name in identifiers(question)}
    pool = [c for rank, item in enumerate(evidence) for c in _candidates(item, rank, wanted, names)]
    quotes = [candidate.quote for candidate in _chosen(pool, weights, limit)]
    sources = list(dict.fromkeys(quote.evidence_id for quote in quotes))
    return sorted(quotes, key=lambda quote: sources.index(quote.evidence_id))


def _rarity(wanted: set[str], evidence: Sequence[Evidence]) -> dict[str, float]:
    """The idf of each word over the pieces of evidence, scaled to a sum of 1."""
    counts = Counter(term for item in evidence for term in stems(item.text) & wanted)
    total = len(evidence) + 1
    raw = {term: math.log1p(total / (counts[term] + 0.5)) for term in wanted}
    norm = sum(raw.values()) or 1.0
    return {term: weight / norm for term, weight in raw.items()}


def _candidates(item: Evidence, rank: int, wanted: set[str], names: set[str]) -> Iterator[_Candidate]:
    around = stems(item.title) & wanted
    for passage in passages(item):
        own = stems(passage.text) & wanted
        named = passage.kind == "definition" and any(name in passage.text.lower() for name in names)
        prior = 0.3 / (1 + 0.5 * rank) + BONUS[passage.kind] + (0.5 if named else 0.0) - _length_cost(passage)
        terms = own | (around if own or passage.kind == "definition" else set())
        quote = Quote(item.id, passage.text, passage.line, item.title, passage.kind in SHOWN_AS_CODE)
        yield _Candidate(quote, frozenset(terms), prior)


def _length_cost(passage: Passage) -> float:
    size = len(passage.text)
    return 0.15 if size < 25 else max(0.0, (size - 400) / 2000)


def _chosen(pool: Sequence[_Candidate], weights: dict[str, float], limit: int) -> list[_Candidate]:
    """Greedy: each next quote is worth its words, those that are new more than those already covered."""
    chosen: list[_Candidate] = []
    covered: set[str] = set()
    rest = list(pool)
    best = 0.0
    while rest and len(chosen) < limit:
        gains = [(_gain(candidate, weights, covered, chosen), candidate) for candidate in _eligible(rest, chosen)]
        gain, candidate = max(gains, key=lambda pair: pair[0])
        if not _is_worth(gain, best, candidate, chosen):
            break
        best = max(best, gain)
        chosen.append(candidate)
        covered |= candidate.terms
        rest = [other for other in rest if _may_follow(other, chosen)]
    return chosen


def _gain(candidate: _Candidate, weights: dict[str, float], covered: set[str], chosen: Sequence[_Candidate]) -> float:
    words = sum(weights[term] * (REPEATED if term in covered else 1.0) for term in candidate.terms)
    other_source = bool(chosen) and all(c.quote.evidence_id != candidate.quote.evidence_id for c in chosen)
    return words * 1.6 + candidate.prior + (0.1 if other_source else 0.0)


def _is_worth(gain: float, best: float, candidate: _Candidate, chosen: Sequence[_Candidate]) -> bool:
    """The first always, then a second source for comparison; the others if they add enough."""
    if not chosen:
        return True
    if len({c.quote.evidence_id for c in chosen}) < 2:
        return True
    return gain >= WORTH * best and bool(candidate.terms)


def _eligible(rest: list[_Candidate], chosen: Sequence[_Candidate]) -> list[_Candidate]:
    """The second quote is of a second source, where there is one."""
    others = [c for c in rest if len(chosen) == 1 and c.quote.evidence_id != chosen[0].quote.evidence_id]
    return others or rest


def _may_follow(candidate: _Candidate, chosen: Sequence[_Candidate]) -> bool:
    same = [c.quote for c in chosen if c.quote.evidence_id == candidate.quote.evidence_id]
    if len(same) >= MAX_PER_EVIDENCE:
        return False
    text = " ".join(candidate.quote.text.split())
    taken = [" ".join(c.quote.text.split()) for c in chosen]
    return not any(text in other or other in text for other in taken)
