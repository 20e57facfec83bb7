"""Values that are given to something called a password, a token, a key or a secret, in whatever notation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from .values import is_drawn, is_passphrase

# Looked for one by one: that is many times faster than an expression that begins with no fixed character.
_ANCHORS: Final = tuple(
    spelling
    for word in ("pass", "pw", "secret", "token", "credential", "key")
    for spelling in (word, word.capitalize(), word.upper())
)
_BEFORE = re.compile(r"[\w.-]{0,64}\Z")
_AFTER = re.compile(r"[\w-]{2,56}")
_VALUE: Final = (
    r"(?:[bruf@]{0,2}\\?(?P<quote>[\"'`])(?P<quoted>[^\s\"'`\\]{8,4096}+)\\?(?P=quote)"
    r"|(?P<bare>[^\s\"'`<>()\[\]{}\\,;|]{8,4096}+)(?=[\s,;\"'`<>|)}\]]|\\[rn]|\Z))"
)
_CLOSED: Final = r"\\?(?P<closing>[\"'`]?)\]?\)?\*{0,2}"
_GIVEN = re.compile(
    rf"{_CLOSED}[ \t]{{0,8}}"
    r"(?P<sign>:[ \t]{0,4}[\w\[\]., |*&<>?]{1,40}=|:=|=>|={1,3}|:\*{0,2}|,|\|(?=[ \t])|[ \t]is\b)"
    rf"[ \t]{{0,8}}(?:\(\s{{0,40}})?\*{{0,2}}{_VALUE}"
)
_CALLED = re.compile(rf"\([ \t]{{0,4}}{_VALUE}")
_ELEMENT = re.compile(r"(?:[ \t][^<>\n]{0,80})?>\s{0,8}(?P<bare>[^\s<>]{8,512})\s{0,8}</")
_ATTRIBUTE = re.compile(r"[\"']\s{1,8}value[ \t]{0,4}=[ \t]{0,4}[\"'](?P<quoted>[^\s\"'<>]{8,512})[\"']")
_EXPORT = re.compile(r"\b(?:ENV|setenv|set[ \t]+-g?x)[ \t]+\Z")  # Dockerfiles, csh, fish
_OPTION = re.compile(r"[ \t]{1,4}" + _VALUE)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WHOLE_WORDS = "pw pwd pass passwd password passwort passphrase passcode secret token apikey credential credentials"
_WHOLE: Final = frozenset(_WHOLE_WORDS.split())
_ENDS: Final = ("password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "secretkey")
_KEY_WORDS = """
api access account private secret signing encryption auth master license shared storage subscription deploy admin
"""
_DIGEST_WORDS = (
    "checksum sha md crc digest hash hashes hashed etag commit revision integrity fingerprint thumbprint public"
)
_WORDS_ABOUT = """
url urls uri endpoint path file filename filepath field fieldname fields type format pattern regex regexp length len
size count limit algorithm header label placeholder help hint message msg title error errors prompt template class
policy validator validators view name names column table model form expiry expires expiration ttl age timeout index
position offset kind separator scheme method version env var variable
"""
_PASSING_WORDS = (
    "next prev previous page paging pagination continuation continue cursor idempotency"  # tokens of a list
)
_PASSING: Final = frozenset(_PASSING_WORDS.split())
_KEYS: Final = frozenset(_KEY_WORDS.split())
_DIGESTS: Final = frozenset(_DIGEST_WORDS.split())
_ABOUT: Final = frozenset(_WORDS_ABOUT.split())  # a name that ends with one of these is of something about the secret
_PASSWORDS: Final = ("pass", "pw", "pwd", "passwd", "password", "passwort", "passphrase", "passcode")
_LINE_END = re.compile(r"[ \t]*[,;]?[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_NAME = re.compile(r"[A-Za-z_]\w*")
_CHAIN = re.compile(r"[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+")

Span = tuple[int, int]


def named(text: str) -> Iterator[Span]:
    """Where the values of what is called a secret stand."""
    seen = 0
    for position in sorted({found for anchor in _ANCHORS for found in _positions(text, anchor)}):
        if position < seen:
            continue  # within a name, or a value, that was looked at
        before = _BEFORE.search(text, max(0, position - 64), position)
        start = before.start() if before is not None else position
        after = _AFTER.match(text, position)
        seen = after.end() if after is not None else position
        name = text[start:seen]
        if not _is_secret_name(name):
            continue
        match = _given(text, start, seen, name)
        if match is not None and (span := _judged(match, name)):
            yield span
            seen = span[1]


def _positions(text: str, anchor: str) -> Iterator[int]:
    position = text.find(anchor)
    while position >= 0:
        yield position
        position = text.find(anchor, position + len(anchor))


def _given(text: str, start: int, end: int, name: str) -> re.Match[str] | None:
    """The value that a name is given, in one of the notations."""
    found = _GIVEN.match(text, end)
    if found is not None and (found["sign"] != "," or (found["closing"] and found["quoted"])):
        return found
    if text[start - 1 : start] == "<":
        return _ELEMENT.match(text, end)
    if text[start - 1 : start] in ("'", '"') and (attribute := _ATTRIBUTE.match(text, end)):
        return attribute
    if called := _CALLED.match(text, end):
        return called if called["quoted"] else None
    is_option = name.startswith("--") or _EXPORT.search(text, max(0, start - 12), start) is not None
    return _OPTION.match(text, end) if is_option else None


def _is_secret_name(name: str) -> bool:
    """By whole parts: `DB_PASS` and `apiToken` are, `compass`, `tokenizer.json` and `secret_name` are not."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    words = [part for part in parts if not part.isdigit()]
    if not words or words[-1] in _ABOUT or words[-2:] == ["key", "id"]:
        return False
    if not _DIGESTS.isdisjoint(words) or not _PASSING.isdisjoint(words):
        return False
    if any(word in _WHOLE or word.removesuffix("s").endswith(_ENDS) for word in words):
        return True
    return any(first in _KEYS and second == "key" for first, second in pairwise(words))


def _judged(match: re.Match[str], name: str) -> Span | None:
    """The value's span where it looks like a secret."""
    groups = match.groupdict()
    group = "quoted" if groups.get("quoted") else "bare"
    value = groups[group]
    if group == "bare" and "&" in value:  # the next argument of a query
        value = value.split("&", 1)[0]
    if _CONSTANT.fullmatch(value) and _is_secret_name(value):
        return None  # the name of the variable that holds it
    if group == "bare":
        value = value.rstrip(".:")
        if (
            _CHAIN.fullmatch(value)
            or _is_identifier(value)
            or match.string[match.end(group) : match.end(group) + 1] in ("(", "[")
        ):
            return None
    is_phrase = is_passphrase(value) and _is_password_name(name) and (group == "quoted" or _ends_line(match))
    start = match.start(group)
    return (start, start + len(value)) if is_phrase or is_drawn(value) else None


def _is_identifier(value: str) -> bool:
    """`XmlStringMaxLen256`: a name of code, whose parts are longer than those of what is drawn at random."""
    return _NAME.fullmatch(value) is not None and len(value) >= 2.8 * len(_PARTS.findall(value))


def _ends_line(match: re.Match[str]) -> bool:
    """Words that go on are a sentence."""
    return _LINE_END.match(match.string, match.end()) is not None and match.groupdict().get("sign") != " is"


def _is_password_name(name: str) -> bool:
    parts = [part.lower() for part in _PARTS.findall(name) if not part.isdigit()]
    return bool(parts) and parts[-1].endswith(_PASSWORDS)
