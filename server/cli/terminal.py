"""What reaches a terminal: results on stdout, everything else on stderr, and no control character of a document."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from ...errors import HydragraphError
from ...text.plural import plural as plural

# C0 and C1 (escape sequences begin there), invisible and direction-changing characters, lone surrogates.
_UNSEEN = "\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
_IN_TEXT = re.compile(f"[{_UNSEEN}]")
_IN_LINE = re.compile(f"[\t\n{_UNSEEN}]")


def out(text: str = "") -> None:
    """Raises HydragraphError where it cannot be written, and BrokenPipeError where nobody reads it any more."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_stdout()
        raise HydragraphError(f"standard output cannot be written to: {error.strerror}") from error


def err(text: str = "") -> None:
    with suppress(OSError):  # there is no other place to say it
        print(text, file=sys.stderr, flush=True)


def clean(text: str) -> str:
    """A text of several lines whose control characters are shown as what they are (`\\x1b`)."""
    return _IN_TEXT.sub(_escaped, text.replace("\r\n", "\n"))


def clean_line(text: str) -> str:
    """The same for what must stay on one line: a path, a symbol, a message."""
    return _IN_LINE.sub(_escaped, text)


def shown_path(path: str | Path, folder: Path | None = None) -> str:
    """Relative to the current folder where the file is below it."""
    text, here = str(path), str(folder or Path.cwd())
    below = text[len(here) :].lstrip("/") if text.startswith(here.rstrip("/") + "/") else text
    return clean_line(below)


def shortened(path: str, most: int = 160) -> str:
    """A path on one line without its middle where it is longer: its beginning and its end say which it is."""
    text = clean_line(path)
    if len(text) <= most:
        return text
    half = (most - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def is_terminal() -> bool:
    """Whether progress may redraw its line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def prepare_streams() -> None:
    """A character that the terminal's encoding lacks is shown as an escape instead of ending the program. A stream that
    was closed (`>&-`) is one to nowhere, so that no database is opened under its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def drop_stdout() -> None:
    """Called when stdout is closed or full, so that the interpreter's last flush does not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
