"""What a question asks for, as far as its words tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from .words import STOP_WORDS, content_words, identifiers, stem, words

_QUOTED = re.compile(r"[`\"'“]([\w.]{3,80})[`\"'”]")
_DOES = re.compile(
    r"\b(?:does|do|did) (?:the )?([\w.]{2,80}) (?:do|return|raise|mean|give|take|accept|yield)s?\b", re.IGNORECASE
)
_HOW_TO = re.compile(
    r"^\W*(?:how (?:do|can|should|could|to|would) (?:i|you|we|one)?|is there (?:a|any) way)\b", re.IGNORECASE
)
_MEANING = re.compile(r"^\W*(?:what (?:is|are)|what's|why)\b", re.IGNORECASE)
_OVERVIEW = re.compile(
    r"\b(?:this|the) (?:code|project|repo(?:sitory)?|library|package|program|tool|app(?:lication)?|code ?base)\b",
    re.IGNORECASE,
)
OVERVIEW_QUERY = "README readme.md: a simple, fast, lightweight library, framework, toolkit for"
TESTS = "test tests testing tested fixture pytest unittest mock"
HISTORY = "change changes changed changelog history release released version added removed deprecated"
_WHOLE = """
    code codebase base project repo repository library package program tool app application start begin purpose main
    overview"""
WHOLE = frozenset(_WHOLE.split())
LICENCE = "licence license licensed copyright author authors maintainer legal warranty"


@dataclass(frozen=True, slots=True)
class Asked:
    """`terms`: stems that a fitting passage has; `names`: what is called by name; `pairs`: stems next to each other."""

    terms: frozenset[str]
    names: tuple[str, ...]
    pairs: frozenset[tuple[str, str]]
    words: frozenset[str] = frozenset()
    is_how_to: bool = False
    is_meaning: bool = False
    is_overview: bool = False

    def is_about(self, topic: str) -> bool:
        """By the words as they are written: who adds something does not ask what was added."""
        return not self.words.isdisjoint(topic.split())


def read_question(question: str) -> Asked:
    question = " ".join(question.split())
    said = words(question)
    apart = pairwise([None if word in STOP_WORDS else stem(word) for word in said])
    called = [*identifiers(question), *_QUOTED.findall(question), *_DOES.findall(question)]
    is_meaning = bool(_MEANING.match(question))
    is_overview = is_meaning and bool(_OVERVIEW.search(question))
    terms = [stem(word) for word in content_words(question) if not (is_overview and word in WHOLE)]
    return Asked(
        frozenset(terms),
        tuple(dict.fromkeys(name.strip(".") for name in called)),
        frozenset((one, other) for one, other in apart if one and other),
        frozenset(said),
        bool(_HOW_TO.match(question)),
        is_meaning,
        is_overview,
    )


def also_asked(question: str) -> list[str]:
    """What to search besides: a question about the whole has hardly a word of what introduces it."""
    return [OVERVIEW_QUERY] if read_question(question).is_overview else []
