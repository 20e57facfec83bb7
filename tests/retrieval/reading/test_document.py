"""Bytes to documents: encodings, notebooks, PDFs, HTML."""

from __future__ import annotations

import codecs
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from hydragraph.domain import Language
from hydragraph.retrieval.reading.document import Document, Place, UnreadableError, read_document, relative_path
from hydragraph.retrieval.reading.html import has_text, markup_rows, parsed
from hydragraph.retrieval.reading.pdf import pdf_pages
from hydragraph.retrieval.reading.text import decode, is_binary, storable

ROOT = Path("/home/someone/project")


def read(name: str, data: bytes | str) -> Document:
    return read_document(ROOT / name, data if isinstance(data, bytes) else data.encode(), ROOT)


def reason(name: str, data: bytes | str) -> str:
    with pytest.raises(UnreadableError) as caught:
        read(name, data)
    return caught.value.reason


def pdf_of(*pages: str) -> bytes:
    """A PDF whose pages hold one line of text each (none where it is empty)."""
    writer = PdfWriter()
    for text in pages:
        page = writer.add_blank_page(300, 300)
        font = DictionaryObject({
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        })  # fmt: skip
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode() if text else b"")
        page[NameObject("/Contents")] = stream
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_a_document_says_where_it_lies_below_its_root() -> None:
    document = read("src/app.py", "x = 1\r\ny = 2\n")

    assert document == Document(
        "/home/someone/project/src/app.py", "project/src/app.py", "python", ("x = 1\r", "y = 2", "")
    )
    assert document.text == "x = 1\r\ny = 2\n"


def test_a_root_that_is_a_file_gives_its_name() -> None:
    assert relative_path(Path("/a/b/c.py"), Path("/a/b/c.py")) == "c.py"
    assert relative_path(Path("/a/b/c.py"), Path("/elsewhere/root")) == "c.py"


@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        ("a.py", "x", "python"), ("a.PYI", "x", "python"), ("a.mjs", "x", "javascript"),
        ("a.tsx", "x", "typescript"), ("a.go", "x", "go"), ("a.rs", "x", "rust"), ("A.java", "x", "java"),
        ("a.c", "x", "c"), ("a.hpp", "x", "cpp"), ("a.h", "int f(void);", "c"),
        ("a.h", "namespace a {\nint f();\n}", "cpp"), ("a.h", "#pragma once\nclass A;", "cpp"),
        ("README.md", "x", "markdown"), ("a.rst", "x", "rst"), ("a.htm", "x", "html"), ("a.toml", "x", "text"),
        ("Makefile", "x", "text"), ("LICENSE", "x", "text"), ("a.rb", "x", "text"),
        ("run", "#!/usr/bin/env python3\n", "python"), ("run", "#!/usr/bin/node\n", "javascript"),
        ("run", "#!/bin/sh\n", "text"), ("run.sh", "#!/usr/bin/python\n", "text"),
    ],
)  # fmt: skip
def test_languages(name: str, text: str, language: Language) -> None:
    assert read(name, text).language == language


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        (codecs.BOM_UTF8 + "é".encode(), "é"),
        ("héllo wörld".encode("utf-16"), "héllo wörld"),
        (codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "é"),
        ("no mark here".encode("utf-16-le"), "no mark here"),
        ("no mark here".encode("utf-16-be"), "no mark here"),
        (codecs.BOM_UTF32_LE + "é".encode("utf-32-le"), "é"),
        ("naïve café – “quoted”".encode("cp1252"), "naïve café – “quoted”"),
        ("caf\xe9 \x81 and more text".encode("latin-1"), "caf\xe9 \x81 and more text"),
        (b"red \x1b[31m on a terminal", "red \x1b[31m on a terminal"),
    ],
)
def test_text_is_decoded(data: bytes, text: str) -> None:
    assert decode(data) == text


