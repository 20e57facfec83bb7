"""What a file holds: its bytes, read once and decoded once, and whether they are worth reading."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from ..secrets import credentials as secrets
from . import ignore
from .skipped import Skipped, trouble
from .text import UnreadableError, decode, is_binary


class Contents:
    """The bytes of a file. Their text is decoded when it is first asked for, and kept."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @cached_property
    def _decoded(self) -> str | UnreadableError:
        try:
            return decode(self.data)
        except UnreadableError as error:
            return error

    @property
    def text(self) -> str:
        """Raises UnreadableError where the bytes are no text."""
        if isinstance(self._decoded, UnreadableError):
            raise self._decoded
        return self._decoded

    @property
    def guess(self) -> str:
        """The text, or what can be made of bytes that are none: enough to know a key by."""
        return self._decoded if isinstance(self._decoded, str) else self.data.decode("latin-1")


def read_contents(path: Path) -> Contents | Skipped:
    try:
        return Contents(path.read_bytes())
    except OSError as error:
        return Skipped(path, trouble(error))


def unwanted(path: Path, root: Path, contents: Contents, *, include_secrets: bool = False) -> Skipped | None:
    """Why a file is left out for what it holds, if it is. A root that was asked for by name may be generated."""
    data, suffix = contents.data, path.suffix.lower()
    if data.startswith(b"%PDF-") or suffix == ".pdf":
        return None if suffix == ".pdf" else Skipped(path, "binary")
    if is_binary(data):
        return Skipped(path, "binary")
    text = contents.guess
    if not text.strip():
        return Skipped(path, "empty")
    if path != root and ignore.is_generated_text(path.name, text):
        return Skipped(path, "generated", "its text says so, or has no lines that a person wrote")
    if not include_secrets and secrets.is_key(text):
        return Skipped(path, "secret", "a private key")
    return None
