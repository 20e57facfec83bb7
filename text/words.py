"""The words of a text that carry meaning: split identifiers, stems, no stop words. Pure, no model, no corpus."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from .stemmer import english_stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORD = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)*")
_TOKEN = re.compile(r"\w+(?:[.:/-]+\w+)*", re.UNICODE)
_UNSPACED = re.compile(  # scripts that put no space between words: pairs of characters stand for words
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
_BRITISH = re.compile(r"is(?=(?:e[drs]?|ing|ation)$)")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_DOTTED = re.compile(r"\w+(?:(?:\.|::)\w+)*")
_JOINT = re.compile(r"(\.|::)")
_IDENTIFIER = re.compile(  # of one word, and each part can begin at one place only: nothing to go back for
    r"""
    _*[A-Za-z][A-Za-z0-9]*_\w+       # snake_case
  | __\w+__                         # dunder
  | [a-z][a-z0-9]*[A-Z]\w*          # camelCase
  | [A-Z][a-z0-9]+[A-Z]\w*          # PascalCase of two humps or more
    """,
    re.VERBOSE,
)
LONGEST_NAME = 200  # beyond are hashes, base64 and attacks
_STOP = """a about above actually after again all also always am an and any anyone are aren as at be because been before
    being below between beyond both but by can cannot come could did didn do does doesn doing don done down during
    each either else ever every explain few for from further get gets getting give given gives go goes going got had
    has hasn have haven having he hence her here hers herself him himself his how however i if in inside instead
    into is isn it its itself just kind know later let like ll made make makes many may me mean means might more
    most much must my myself need needs no nor not now of off often on once one only onto or other our ours out over
    own please possible put rather re really s same say she should shouldn show shows so some someone something sort
    still such t take takes tell than that the their theirs them themselves then there these they thing things this
    those through thus to together too under until up upon us use used uses using usually various ve very via want
    was way ways we well were weren what whatever when where whether which while who whole whom whose why will with
    within without won work works would wouldn yes yet you your yours yourself"""
STOP_WORDS = frozenset(_STOP.split())


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The stem of one lower-case word, British spelling as American; numbers and short words stand as they are."""
    if not 4 <= len(word) <= LONGEST_NAME or not word.isalpha():
        return word
    return english_stem(_BRITISH.sub("iz", word))


def _parts(token: str) -> tuple[str, ...]:
    return _remembered(token) if len(token) <= LONGEST_NAME else _split(token)


def _split(token: str) -> tuple[str, ...]:
    humps = _HUMPS.sub(" ", token.replace("_", " "))
    return tuple(part for word in _WORD.findall(humps) for part in _pieces(word))


def _pieces(word: str) -> Iterator[str]:
    if word.isascii() or not _UNSPACED.search(word):
        yield word.lower()
        return
    for run in _UNSPACED.findall(word):
        yield from (run[at : at + 2] for at in range(max(1, len(run) - 1)))
    yield from (rest.lower() for rest in _UNSPACED.split(word) if rest)


_remembered = lru_cache(maxsize=65_536)(_split)


def words(text: str) -> list[str]:
    """Lower-case words in order, identifiers split at humps, underscores and dots."""
    return [part for token in _TOKEN.findall(text) for part in _parts(token)]


def content_words(text: str) -> list[str]:
    """Words that are no stop words, in order, each once."""
    kept = (word for word in words(text) if word not in STOP_WORDS and (len(word) > 1 or word.isdigit()))
    return list(dict.fromkeys(kept))


def stems(text: str) -> set[str]:
    """The stems of the content words."""
    return {stem(word) for word in content_words(text)}


def identifiers(text: str) -> list[str]:
    """Names that look like code, as written: snake_case, camelCase, dotted.names, dunder names."""
    return list(dict.fromkeys(name for token in _DOTTED.findall(text) for name in _names_in(token)))


def _names_in(token: str) -> Iterator[str]:
    """`pkg.module.name` is one name where each part could be one; else its parts are looked at alone."""
    first, *rest = _JOINT.split(token)
    name = first
    for joint, part in zip(rest[::2], rest[1::2], strict=True):
        if name[0].isalpha() and name[0].isascii() and len(part) > 1 and (part[0].isalpha() or part[0] == "_"):
            name += joint + part
            continue
        yield from _if_name(name)
        name = part
    yield from _if_name(name)


def _if_name(word: str) -> Iterator[str]:
    is_dotted = "." in word or ":" in word
    if len(word) <= LONGEST_NAME and (is_dotted or _IDENTIFIER.fullmatch(word)):
        yield word


def share(needles: Iterable[str], haystack: set[str]) -> float:
    """The share of the needles that stand in the haystack; 1 where there are none."""
    asked = set(needles)
    return len(asked & haystack) / len(asked) if asked else 1.0
