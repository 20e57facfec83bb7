"""One file's trouble stays its own, and each file is read once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hydragraph.errors import EmbedderError
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.stores.collection import Collection

Write = Callable[[Path, str], Path]


class FaultyCounter:
    """Counts tokens until it meets the word, then raises."""

    name, dimension, max_tokens = "faulty", 2, 256

    def __init__(self, word: str, error: BaseException) -> None:
        self.word, self.error = word, error

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if any(self.word in text for text in texts):
            raise self.error
        return [len(text.split()) for text in texts]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 2), dtype=np.float32) / np.sqrt(2)


class UnheardOfError(Exception):
    """What no list of exceptions has."""


def pdf_with_filter(name: bytes) -> bytes:
    """One page whose text is behind a filter for which pypdf needs a program that is not there."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /Font << >> >> /Contents 4 0 R >>",
        b"<< /Length 2 /Filter /%s >>\nstream\nxx\nendstream" % name,
    ]
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, text) for number, text in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer << /Root 1 0 R /Size 5 >>\nstartxref\n0\n%%EOF\n"


@pytest.mark.parametrize("name", [b"BrotliDecode", b"JBIG2Decode"])
def test_a_pdf_that_needs_a_missing_program_is_quarantined_and_the_rest_is_indexed(
    docs: Collection, tree: Path, name: bytes
) -> None:
    """It used to end the whole index, and the next run again."""
    (tree / "scan.pdf").write_bytes(pdf_with_filter(name))
    reason = "broken: none of 1 pages could be read (1 DependencyError)"
    for _ in range(2):
        report = index(docs, [tree], None)
        assert report.quarantined == ((f"{tree}/scan.pdf", reason),)
        assert report.files == 3


def test_whatever_a_parser_raises_quarantines_its_file_with_the_name_of_it(
    docs: Collection, tree: Path, write: Write
) -> None:
    write(tree / "odd.txt", "A very odd walrus.\n")
    embedder = FaultyCounter("walrus", UnheardOfError("no such animal"))
    for _ in range(2):
        report = index(docs, [tree], embedder)
        reason = "the reader failed (UnheardOfError: no such animal)"
        assert report.quarantined == ((f"{tree}/odd.txt", reason),)
        assert (report.files, report.dense_ready) == (3, 1.0)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), EmbedderError("no weights")])
def test_what_is_not_about_one_file_is_let_through(
    docs: Collection, tree: Path, write: Write, error: BaseException
) -> None:
    write(tree / "odd.txt", "A very odd walrus.\n")
    with pytest.raises(type(error)):
        index(docs, [tree], FaultyCounter("walrus", error))


@contextmanager
def opened_below(folder: Path) -> Iterator[Counter[str]]:
    """Counts how often each file below a folder is opened."""
    opened: Counter[str] = Counter()
    listening = [True]

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        if listening and event == "open" and str(arguments[0]).startswith(f"{folder}/"):
            opened[str(arguments[0]).removeprefix(f"{folder}/")] += 1

    sys.addaudithook(listen)  # it cannot be taken out again
    yield opened
    listening.clear()


def test_each_file_is_read_once(docs: Collection, tree: Path, write: Write) -> None:
    write(tree / "blank.txt", " \n\n")
    (tree / "cells.ipynb").write_text('{"cells": [{"cell_type": "markdown", "source": "one"}]}')
    with opened_below(tree) as opened:
        index(docs, [tree], None)
    assert opened == Counter(["app.py", "guide.md", "notes/plain.txt", "blank.txt", "cells.ipynb"])


def test_a_file_that_holds_nothing_wanted_any_more_leaves_the_index(docs: Collection, tree: Path, write: Write) -> None:
    index(docs, [tree], None)
    write(tree / "guide.md", "\x7fELF\x02\x01")
    report = index(docs, [tree], None)
    assert (report.files, report.removed, report.skipped) == (2, 1, {"binary": 1})
