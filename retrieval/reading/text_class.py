"""What a text is for, by its path below the root, its language and what it looks like: the order of embedding.

Data (translations, tables, fixtures, logs) is found by its words and is not embedded unless a setting says so.
"""

from __future__ import annotations

import re
from collections import Counter
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
_PROGRAMS: Final = frozenset({
    ".sh", ".bash", ".zsh", ".fish", ".ps1", ".bat", ".rb", ".php", ".pl", ".pm", ".lua", ".swift", ".kt",
    ".kts", ".scala", ".cs", ".dart", ".hs", ".ex", ".exs", ".erl", ".clj", ".jl", ".r", ".zig", ".nim",
    ".vue", ".svelte", ".css", ".scss", ".less", ".sql", ".proto", ".graphql", ".cmake", ".mk", ".gradle",
    ".tf",
})  # fmt: skip
_RECORDS: Final = frozenset({
    ".po", ".pot", ".xlf", ".xliff", ".csv", ".tsv", ".jsonl", ".ndjson", ".geojson", ".log", ".svg", ".har",
    ".plist", ".out", ".lock", ".srt", ".vtt",
})  # fmt: skip
_TRANSLATIONS: Final = frozenset({"locale", "locales", "translations"})
_FIXTURES: Final = frozenset({"fixtures", "testdata", "test_data", "__snapshots__", "cassettes"})

SHORT: Final = 20  # lines; what has fewer is never taken for data by its looks
LOOKED_AT: Final = 400  # of its lines
_LETTERS: Final = 0.4  # of what is no space: prose has over .9, a table of numbers under .3
_ALIKE: Final = 0.9  # of the lines have one of the two most frequent shapes
_RUN: Final = re.compile(r"[^\W\d_]+|\d+|\s+")


def text_class(path: str, language: Language, text: str = "") -> TextClass:
    """The class of a text. `path` is relative to the root that was indexed; without `text` the path decides."""
    parts = PurePosixPath(path.lstrip("/").lower())
    folders = set(parts.parts[:-1])
    if _is_data(parts, folders, language, text):
        return "data"
    if _TEST_FOLDERS & folders or _TEST_FILE.fullmatch(parts.name):
        return "tests"
    if _BESIDES.fullmatch(parts.name):
        return "other"
    if language == "text":
        return _of_plain_text(parts.suffix)
    if language == "html" and "templates" in folders:
        return "source"
    return "documentation" if language in PROSE else "source"


def _of_plain_text(suffix: str) -> TextClass:
    if suffix in _PROGRAMS:
        return "source"
    return "documentation" if suffix in _PLAIN_DOCUMENTS else "other"


def _is_data(path: PurePosixPath, folders: set[str], language: Language, text: str) -> bool:
    if language != "text":  # a program with a long table in it is a program
        return False
    if path.suffix in _RECORDS or folders & _FIXTURES:
        return True
    if folders & _TRANSLATIONS and path.suffix not in _PLAIN_DOCUMENTS:
        return True
    return path.suffix not in _PROGRAMS and (_letters(text) < _LETTERS or _is_list(text))


def _letters(text: str) -> float:
    """The share of letters in what is no space; 1 for a short text, which says too little."""
    lines = _lines(text)
    if len(lines) < SHORT:
        return 1.0
    letters = sum(character.isalpha() for line in lines for character in line)
    return letters / sum(not character.isspace() for line in lines for character in line)


def _is_list(text: str) -> bool:
    """Lines of the same make, one below the other, as in a log, a table or a list of words."""
    lines = _lines(text)
    if len(lines) < SHORT:
        return False
    shapes = Counter(_RUN.sub(_shape, line.strip()) for line in lines)
    return sum(count for _, count in shapes.most_common(2)) >= _ALIKE * len(lines)


def _shape(run: re.Match[str]) -> str:
    first = run.group()[0]
    return "a" if first.isalpha() else "9" if first.isdigit() else " "


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines()[:LOOKED_AT] if line.strip()]
