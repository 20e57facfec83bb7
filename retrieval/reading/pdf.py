"""PDF: the text of each page."""

from __future__ import annotations

import io
import logging
import re
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from .text import UnreadableError, storable

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

MAX_PAGES: Final = 2000
MAX_SECONDS: Final = 120.0
_SPACES = re.compile(r"[ \t\xa0]+(?=\n|$)")


def pdf_pages(data: bytes, *, max_pages: int = MAX_PAGES) -> Iterator[tuple[int, str]]:
    """Number (from 1) and text of each page that has any; raises UnreadableError."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it warns of becomes the reason
    try:
        pages = _opened(data, max_pages)
    except (UnreadableError, MemoryError):
        raise
    except Exception as error:  # pypdf lets through whatever a damaged file makes it stumble over
        raise UnreadableError("broken", f"not a readable PDF: {_first_line(error)}") from error
    deadline = time.monotonic() + MAX_SECONDS
    read, failed = 0, Counter[str]()
    for number, page in enumerate(pages, 1):
        try:
            text = _SPACES.sub("", storable(page.extract_text())).strip("\n")
        except MemoryError:
            raise
        except Exception as error:
            failed[type(error).__name__] += 1
            continue
        if text.strip():
            read += 1
            yield number, text
        if time.monotonic() > deadline:
            raise UnreadableError("too long", f"more than {MAX_SECONDS:.0f} s for {number} of {len(pages)} pages")
    if not read and failed:
        reasons = ", ".join(f"{count} {name}" for name, count in failed.most_common())
        raise UnreadableError("broken", f"none of {len(pages)} pages could be read ({reasons})")


def _opened(data: bytes, max_pages: int) -> list[PageObject]:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not _unlocked(reader):
        raise UnreadableError("encrypted", "the PDF asks for a password")
    if len(reader.pages) > max_pages:
        raise UnreadableError("too long", f"{len(reader.pages)} pages, at most {max_pages} are read")
    return list(reader.pages)


def _unlocked(reader: PdfReader) -> bool:
    """Many PDFs are encrypted with an empty password, only to limit printing."""
    from pypdf.errors import DependencyError, PyPdfError

    try:
        return bool(reader.decrypt(""))
    except (DependencyError, PyPdfError, NotImplementedError, ValueError):
        return False


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).split("\n", 1)[0][:200]
