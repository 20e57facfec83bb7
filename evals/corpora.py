"""A test collection of the usual form: corpus.jsonl (id, title, text), queries.jsonl (id, text), qrels.tsv.

Each document becomes one file, of the type that its text shows, so that it goes through the same pipeline as a
person's own files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
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
    """The whole corpus and the first `limit` of the queries that something is relevant to."""
    documents = tuple(
        Document(_text(row, "id", place), str(row.get("title") or ""), _text(row, "text", place))
        for row, place in _rows(folder / "corpus.jsonl")
    )
    known = {document.id for document in documents}
    if not documents or len(known) < len(documents):
        raise UsageError(f"{folder / 'corpus.jsonl'}: expected documents with distinct ids, got {len(documents)}.")
    relevant = _relevant(folder / "qrels.tsv", known)
    queries = tuple(
        Query(query, _text(row, "text", place), relevant[query])
        for row, place in _rows(folder / "queries.jsonl")
        if (query := _text(row, "id", place)) in relevant
    )
    if not queries:
        raise UsageError(f"{folder}: no query of queries.jsonl has a relevant document in qrels.tsv.")
    return Corpus(documents, queries[:limit])


def _rows(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    for number, line in enumerate(_lines(path), start=1):
        place = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{place}: expected a JSON object, got {line[:60]!r} ({error}).") from error
        if not isinstance(row, dict):
            raise UsageError(f"{place}: expected a JSON object, got {line[:60]!r}.")
        yield row, place


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
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


def _relevant(path: Path, known: set[str]) -> dict[str, dict[str, float]]:
    relevant: dict[str, dict[str, float]] = {}
    for number, line in enumerate(_lines(path), start=1):
        cells = line.rstrip("\r").split("\t")
        if line.strip() and not (number == 1 and cells[0] == "query-id"):
            _add_judgement(relevant, cells, known, f"{path}:{number}")
    return relevant


def _add_judgement(relevant: dict[str, dict[str, float]], cells: list[str], known: set[str], place: str) -> None:
    try:
        query, document, score = cells
        gain = float(score)
    except ValueError as error:
        raise UsageError(f"{place}: expected query, document and score between tabs, got {cells!r}.") from error
    if document not in known:
        raise UsageError(f"{place}: document {document!r} is not in corpus.jsonl.")
    if gain > 0:
        relevant.setdefault(query, {})[document] = gain


def write_files(documents: tuple[Document, ...], folder: Path) -> dict[str, str]:
    """One file a document, left alone where it is there already; the document's id by its file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: dict[str, str] = {}
    for number, document in enumerate(documents):
        suffix, text = as_file(document)
        path = folder / f"{number:06d}{suffix}"
        data = text.encode("utf-8", "replace")
        if not path.is_file() or path.read_bytes() != data:
            path.write_bytes(data)
        paths[path.as_posix()] = document.id
    for stale in folder.iterdir():
        if stale.as_posix() not in paths:
            stale.unlink()
    return paths


def as_file(document: Document) -> tuple[str, str]:
    """Suffix and text: code as it stands, prose under its title."""
    start = document.text.lstrip()
    suffix = next((suffix for suffix, shape in SHAPES if shape.match(start)), None)
    if suffix:
        return suffix, f"{document.text}\n"
    title = " ".join(document.title.split())
    return (".md", f"# {title}\n\n{document.text}\n") if title else (".txt", f"{document.text}\n")
