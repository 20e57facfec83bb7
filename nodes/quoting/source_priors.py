"""How much a file's kind speaks for quoting it: the thing itself before its tests, its history and its licence."""

from __future__ import annotations

import os.path
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from ...domain import Evidence, FileSpan
from ...text.question import HISTORY, LICENCE, TESTS, Asked
from ...text.words import stem, words
from .passages import is_prose

TEST, HISTORY_OF_CHANGES, LEGAL, LISTING = -1.0, -0.7, -0.8, -0.4
WANTED = 0.2
FIRST_LINES = 20
_TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "testdata", "fixtures", "spec", "specs"})
_TEST_FILE = re.compile(r"(?:test_.*|.*_tests?|conftest|.*\.(?:test|spec))\.\w+")
_HISTORY_FILE = re.compile(
    r"(?:changes|changelog|change_log|history|news|releases?|release[-_]notes|whatsnew.*)(?:\.\w+)?"
)
_LEGAL_FILE = re.compile(r"(?:licen[cs]e|copying|notice|authors|contributors|code[-_]of[-_]conduct)(?:[-.]\w+)*")
_LISTING = re.compile(r".*\.lock|pkg-info|manifest\.in|requirements.*\.txt|sources\.txt")
_README = re.compile(r"readme(?:\.\w+)?|index\.(?:rst|md)|__init__\.py")
_EXAMPLES = frozenset({"example", "examples", "demo", "demos"})
_BENCHMARKS = frozenset({"benchmark", "benchmarks", "bench"})


def standings(asked: Asked, evidence: Sequence[Evidence]) -> dict[str, float]:
    """A prior for each piece by its id. Only the part of a path counts in which the pieces differ."""
    paths = [item.source.path for item in evidence if isinstance(item.source, FileSpan)]
    shared = len(PurePosixPath(common_folder(paths)).parts)
    return {item.id: _standing(asked, item, shared) for item in evidence}


def common_folder(paths: Sequence[str]) -> str:
    """The deepest folder above all of the files."""
    folders = {os.path.dirname(path) for path in paths}
    if len({os.path.isabs(folder) for folder in folders}) != 1:
        return ""
    return os.path.commonpath(folders)


def _standing(asked: Asked, item: Evidence, shared: int) -> float:
    if not isinstance(item.source, FileSpan):
        return 0.0
    path = PurePosixPath(item.source.path)
    name, folders = path.name.lower(), {part.lower() for part in path.parts[shared:-1]}
    if folders & _TEST_FOLDERS or _TEST_FILE.fullmatch(name):
        return TEST if not asked.is_about(TESTS) else TEST / 2 if asked.is_how_to else 0.0
    if _HISTORY_FILE.fullmatch(name):
        return WANTED if asked.is_about(HISTORY) else HISTORY_OF_CHANGES
    if _LEGAL_FILE.fullmatch(name) and not asked.is_about(LICENCE):
        return LEGAL
    if _LISTING.fullmatch(name):
        return LISTING
    subject = 0.08 if {stem(word) for word in words(path.stem)} & asked.terms else 0.0
    deep = 0.1 * max(0, len(path.parts) - 1 - shared)
    return (
        subject
        + _by_kind(asked, item, item.source, name, deep)
        - (0.1 if folders & _EXAMPLES else 0.4 if folders & _BENCHMARKS else 0.0)
    )


def _by_kind(asked: Asked, item: Evidence, source: FileSpan, name: str, deep: float) -> float:
    """Documents say what a thing is and how one does it; code says what it does."""
    if asked.is_overview:
        return (0.7 if source.start <= FIRST_LINES else 0.1) - deep if _README.fullmatch(name) else 0.0
    if asked.names:
        return 0.0
    return 0.12 if (asked.is_how_to or asked.is_meaning) and is_prose(item) else 0.0
