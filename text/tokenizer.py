"""Words of code and prose: the one tokenizer of the lexical leg, for chunks and for queries alike.

`getUserName` gives `getusername get user name`, `os.path` gives `os.path os path`, `3.11.2` stays and gives its parts,
plain words are stemmed. Scripts that do not put spaces between words give overlapping pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise

from .stemmer import english_stem

LONGEST_WORD = 64  # of what is remembered and kept whole: beyond are hashes, base64 and sentences without spaces
ASCII_WORD = re.compile(r"\w+(?:\.\w+)*", re.ASCII)
CAMEL_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
SNAKE_PART = re.compile(r"[^_]+")
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)


def tokenize(text: str) -> list[str]:
    """The tokens of a text, in order, compounds before their parts. Pure: the same text gives the same tokens."""
    word = ASCII_WORD
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        word = _any_word()
    tokens: list[str] = []
    for match in word.findall(text):
        tokens += _remembered(match) if len(match) <= LONGEST_WORD else _expand(match)
    return tokens


@cache
def _any_word() -> re.Pattern[str]:
    """Like ASCII_WORD over all scripts: `\\w` alone would cut Indic words at their vowel signs, which are marks."""
    marks = "".join(chr(code) for code in range(0x300, 0x20000) if unicodedata.category(chr(code))[0] == "M")
    part = f"[\\w{marks}]+"
    return re.compile(f"{part}(?:\\.{part})*")


def _expand(word: str) -> tuple[str, ...]:
    parts = word.split(".")
    tokens: list[str] = []
    if len(parts) > 1 and len(word) <= LONGEST_WORD:
        tokens.append(word.casefold())
    for part in parts:
        tokens += _identifier(part)
    return tuple(tokens)


_remembered = lru_cache(maxsize=1 << 16)(_expand)


def _identifier(name: str) -> Iterator[str]:
    subwords = (CAMEL_PART if name.isascii() else SNAKE_PART).findall(name)
    if len(subwords) > 1 and len(name) <= LONGEST_WORD:
        yield name.casefold()
    for subword in subwords:
        yield from _word(subword)


def _word(word: str) -> Iterator[str]:
    if word.isascii():
        yield stem(word.lower()) if len(word) <= LONGEST_WORD else word.lower()
        return
    end = 0
    for run in UNSPACED.finditer(word):
        if run.start() > end:
            yield word[end : run.start()].casefold()
        yield from _pairs(run.group())
        end = run.end()
    if end < len(word):
        yield word[end:].casefold()


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for first, second in pairwise(run):
        yield first + second


stem = lru_cache(maxsize=1 << 16)(english_stem)
