"""A test collection of the usual form: corpus.jsonl (id, title, text), queries.jsonl (id, text), qrels.tsv.

Each document becomes one file, of the type that its text shows, so that it goes through the same pipeline as a
person's own files.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError

SHAPES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (".py", re.compile(r"(?:@[\w.]+|(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*[(:]|from\s+[\w.]+\s+import\s)")),
    (".go", re.compile(r"(?:package\s+\w+\s*$|func\s+(?:\([^)]*\)\s*)?\w+\s*\()", re.MULTILINE)),
    (".rs", re.compile(r"(?:#\[|(?:pub(?:\([^)]*\))?\s+)?(?:fn\s+\w+\s*[<(]|impl\b.*\{|mod\s+\w+\s*[{;]))")),
    (".java", re.compile(r"(?:(?:public|private|protected)\s+(?:[\w<>\[\],]+\s+)+\w+\s*[({]|package\s+[\w.]+;)")),
    (".js", re.compile(r"(?:(?:async\s+)?function\b\s*\*?\s*\w*\s*\(|(?:const|let|var)\s+\w+\s*=|export\s+\w)")),
    (".cpp", re.compile(r"(?:#\s*include\s*[<\"]|template\s*<|namespace\s+\w+\s*\{)")),
)  # fmt: skip
OWN_NAME: Final = re.compile(r"\d{6,}\.(?:py|go|rs|java|js|cpp|md|txt)")


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    id: str
    text: str
    relevant: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Corpus:
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]


def read_corpus(folder: Path, limit: int | None = None) -> Corpus:
    """The whole corpus and the first `limit` of the queries that something is relevant to.

    Judgements of queries that are not in queries.jsonl are left alone: they change no figure.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"limit: expected 1 or more queries, got {limit}.")
    documents = tuple(
        Document(name, str(row.get("title") or ""), _text(row, "text", place))
        for name, row, place in _named_rows(folder / "corpus.jsonl")
    )
    if not documents:
        raise UsageError(f"{folder / 'corpus.jsonl'}: expected documents, got none.")
    relevant = _relevant(folder / "qrels.tsv", {document.id for document in documents})
    queries = tuple(
        Query(name, _text(row, "text", place), relevant[name])
        for name, row, place in _named_rows(folder / "queries.jsonl")
        if name in relevant
    )
    if not queries:
        raise UsageError(f"{folder}: no query of queries.jsonl has a relevant document in qrels.tsv.")
    return Corpus(documents, queries[:limit])


def _named_rows(path: Path) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Id, row and place of each line; no id twice."""
    places: dict[str, str] = {}
    for row, place in _rows(path):
        name = _text(row, "id", place)
        if name in places:
            raise UsageError(f"{place}: expected an id of its own, but {name!r} is that of {places[name]} too.")
        places[name] = place
        yield name, row, place


def _rows(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    for number, line in enumerate(_lines(path), start=1):
        place = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{place}: expected a JSON object, got {line[:60]!r} ({error}).") from error
        if not isinstance(row, dict):
            raise UsageError(f"{place}: expected a JSON object, got {line[:60]!r}.")
        yield row, place


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read ({error.strerror}): expected a folder with corpus.jsonl, queries.jsonl, qrels.tsv."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: expected UTF-8 text ({error}).") from error


def _text(row: Mapping[str, Any], key: str, place: str) -> str:
    value = row.get(key)
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise UsageError(f"{place}: expected text under {key!r}, got {value!r}.")
    return str(value)


def _relevant(path: Path, known: Set[str]) -> dict[str, dict[str, float]]:
    """What is relevant to each query: the judgements above 0."""
    judged: dict[str, dict[str, float]] = {}
    for number, line in enumerate(_lines(path), start=1):
        cells = line.rstrip("\r").split("\t")
        if line.strip() and not (number == 1 and cells[0] == "query-id"):
            _add_judgement(judged, cells, known, f"{path}:{number}")
    positive = {query: {name: gain for name, gain in gains.items() if gain > 0} for query, gains in judged.items()}
    return {query: gains for query, gains in positive.items() if gains}


def _add_judgement(judged: dict[str, dict[str, float]], cells: list[str], known: Set[str], place: str) -> None:
    try:
        query, document, score = cells
        gain = float(score)
    except ValueError as error:
        raise UsageError(f"{place}: expected query, document and score between tabs, got {cells!r}.") from error
    if not math.isfinite(gain):
        raise UsageError(f"{place}: expected a finite score, got {score!r}.")
    if document not in known:
        raise UsageError(f"{place}: document {document!r} is not in corpus.jsonl.")
    before = judged.setdefault(query, {}).setdefault(document, gain)
    if before != gain:
        raise UsageError(f"{place}: {query!r} and {document!r} were judged {before:g} before, and now {gain:g}.")


def write_files(documents: Sequence[Document], folder: Path) -> dict[str, str]:
    """One file a document, left alone where it is there already; the document's id by its file's path.

    Files of documents that are gone go too. A folder with anything else in it is refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stale = _own_files(folder)
    paths: dict[str, str] = {}
    for number, document in enumerate(documents):
        suffix, text = as_file(document)
        path = folder / f"{number:06d}{suffix}"
        data = text.encode("utf-8", "replace")
        if path not in stale or path.read_bytes() != data:
            path.write_bytes(data)
        stale.discard(path)
        paths[path.as_posix()] = document.id
    for path in stale:
        path.unlink()
    return paths


def _own_files(folder: Path) -> set[Path]:
    """What an earlier run wrote."""
    files = set(folder.iterdir())
    strange = sorted(path.name for path in files if path.is_dir() or not OWN_NAME.fullmatch(path.name))
    if strange:
        raise UsageError(
            f"{folder}: expected a folder of our own for the documents' files, found {strange[0]!r} in it:"
            " name another folder to work in."
        )
    return files


def as_file(document: Document) -> tuple[str, str]:
    """Suffix and text: code as it stands, prose under its title."""
    start = document.text.lstrip()
    suffix = next((suffix for suffix, shape in SHAPES if shape.match(start)), None)
    if suffix:
        return suffix, f"{document.text}\n"
    title = " ".join(document.title.split())
    return (".md", f"# {title}\n\n{document.text}\n") if title else (".txt", f"{document.text}\n")
