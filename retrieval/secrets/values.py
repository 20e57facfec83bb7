"""What a credential looks like: drawn at random, or made up by a person who was told to mix characters."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final
from urllib.parse import unquote

MIN_ENTROPY: Final = 3.6  # bits a character; of short strings, this share of what their length allows
_MIN_SHARE: Final = 0.8
_SHORT: Final = 16
_PLACEHOLDER = re.compile(
    r"(?i)example|sample|dummy|fake|placeholder|change[-_ ]?(?:me|it|this)|replace|your[-_ ]?|redacted|insert|xxx"
    r"|\*{3}|\.{3}|…|\$[{(\w]|\{\{|\{\w*[}:!]|<[a-z/]|%[({s]|%\w+%|#\{|@[a-z]+@|12345|23456|01234|abcdef|qwerty"
    r"|test[-_]|(.)\1{4}"
)
_WORDY = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_CHARACTERS = re.compile(r"[\w+/=.~!@#$%^&*?:,;|-]+", re.ASCII)
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]{32,}")
_WORDS = re.compile(r"[a-z]+|[A-Z][a-z]*")
# What passwords of manuals and tests are made of, besides digits.
_VAGUE_WORDS = """
password passwd passwort pass pwd pw phrase passphrase secret token key credential credentials user username name
admin root login my the a an new old current first second some any no not is in or and with for of to from by be test
tests testing tester foo bar baz qux spam eggs demo value string text field input form data hidden invalid word words
wrong bad good valid correct required optional must reset confirm confirmation default none null true false super this
that it here id api access client server app auth web site db database host mysql postgres guest anonymous tiger scott
pa ss wd p w d ed rd wrd hunter letmein welcome long short random safe unsafe insecure very really hash hashed plain
raw encoded encrypted unusable url uri file path type read only write rw ro on off enabled disabled
"""
_VAGUE: Final = frozenset(_VAGUE_WORDS.split())
_PASSPHRASE = re.compile(r"[A-Za-z0-9]{3,16}(?:-[A-Za-z0-9]{3,16}){2,7}")


def is_placeholder(value: str) -> bool:
    """Whether the value says that another is to stand there."""
    return _PLACEHOLDER.search(value) is not None


def is_drawn(value: str) -> bool:
    """Drawn at random: high entropy, digits among the letters, and hardly any part of it a word."""
    if is_placeholder(value):
        return False
    if _HEX.fullmatch(value):
        return entropy(value.lower().removeprefix("0x")) >= 3.0
    if not _CHARACTERS.fullmatch(value) or _kinds(value) < (3 if len(value) < _SHORT else 2):
        return False
    if sum(map(str.isalpha, value)) < 3 or not any(map(str.isdigit, value)):
        return False
    wordy = sum(len(word) for word in _WORDY.findall(value))
    least = min(MIN_ENTROPY, _MIN_SHARE * math.log2(len(value)))
    return len(value) >= 8 and entropy(value) >= least and wordy <= 0.4 * len(value)


def is_password(value: str) -> bool:
    """One where only a password can stand: random, or anything mixed that is not made of words about passwords."""
    value = unquote(value)
    if is_placeholder(value) or len(value) < 8 or not _CHARACTERS.fullmatch(value) or _is_vague(value):
        return False
    return is_drawn(value) or is_passphrase(value) or _kinds(value) >= 2


def is_passphrase(value: str) -> bool:
    """`three-or-more-words`, at least two of them not about passwords."""
    if not _PASSPHRASE.fullmatch(value) or len(value) < 16 or is_placeholder(value):
        return False
    return sum(word.lower() not in _VAGUE for word in value.split("-")) >= 2


def entropy(value: str) -> float:
    """Shannon entropy in bits a character."""
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values()) if total else 0.0


def _is_vague(value: str) -> bool:
    """Nothing but words that only say what stands here, and digits."""
    words = [word.lower() for word in _WORDS.findall(value)]
    return all(word in _VAGUE for word in words)


def _kinds(value: str) -> int:
    """How many of: small letters, capitals, digits, anything else that does not stand in names."""
    return (
        any(map(str.islower, value))
        + any(map(str.isupper, value))
        + any(map(str.isdigit, value))
        + any(not character.isalnum() and character not in "_-." for character in value)
    )
