"""What can be measured about found evidence before a model is asked: words of the question, names, closeness."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..domain import Evidence
from ..models.terms import content_words, identifiers, stem, stems, words
from .channels import Found, Grade

_PROPER = re.compile(r"(?<![.?!]\s)(?<!^)\b[A-Z][A-Za-z0-9+#-]{2,}\b")
_GENERAL = """
    answer application apps behavior behaviour call case class code codebase command config configuration data
    default detail difference document documentation example feature file format function happen handle handling
    implement implementation input library line list logic look main method module mechanism name object option order
    output package parameter part program project purpose question reason repository result role script section set
    setting source step support system text type user value variable version"""
GENERAL = frozenset(_GENERAL.split())


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Tuned on questions about two code bases, answerable and not; see the evaluation beside the tests."""

    close: float = 0.45  # cosine from which the meaning is near
    far: float = 0.25  # cosine below which it is not
    covered: float = 0.6  # share of the question's words from which the evidence is about it
    bare: float = 0.34  # share below which it is not


@dataclass(frozen=True, slots=True)
class Grounds:
    """`coverage`: weighted share of the question's words in one piece of evidence (the best). `missing`: words that the
    corpus does not have; `missing_names`: those of them that name something. `cosine`: None without a dense leg."""

    coverage: float
    cosine: float | None
    missing: tuple[str, ...] = ()
    missing_names: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """0..1, for comparing one round with the last."""
        return self.coverage if self.cosine is None else 0.5 * self.coverage + 0.5 * max(0.0, self.cosine)


def key_words(question: str) -> list[str]:
    """The words that a fitting text should have; general ones ("function") only where there are no others."""
    every = content_words(question)
    special = [word for word in every if stem(word) not in _GENERAL_STEMS]
    return special or every


_GENERAL_STEMS = frozenset(stem(word) for word in GENERAL)


def names(question: str) -> list[str]:
    """What the question calls by name: identifiers, and capitalised words within a sentence."""
    quoted = re.findall(r"[`\"']([\w.]{3,})[`\"']", question)
    return list(dict.fromkeys([*identifiers(question), *quoted, *_PROPER.findall(question)]))


def unseen(question: str, evidence: Sequence[Evidence]) -> list[str]:
    """The key words that stand in none of the evidence: these are worth a look into the corpus."""
    seen = _seen(evidence)
    return [word for word in key_words(question) if stem(word) not in seen]


def measure(question: str, found: Sequence[Found], evidence: Sequence[Evidence], missing: Sequence[str]) -> Grounds:
    cosines = [place["cosine"] for place in found if place["cosine"] is not None]
    gone = {stem(word) for word in missing}
    lost = [name for name in names(question) if any(stem(part) in gone for part in words(name))]
    texts = [stems(f"{item.text} {item.title} {item.source}") for item in evidence]
    wanted = [stem(word) for word in key_words(question)]
    coverage = max((_covered(wanted, text, gone) for text in texts), default=0.0)
    return Grounds(coverage, max(cosines, default=None), tuple(missing), tuple(lost))


def _covered(wanted: Sequence[str], text: set[str], gone: set[str]) -> float:
    """A word that the whole corpus lacks weighs twice."""
    weights = {word: 2.0 if word in gone else 1.0 for word in wanted}
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in text) / total if total else 1.0


def _seen(evidence: Sequence[Evidence]) -> set[str]:
    return set().union(*(stems(f"{item.text} {item.title} {item.source}") for item in evidence))


def grade_by_measure(grounds: Grounds, at: Thresholds) -> Grade:
    """`nothing` only where names are unknown to the corpus, or words and meaning are both far."""
    near = grounds.cosine
    if near is None:
        return _by_words(grounds, at)
    if grounds.missing_names and near < at.close + 0.1:
        return "nothing"
    if near < at.far and grounds.coverage < at.covered:
        return "nothing"
    if near < at.close and grounds.coverage < at.bare:
        return "nothing"
    return "enough" if near >= at.close or grounds.coverage >= at.covered else "poor"


def _by_words(grounds: Grounds, at: Thresholds) -> Grade:
    if grounds.missing_names or grounds.coverage < at.bare:
        return "nothing"
    return "enough" if grounds.coverage >= at.covered else "poor"
