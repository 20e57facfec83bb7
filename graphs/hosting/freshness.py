"""Whether a file still says what was cited from it."""

from __future__ import annotations

from pathlib import Path

from ...domain import FileSpan


def is_current(span: FileSpan, text: str) -> bool:
    """The text stands verbatim in its lines, as the reader of that kind of file sees them now. Blocking."""
    from ...retrieval.reading.document import UnreadableError, read_document

    path = Path(span.path)
    try:
        document = read_document(path, path.read_bytes(), path.parent)
    except (OSError, UnreadableError):
        return False
    return text in "\n".join(document.lines[span.start - 1 : span.end])
