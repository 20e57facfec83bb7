"""Names that prose speaks of: people, places, works, identifiers. Pure, fast and without a model.

A name is normalised (case, accents and punctuation folded, a leading article and a trailing parenthesis dropped), so
that a title, a heading, a mention and a question meet in the same string.
"""

from __future__ import annotations

import re
import unicodedata

MAX_WORDS = 10
_QUALIFIER = re.compile(r"(?<!\s)\s*\([^()]*\)\s*$")
_TOKEN = re.compile(r"[^\W_](?:[\w’'.&-]*\w)?|[^\w\s]|\n\s*\n", re.UNICODE)
_SEPARATOR = re.compile(r"[\W_]+", re.UNICODE)
_QUOTED = re.compile(r"[\"“«]\s*(?!\s)([^\"“”«»\n]{3,80}?)\s*[\"”»]")
_IDENTIFIER = re.compile(
    r"(?<!`)`+([A-Za-z_][\w.]{2,60})(?:\(\))?`+|\b([A-Za-z]\w*(?:_\w+)+|[a-z]+(?:[A-Z][a-z0-9]+)+)\b"
)
_JOINER_WORDS = "of the de la le les du des di da del della van von der den el al bin ibn and & for in on at to"
_SPLITTER_WORDS = "and & for in on at to"
_PLAIN_WORDS = """
a an the he she it they we you i his her its their our my your this that these those there here in on at by for from to
of with as after before during when while where who whom whose what which why how if although though because since until
unless but and or nor so yet both either neither each every all some many most several few no not only also is are was
were be been being do does did has have had can could will would may might must shall should one two three first second
then than such other another between into over under about against among through within without however according
following including today later early other born see note let use
"""
_JOINERS = frozenset(_JOINER_WORDS.split())
_SPLITTERS = frozenset(_SPLITTER_WORDS.split())
_FUNCTION_WORDS = frozenset(_PLAIN_WORDS.split())


def normalise(name: str) -> str:
    """The form in which names are compared: `The Ritz (film)` and `the ritz` are one."""
    bare = _QUALIFIER.sub("", name) or name
    return fold(bare)


def fold(name: str) -> str:
    if not name.isascii():
        name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = _SEPARATOR.sub(" ", name.replace("'s ", " ").replace("’s ", " ")).casefold().split()
    if len(words) > 1 and words[0] in ("the", "a", "an"):
        words = words[1:]
    return " ".join(words)


def entities(text: str) -> list[str]:
    """The names in `text`, normalised, each once, in the order in which they appear."""
    found: dict[str, None] = {}
    for phrase in _phrases(text):
        _keep(found, phrase)
        for part in _parts(phrase):
            _keep(found, part)
    for match in _QUOTED.finditer(text):
        _keep(found, match[1].split())
    for match in _IDENTIFIER.finditer(text):
        _keep(found, [match[1] or match[2]])
    return list(found)


def _keep(found: dict[str, None], words: list[str]) -> None:
    if not words or len(words) > MAX_WORDS:
        return
    name = fold(" ".join(words) + " ")
    if len(name) > 1 and name not in _FUNCTION_WORDS and not name.isdigit():
        found.setdefault(name)


def _phrases(text: str) -> list[list[str]]:
    """Runs of capitalised words, joined by `of`, `de`, `and` and the like."""
    phrases: list[list[str]] = []
    current: list[str] = []
    joiners: list[str] = []
    for token in _TOKEN.findall(text):
        if token[0].isupper() or (current and not joiners and token[0].isdigit()):
            current += [*joiners, token]
            joiners = []
        elif current and token.lower() in _JOINERS and len(joiners) < 2:
            joiners.append(token)
        else:
            _close(phrases, current)
            current, joiners = [], []
    _close(phrases, current)
    return phrases


def _close(phrases: list[list[str]], words: list[str]) -> None:
    start = 0
    while start < len(words) and words[start].lower() in _FUNCTION_WORDS:
        start += 1
    if words[start:]:
        phrases.append(words[start:])


def _parts(phrase: list[str]) -> list[list[str]]:
    """`Bath in England and Wales` also speaks of Bath, England and Wales."""
    parts: list[list[str]] = [[]]
    for word in phrase:
        if word.lower() in _SPLITTERS:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part] if len(parts) > 1 else []
