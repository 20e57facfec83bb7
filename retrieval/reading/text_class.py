"""What a text is for, by its path below the root and its language: the order in which texts are embedded."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final, Literal, get_args

from ...domain import Language

TextClass = Literal["source", "documentation", "tests", "other", "data"]
CLASSES: Final[tuple[TextClass, ...]] = get_args(TextClass)
PROSE: Final[frozenset[Language]] = frozenset({"markdown", "rst", "html", "pdf", "notebook", "text"})

_TEST_FOLDERS: Final = frozenset({"test", "tests", "__tests__", "testdata", "testing", "fixtures", "spec", "specs"})
_TEST_FILE: Final = re.compile(r"(?:test_.*|.*_tests?|conftest|.*\.(?:test|spec))\.\w+")
_BESIDES: Final = re.compile(
    r"(?:licen[sc]e|copying|notice|authors|contributors|code[-_]of[-_]conduct|history|news|change(?:s|[-_]?log)|"
    r"releases?|release[-_]notes|whatsnew.*)(?:[-.]\w+)*"
)
_PLAIN_DOCUMENTS: Final = frozenset({"", ".txt", ".text", ".adoc"})


def text_class(path: str, language: Language) -> TextClass:
    """The class of a text. `path` is relative to the root that was indexed."""
    parts = PurePosixPath(path.lstrip("/").lower())
    if _TEST_FOLDERS & set(parts.parts[:-1]) or _TEST_FILE.fullmatch(parts.name):
        return "tests"
    if _BESIDES.fullmatch(parts.name):
        return "other"
    if language == "text":
        return "documentation" if parts.suffix in _PLAIN_DOCUMENTS else "other"
    return "documentation" if language in PROSE else "source"
