"""Finding JSON in prose, and reading what is nearly JSON. Nothing is evaluated.

Tolerated: trailing commas, single and typographic quotes, comments, Python's literals, raw line ends in strings.
Not tolerated: a value that is not closed. What was cut off may lack the word that mattered.
"""

from __future__ import annotations

import math
import re
from typing import Any

MAX_CHARS = 60_000
MAX_DEPTH = 24
MAX_STEPS = 200_000

_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_WORD = re.compile(r"[-+]?[A-Za-z_]\w*")
_OPENING = re.compile(r"[\[{]")
_CLOSERS = {'"': '"', "'": "'", "“": '”"', "”": '”"', "‘": "’'", "’": "’'", "„": '“”"'}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'", "\n": ""}
_WORDS = {"true": True, "false": False, "null": None, "none": None, "nan": None, "infinity": None, "undefined": None}
_UNICODE = re.compile(r"[0-9a-fA-F]{4}")


class NotJson(ValueError):
    """What stands here is not a JSON value."""


def find_values(text: str) -> list[Any]:
    """Every outermost object or array in `text`, in order; one that cannot be read is searched for inner ones."""
    text = text.strip()[-MAX_CHARS:]
    reader = _Reader(text)
    found: list[Any] = []
    position = 0
    while (opening := _OPENING.search(text, position)) and reader.steps < MAX_STEPS:
        try:
            value, position = reader.value(opening.start(), 0)
            found.append(value)
        except NotJson:
            position = opening.start() + 1
    return found


class _Reader:
    """A recursive descent over one text; `steps` is the work done, so that no text can make it quadratic."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.steps = 0

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        self._work(1)
        if depth > MAX_DEPTH:
            raise NotJson("nested too deeply")
        character = self._text[at : at + 1]
        if character == "{":
            return self._object(at + 1, depth)
        if character == "[":
            return self._array(at + 1, depth)
        if character in _CLOSERS and character:
            return self._string(at)
        return self._scalar(at)

    def _work(self, amount: int) -> None:
        self.steps += amount
        if self.steps >= MAX_STEPS:
            raise NotJson("too much work for one reply")

    def _blank(self, at: int) -> int:
        match = _BLANK.match(self._text, at)
        end = match.end() if match else at
        self._work(end - at)
        return end

    def _object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        items: dict[str, Any] = {}
        at = self._blank(at)
        while self._text[at : at + 1] != "}":
            key, at = self._key(at)
            at = self._blank(at)
            if self._text[at : at + 1] != ":":
                raise NotJson("expected a colon")
            items[key], at = self.value(self._blank(at + 1), depth + 1)
            at = self._separator(at, "}")
        return items, at + 1

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        at = self._blank(at)
        while self._text[at : at + 1] != "]":
            item, at = self.value(at, depth + 1)
            items.append(item)
            at = self._separator(at, "]")
        return items, at + 1

    def _separator(self, at: int, closer: str) -> int:
        """Past a comma (also a trailing one), or at the closing bracket."""
        at = self._blank(at)
        character = self._text[at : at + 1]
        if character == ",":
            return self._blank(at + 1)
        if character != closer:
            raise NotJson(f"expected a comma or {closer}")
        return at

    def _key(self, at: int) -> tuple[str, int]:
        if self._text[at : at + 1] in _CLOSERS and at < len(self._text):
            return self._string(at)
        word = _WORD.match(self._text, at)
        if word is None:
            raise NotJson("expected a key")
        self._work(len(word.group()))
        return word.group(), word.end()

    def _string(self, at: int) -> tuple[str, int]:
        closers = _CLOSERS[self._text[at]]
        parts: list[str] = []
        start = at = at + 1
        while at < len(self._text):
            character = self._text[at]
            self._work(1)
            if character in closers and self._ends(at, closers):
                parts.append(self._text[start:at])
                return _clean("".join(parts)), at + 1
            if character == "\\":
                parts.append(self._text[start:at])
                escaped, at = self._escape(at + 1)
                parts.append(escaped)
                start = at
            else:
                at += 1
        raise NotJson("a string that is not closed")

    def _ends(self, at: int, closers: str) -> bool:
        """A plain double quote always ends; any other quote only before what may follow a string (not in: don't)."""
        if closers == '"':
            return True
        return self._text[at + 1 : at + 2].strip() in {"", ",", ":", "}", "]"}

    def _escape(self, at: int) -> tuple[str, int]:
        character = self._text[at : at + 1]
        if character == "u" and (digits := _UNICODE.match(self._text, at + 1)):
            return chr(int(digits.group(), 16)), digits.end()
        return _ESCAPES.get(character, f"\\{character}"), at + 1

    def _scalar(self, at: int) -> tuple[Any, int]:
        if number := _NUMBER.match(self._text, at):
            self._work(len(number.group()))
            return _number(number.group()), number.end()
        word = _WORD.match(self._text, at)
        if word is None or word.group().lstrip("+-").lower() not in _WORDS:
            raise NotJson("expected a value")
        return _WORDS[word.group().lstrip("+-").lower()], word.end()


def _number(text: str) -> int | float | None:
    """A finite number; None for one that no machine number can hold."""
    if len(text) > 64:
        return None
    if text.lstrip("+-").isdigit():
        return int(text)
    value = float(text)
    return value if math.isfinite(value) else None


def _clean(text: str) -> str:
    """Surrogate pairs joined; a lone surrogate could be neither stored nor printed."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
