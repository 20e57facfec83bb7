"""Small test collections, written by the tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

Rows = Sequence[Mapping[str, object]]
Qrels = Sequence[tuple[str, str, float]]
WriteCorpus = Callable[..., Path]

DOCUMENTS: Rows = (
    {"id": "zebra", "title": "Zebra", "text": "The zebra waits at the crossing of the high street."},
    {"id": "river", "title": "River Thames", "text": "The River Thames flows through the old garden."},
    {"id": "open", "title": "open_session", "text": "def open_session(path):\n    return Session(path)"},
    {"id": "close", "title": "close_session", "text": "def close_session(session):\n    session.commit()"},
    {"id": "plain", "text": "Lanterns burn in the window all evening."},
)
QUERIES: Rows = (
    {"id": "q1", "text": "where does the zebra wait at the crossing"},
    {"id": "q2", "text": "lanterns in the window"},
    {"id": "q3", "text": "close the session and commit"},
)
QRELS: Qrels = (("q1", "zebra", 1), ("q2", "plain", 1), ("q3", "close", 1))


def write_collection(folder: Path, documents: Rows = DOCUMENTS, queries: Rows = QUERIES, qrels: Qrels = QRELS) -> Path:
    folder.mkdir(parents=True)
    for name, rows in (("corpus", documents), ("queries", queries)):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, row)) for row in qrels)]
    (folder / "qrels.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def write_corpus() -> WriteCorpus:
    return write_collection