@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_have_a_reason(data: bytes) -> None:
    try:
        text = decode(data)
    except UnreadableError as error:
        assert error.reason in ("binary", "not text")  # noqa: PT017
    else:
        assert not is_binary(data)
        text.encode()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_utf8_comes_back_as_it_was(text: str) -> None:
    assert decode(codecs.BOM_UTF8 + text.encode()) == text


def test_extracted_text_can_be_stored() -> None:
    assert storable("a\x00b\ud800c\U0001f600").encode().decode() == "a\ufffdb\ufffdc\U0001f600"


def test_a_notebook_is_its_cells_with_their_numbers_and_languages() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "words"]},
        {"cell_type": "code", "source": "import os\nx = 1", "outputs": [{"text": "noise"}]},
        {"cell_type": "code", "source": "  "},
        {"cell_type": "raw", "source": "raw"},
    ]
    document = read("a.ipynb", json.dumps({"cells": cells, "metadata": {"language_info": {"name": "Python"}}}))

    assert document.text == "# Title\nwords\n\nimport os\nx = 1\n\nraw"
    assert document.extracted
    assert document.places == (
        Place(1, 2, "cell", 1, "markdown"),
        Place(4, 5, "cell", 2, "python"),
        Place(7, 7, "cell", 4, "text"),
    )


def test_a_notebook_of_format_three_and_of_another_kernel() -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}, {}, 3]}
    other = {"cells": [{"cell_type": "code", "source": "x <- 1"}], "metadata": {"kernelspec": {"language": "R"}}}

    assert read("old.ipynb", json.dumps(old)).places == (Place(1, 1, "cell", 1, "python"),)
    assert read("other.ipynb", json.dumps(other)).places == (Place(1, 1, "cell", 1, "text"),)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"cells": 3}', '{"worksheets": 3}', "\ufeff "])
def test_what_is_no_notebook(text: str) -> None:
    assert reason("a.ipynb", text) in ("broken", "empty")


def test_a_pdf_is_its_pages_with_their_numbers() -> None:
    document = read("a.pdf", pdf_of("first page", "", "third page"))

    assert document.text == "first page\n\nthird page"
    assert document.extracted
    assert document.places == (Place(1, 1, "page", 1), Place(3, 3, "page", 3))


def test_a_pdf_of_too_many_pages_is_refused() -> None:
    data = pdf_of("one", "two", "three")

    assert [number for number, _ in pdf_pages(data, max_pages=3)] == [1, 2, 3]
    with pytest.raises(UnreadableError) as caught:
        list(pdf_pages(data, max_pages=2))
    assert caught.value.reason == "too long"


@given(st.integers(0, 900), st.binary(max_size=8))
def test_a_damaged_pdf_is_read_or_has_a_reason(position: int, noise: bytes) -> None:
    data = bytearray(pdf_of("words to be read", "and more of them"))
    data[position : position + len(noise)] = noise
    try:
        read("a.pdf", bytes(data))
    except UnreadableError as error:
        assert error.reason in ("broken", "no text", "encrypted", "empty", "too long")  # noqa: PT017


def test_html_keeps_the_lines_of_the_file() -> None:
    document = read("a.html", "<html>\n<p>one\n</p></html>\n")

    assert document.lines == ("<html>", "<p>one", "</p></html>", "")
    assert not document.extracted


def test_html_rows_that_nobody_sees() -> None:
    page = "<body>\n<script>\nvar a = '<p>';\n</script>\n<p>seen <!-- not\nthis --> this</p>\n</body>"

    assert markup_rows(page) == (frozenset({1, 2, 3}), frozenset({0, 6}))
    assert has_text(page)
    assert not has_text("<body><style>p {}</style><script>x</script><!-- c --></body>")
    assert has_text("1 < 2")


def test_html_is_parsed_without_warnings() -> None:
    soup = parsed('<?xml version="1.0"\n?>\n<html><p>x</p></html>')

    assert soup is not None
    assert [tag.sourceline for tag in soup.find_all("p")] == [3]
    assert parsed("no/markup/at/all.html") is None
