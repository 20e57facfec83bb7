"""What can be measured about found evidence before a model is asked: words of the question, names, closeness."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from ...domain import Evidence
from ...text.question import read_question
from ...text.words import content_words, identifiers, stem, stems, words
from ..channels import Found, Grade

_TOKEN = re.compile(r"\w+(?:[.:/-]+\w+)*")
_ARTICLES = frozenset({"the", "a", "an"})
_ADVERBS = frozenset({"how", "when", "why"})
_PREPOSITIONS = frozenset({"by", "in", "with", "for", "of", "from", "on", "at", "without", "over", "into"})
_BEING = frozenset({"is", "are", "was", "were"})
_AUXILIARIES = frozenset({"do", "does", "did", "can", "should"})
_PROPER = re.compile(r"(?<![.?!]\s)(?<!^)\b[A-Z][A-Za-z0-9+#-]{2,}\b")
_GENERAL = """
    answer application apps behavior behaviour call case class code codebase command config configuration data
    default detail difference document documentation example feature file format function happen handle handling
    implement implementation input library line list logic look main method module mechanism name object option order
    output package parameter part program project purpose question reason repository result role script section set
    setting software source start step support system text type user value variable version"""
GENERAL = frozenset(_GENERAL.split())


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Set on 26 answerable and 38 unanswerable questions about one code base, then tried on two others."""

    near: float = 0.6  # cosine from which the meaning makes up for missing words
    close: float = 0.45  # cosine from which the evidence is about it
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


def names(question: str) -> list[str]:
    """What the question calls by name: identifiers, and capitalised words within a sentence."""
    quoted = re.findall(r"[`\"']([\w.]{3,})[`\"']", question)
    return list(dict.fromkeys([*identifiers(question), *quoted, *_PROPER.findall(question)]))


def unseen(question: str, evidence: Sequence[Evidence]) -> list[tuple[str, str]]:
    """The key words that stand in none of the evidence, and how the question writes them: the corpus may have them."""
    seen = frozenset().union(*(_words_of(item) for item in evidence))
    written = {word: token for token in reversed(_TOKEN.findall(question)) for word in words(token)}
    return [(word, written.get(word, word)) for word in key_words(question) if stem(word) not in seen]


def measure(question: str, found: Sequence[Found], evidence: Sequence[Evidence], missing: Sequence[str]) -> Grounds:
    cosines = [place["cosine"] for place in found if place["cosine"] is not None]
    gone = {stem(word) for word in missing}
    lost = [name for name in names(question) if any(stem(part) in gone for part in words(name))]
    weights = {} if read_question(question).is_overview else _weights(question, evidence, gone)
    coverage = max((_covered(weights, _words_of(item)) for item in evidence), default=0.0)
    return Grounds(coverage, max(cosines, default=None), tuple(missing), tuple(lost))


def _weights(question: str, evidence: Sequence[Evidence], gone: set[str]) -> dict[str, float]:
    """A thing that the whole corpus lacks weighs twice, a verb that it lacks half: it may have another word. What every
    path names (the project) says nothing."""
    everywhere = set.intersection(*(stems(str(item.source)) for item in evidence)) if evidence else set()
    verbs = {stem(word) for token in _verbs(question) for word in words(token)}
    wanted = [stem(word) for word in key_words(question)]
    special = [word for word in wanted if word not in everywhere] or wanted
    lacking = {word: 0.5 if word in verbs and len(special) > 1 else 2.0 for word in gone}
    return {word: lacking.get(word, 1.0) for word in special}


def _verbs(question: str) -> Iterator[str]:
    """`to VERB`, `does (the) SUBJECT VERB`, `how is SUBJECT VERB?`, and what ends as a participle does; also the
    adjective of `how ADJECTIVE is`."""
    tokens = [token for token in _TOKEN.findall(question) if token.lower() not in _ARTICLES]
    opening = [token.lower() for token in tokens[:3]]
    if len(tokens) > 3 and opening[0] == "how" and opening[2] in _BEING:
        yield tokens[1]
    if len(tokens) > 3 and opening[0] in _ADVERBS and opening[1] in _BEING and tokens[-2].lower() not in _PREPOSITIONS:
        yield tokens[-1]
    for at, token in enumerate(tokens):
        if token.lower() == "to":
            yield from tokens[at + 1 : at + 2]
        elif token.lower() in _AUXILIARIES:
            yield from tokens[at + 2 : at + 3]
        elif token.lower().endswith(("ed", "ing")):
            yield token


def _covered(weights: Mapping[str, float], text: Set[str]) -> float:
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in text) / total if total else 1.0


@lru_cache(maxsize=64)
def _words_of(item: Evidence) -> frozenset[str]:
    """Remembered for the run, which asks several times."""
    return frozenset(stems(f"{item.text} {item.title} {item.source}"))


def grade_by_measure(grounds: Grounds, at: Thresholds) -> Grade:
    """`nothing` only where names are unknown to the corpus, or words and meaning are both far."""
    cosine, coverage = grounds.cosine, grounds.coverage
    if cosine is None:
        return _by_words(grounds, at)
    if grounds.missing_names and coverage < at.covered and cosine < at.near:
        return "nothing"
    if (cosine < at.far and coverage < at.covered) or (cosine < at.near and coverage < at.bare):
        return "nothing"
    return "enough" if cosine >= at.close or coverage >= at.covered else "poor"


def _by_words(grounds: Grounds, at: Thresholds) -> Grade:
    if grounds.coverage < at.bare or (grounds.missing_names and grounds.coverage < at.covered):
        return "nothing"
    return "enough" if grounds.coverage >= at.covered else "poor"


_GENERAL_STEMS = frozenset(stem(word) for word in GENERAL)
