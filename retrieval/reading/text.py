"""Bytes to text: byte order marks, UTF-8, UTF-16 without a mark, and Western European as the last resort."""

from __future__ import annotations

import codecs
import re
from typing import Final, Literal

Unreadable = Literal[
    "empty",  # nothing but white space
    "binary",
    "not text",  # neither valid UTF-8 or UTF-16 nor mostly plain Latin text
    "encrypted",
    "broken",  # not what its suffix says, cut short, or malformed
    "too deep",  # nested beyond what can be followed
    "too long",  # more pages than are read, or too slow to read
    "no text",  # a readable file of pictures only
]
MAX_HIGH_SHARE: Final = 0.3
MAX_CONTROL_SHARE: Final = 0.02
_SNIFFED = 8192
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC: Final = (
    b"PK\x03\x04", b"PK\x05\x06", b"\x7fELF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"BZh",
    b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa",
    b"\xcf\xfa\xed\xfe", b"MZ\x90\x00", b"SQLite format 3\x00", b"\x00asm", b"OggS", b"ID3", b"RIFF", b"wOFF",
    b"wOF2", b"\xd0\xcf\x11\xe0",
)  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class UnreadableError(Exception):
    """A file that yields no text, with the reason for which it is quarantined."""

    def __init__(self, reason: Unreadable, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Unreadable = reason
        self.detail = detail


def is_binary(data: bytes) -> bool:
    """Whether the first bytes are those of a known binary format, or NULs stand where no text has them."""
    if data.startswith(_MAGIC):
        return True
    head = data[:_SNIFFED]
    return b"\x00" in head and _marked_encoding(data) is None and _wide_encoding(head) is None


def decode(data: bytes) -> str:
    """The text of a file without its byte order mark; raises UnreadableError."""
    if data.startswith(_MAGIC):
        raise UnreadableError("binary")
    marked = _marked_encoding(data)
    if marked is not None:
        mark, encoding = marked
        return _strict(data[len(mark) :], encoding)
    if b"\x00" in data:
        wide = _wide_encoding(data[:_SNIFFED])
        if wide is None:
            raise UnreadableError("binary")
        return _strict(data, wide)
    try:
        return _printable(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _western(data)


def storable(text: str) -> str:
    """Extracted text without NULs and lone surrogates, which no store can hold."""
    return _UNSTORABLE.sub("\ufffd", text)


def lines_of(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n"))


def _marked_encoding(data: bytes) -> tuple[bytes, str] | None:
    return next(((mark, encoding) for mark, encoding in _BOMS if data.startswith(mark)), None)


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: at least four in ten code units have a zero high byte, and hardly any a zero low byte."""
    units = len(head) // 2
    if units == 0:
        return None
    even, odd = head[0 : units * 2 : 2].count(0), head[1 : units * 2 : 2].count(0)
    if odd >= 0.4 * units and even <= 0.05 * units:
        return "utf-16-le"
    if even >= 0.4 * units and odd <= 0.05 * units:
        return "utf-16-be"
    return None


def _strict(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError("not text", f"invalid {encoding} at byte {error.start}") from error
    return _printable(text)


def _western(data: bytes) -> str:
    high = sum(1 for byte in data if byte >= 0x80)
    if high > MAX_HIGH_SHARE * len(data):
        raise UnreadableError("not text", "invalid UTF-8")
    try:
        return _printable(data.decode("cp1252"))
    except UnicodeDecodeError:
        return _printable(data.decode("latin-1"))


def _printable(text: str) -> str:
    if len(_CONTROL.findall(text)) > MAX_CONTROL_SHARE * len(text):
        raise UnreadableError("binary")
    return text
