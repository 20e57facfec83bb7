"""Chunks: cut along the syntax, fitting the embedder, covering the file."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hydragraph.domain import Chunk
from hydragraph.retrieval.chunking.chunker import Chunked, chunk_document
from hydragraph.retrieval.reading.document import Document, UnreadableError, read_document

ROOT = Path("/r/proj")


class Counter:
    """Counts words or characters, in a window of the given size; the calls are counted too."""

    name = "counter"
    dimension = 1

    def __init__(self, max_tokens: int = 60, *, by_character: bool = False) -> None:
        self.max_tokens = max_tokens
        self.calls = 0
        self._by_character = by_character

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        self.calls += 1
        return [2 + (len(text) if self._by_character else len(text.split())) for text in texts]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 1), dtype=np.float32)


class Superadditive(Counter):
    """A tokenizer for which two lines together cost more than each alone."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [2 + len(text.split()) + 3 * text.count("\n") for text in texts]


def document(name: str, text: str) -> Document:
    return read_document(ROOT / name, textwrap.dedent(text).encode(), ROOT)


def chunked(name: str, text: str, embedder: Counter | None = None) -> Chunked:
    return chunk_document(document(name, text), embedder or Counter())


def outline(name: str, text: str, embedder: Counter | None = None) -> list[tuple[int, int, str]]:
    return [(chunk.start_line, chunk.end_line, chunk.symbol) for chunk in chunked(name, text, embedder).chunks]


def words(count: int, word: str = "word") -> str:
    return " ".join([word] * count)


def test_a_short_file_is_one_chunk() -> None:
    (chunk,) = chunked("src/a.py", "import os\n\n\ndef one():\n    return os\n\n\ndef two():\n    pass\n").chunks

    assert chunk == Chunk(
        path="/r/proj/src/a.py", start_line=1, end_line=9, language="python", symbol="one",
        text="import os\n\n\ndef one():\n    return os\n\n\ndef two():\n    pass", header="proj/src/a.py\none",
    )  # fmt: skip


def test_functions_classes_and_methods_are_cut_apart() -> None:
    body = "\n".join(f"    a{n} = {words(8)}" for n in range(3))
    method = "\n".join(f"        b{n} = {words(8)}" for n in range(3))
    text = f"""import os\nimport a, b, c, d, e, f, g, h, i, j, k, l, m\n
# About one.
@decorator
def one():\n{body}\n
class Two(Base):\n    x = [{words(20, "1,")}]\n
    def first(self):\n{method}\n
    def second(self):\n{method}\n
def three():\n{body}\n"""

    assert outline("a.py", text) == [
        (1, 2, ""),
        (4, 9, "one"),
        (11, 12, "Two"),
        (14, 17, "Two.first"),
        (19, 22, "Two.second"),
        (24, 27, "three"),
    ]


def test_tiny_neighbours_are_joined() -> None:
    text = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(40))
    found = chunked("a.py", text)

    assert len(found.chunks) <= 6
    assert [chunk.text.split("\n", 1)[0][:5] for chunk in found.chunks] == ["def f"] * len(found.chunks)


def test_a_long_function_is_cut_between_statements() -> None:
    text = 'def f(a):\n    """Doc."""\n' + "".join(
        f"    if a == {n}:\n        do({words(6)})\n        done()\n" for n in range(12)
    )
    found = chunked("a.py", text)

    assert {chunk.symbol for chunk in found.chunks} == {"f"}
    assert all(chunk.text.split("\n")[0].startswith(("    if", "def")) for chunk in found.chunks)
    sizes = Counter().count_tokens([chunk.text for chunk in found.chunks])
    assert max(sizes) < 2 * min(sizes)


def test_a_signature_stays_with_its_docstring() -> None:
    text = "def before():\n    " + words(40) + '\n\n\ndef f(\n    a,\n    b,\n):\n    """' + words(20) + '"""\n'
    text += "".join(f"    x{n} = {words(9)}\n" for n in range(9))

    starts = [chunk.text.split("\n")[0] for chunk in chunked("a.py", text).chunks]
    assert "def f(" in starts
    assert not any(start.strip().startswith('"""') for start in starts)


def test_comments_and_attributes_stay_with_what_they_are_about() -> None:
    function = "{\n" + "".join(f"    let a{n} = f({n}); // {words(9)}\n" for n in range(3)) + "}\n"
    text = f"fn one() {function}\n/// Says two.\n/// And more.\n#[inline]\nfn two() {function}"

    assert outline("a.rs", text) == [(1, 5, "one"), (7, 14, "two")]


@pytest.mark.parametrize(
    ("name", "text", "symbols"),
    [
        ("a.js", "export function f() {%}\nexport const g = () => {%};\nclass A {\n m() {%}\n}", ["f", "g", "A.m"]),
        (
            "a.ts",
            "namespace N {\nexport function f(): void {%}\n}\nabstract class A {\n m(): void {%}\n}",
            ["N.f", "A.m"],
        ),
        ("a.go", "package p\nfunc F() {%}\nfunc (s *S) M() {%}", ["F", "S.M"]),
        ("a.rs", "impl S {\n fn f() {%}\n fn g() {%}\n}", ["S.f", "S.g"]),
        ("a.java", "class A {\n void f() {%}\n class B {\n void g() {%}\n }\n}", ["A.f", "A.B"]),
        ("a.c", "int f(void) {%}\n#ifdef X\nstatic char *g(int a) {%}\n#endif", ["f", "g"]),
        (
            "a.cpp",
            "namespace n {\ntemplate <class T> class A {\n void f() {%}\n};\nint A::g() {%}\n}",
            ["n.A.f", "n.A.g"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("a.") else "",
)
def test_each_language_has_its_functions(name: str, text: str, symbols: list[str]) -> None:
    filled = text.replace("%", "\n" + "".join(f"  call({n});\n  // {words(9)}\n" for n in range(4)))
    found = [symbol for _, _, symbol in outline(name, filled)]

    assert [symbol for symbol in found if symbol in symbols] == symbols


def test_markdown_is_cut_at_headings() -> None:
    text = f"""# Guide\n\n{words(30)}\n
## Install\n\n{words(40)}\n
### Linux\n\n{words(40)}\n\n```sh\n# no heading\n{words(20)}\n```\n
Use\n---\n\n{words(40)}\n"""

    assert outline("a.md", text) == [
        (1, 3, "Guide"),
        (5, 7, "Guide > Install"),
        (9, 11, "Guide > Install > Linux"),
        (13, 16, "Guide > Install > Linux"),
        (18, 21, "Guide > Use"),
    ]


def test_restructured_text_is_cut_at_underlined_titles() -> None:
    text = f"=====\nGuide\n=====\n\n{words(40)}\n\nInstall\n-------\n\n{words(40)}\n\nUse\n---\n\n{words(40)}\n"

    assert outline("a.rst", text) == [(1, 5, "Guide"), (7, 10, "Guide > Install"), (12, 15, "Guide > Use")]


def test_a_heading_is_not_left_behind() -> None:
    text = f"{words(30)}\n\n# Title\n\n{words(50)}.\n{words(30)}\n"

    assert outline("a.md", text) == [(1, 1, ""), (3, 5, "Title"), (6, 6, "Title")]


def test_paragraphs_are_filled_up_but_not_cut() -> None:
    text = "\n\n".join(f"{words(12)}\n{words(12)}" for _ in range(6))

    assert outline("a.txt", text) == [(1, 5, ""), (7, 11, ""), (13, 17, "")]


def test_html_is_cut_at_headings_and_without_scripts() -> None:
    text = f"""<html><head><title>Page</title>\n<script>\nvar {words(30)}\n</script></head>\n<body>
<h1>One</h1>\n<p>{words(40)}</p>\n<h2>Two</h2>\n<p>{words(20)}</p>\n<p>{words(20)}</p>\n</body></html>\n"""
    found = chunked("a.html", text, Counter(70)).chunks

    assert [(chunk.start_line, chunk.end_line, chunk.symbol) for chunk in found] == [
        (1, 1, "Page"),
        (6, 7, "Page > One"),
        (8, 10, "Page > One > Two"),
    ]
    assert found[1].text == text.split("\n")[5] + "\n" + text.split("\n")[6]


def test_a_notebook_says_which_cell() -> None:
    cells = [
        {"cell_type": "markdown", "source": f"# Model\n\n{words(30)}"},
        {"cell_type": "code", "source": f"def fit(x):\n    return {words(51)}"},
        {"cell_type": "code", "source": "one = 1"},
        {"cell_type": "code", "source": "two = 2"},
    ]
    found = chunked("a.ipynb", json.dumps({"cells": cells})).chunks

    assert [(chunk.place, chunk.symbol) for chunk in found] == [
        ("cell 1", "Model"),
        ("cell 2", "fit"),
        ("cells 3-4", "Model"),
    ]
    assert found[1].text.startswith("def fit(x):")


def test_a_line_that_is_too_long_is_cut_after_sentences() -> None:
    sentences = [f"{words(20)}{n}." for n in range(9)]
    found = chunked("a.txt", "short\n\n" + " ".join(sentences)).chunks

    assert [chunk.start_line for chunk in found] == [1, 3, 3, 3, 3, 3]
    assert " ".join(chunk.text for chunk in found[1:]) == " ".join(sentences)
    assert all(chunk.text.endswith(".") for chunk in found[1:])


def test_equal_parts_of_one_line_are_one_chunk() -> None:
    found = chunked("a.txt", "x" * 4000, Counter(60, by_character=True))

    assert len({chunk.id for chunk in found.chunks}) == len(found.chunks) <= 3


def test_a_long_path_and_a_long_symbol_leave_room_for_the_text() -> None:
    deep = "/".join(["folder"] * 40) + "/module.py"
    (chunk,) = chunked(deep, "def " + "f" * 500 + "(): pass\n", Counter(300, by_character=True)).chunks[:1]

    assert chunk.header == "module.py"


def test_a_path_with_line_ends_stays_on_one_line() -> None:
    assert chunked("two\nlines.txt", "text").chunks[0].header == "proj/two lines.txt"


def test_a_tokenizer_that_does_not_add_up_truncates_nothing() -> None:
    embedder = Superadditive(40)
    found = chunked("a.py", "".join(f"value_{n} = {n}\n" for n in range(200)), embedder)

    assert max(embedder.count_tokens([chunk.embedded_text for chunk in found.chunks])) <= 40
    assert found.truncated == 0


def test_lines_are_counted_in_a_few_calls_for_a_document() -> None:
    embedder = Counter(200)
    chunked("a.py", "".join(f"def f{n}():\n    return {words(9)}\n" for n in range(500)), embedder)

    assert embedder.calls <= 3


def test_an_embedder_with_a_window_too_small_for_one_character_is_told() -> None:
    assert chunked("a.txt", "abc", Counter(2, by_character=True)).truncated > 0


LINES = st.one_of(
    st.sampled_from(
        [
            "", "   ", "\t", "\x0c", "\r", "def f(a):", "    return a", "class A(B):", "    def m(self):",
            "        x = 1", "# heading", "## Sub *x*", "Title", "=====", "-----", "```", "~~~", "- item",
            "* item. With two.", '"""', "}", "{", "function f() {", "func (s *S) M() {", "fn f() {",
            "impl A for B {", "#[x]", "@decorator", "// comment", "/*", "*/", "<p>text", "<script>", "</script>",
            "<h1>T</h1>", "<!--", "-->", "<a href='x'>", ".. toctree::", "   entry", "import a.b",
            "from . import c", "[a](b.md)", "`A.b`", "---", "#include <a.h>", "if x:", "else:", "[[x]]",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\x00"), max_size=60),
    st.text("ab .", min_size=80, max_size=300),
)  # fmt: skip
NAMES = ["a.py", "a.js", "a.ts", "a.go", "a.rs", "a.java", "a.c", "a.cpp", "a.md", "a.rst", "a.txt", "a.html"]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), st.lists(LINES, min_size=1, max_size=40), st.integers(6, 80), st.booleans())
@example("a.txt", ["x" * 300], 9, True)
@example("a.py", ["def f(a):", "    return a"] * 20, 16, True)
def test_whatever_the_text_chunks_fit_cover_it_and_stand_in_it(
    name: str, lines: list[str], window: int, by_character: bool
) -> None:
    embedder = Counter(window, by_character=by_character)
    try:
        source = read_document(ROOT / name, "\n".join(lines).encode(), ROOT)
    except UnreadableError:
        return
    found = chunk_document(source, embedder)

    assert found.truncated == 0
    assert max(embedder.count_tokens([chunk.embedded_text for chunk in found.chunks]), default=0) <= window
    assert_stands(source, found.chunks)
    if name != "a.html":
        covered = {row for chunk in found.chunks for row in range(chunk.start_line, chunk.end_line + 1)}
        assert {row for row, line in enumerate(source.lines, 1) if line.strip()} <= covered
    assert {reference.chunk_id for reference in found.references} <= {chunk.id for chunk in found.chunks}
    assert list(found.references) == sorted(set(found.references))
    assert found == chunk_document(source, embedder)


def assert_stands(source: Document, chunks: Sequence[Chunk]) -> None:
    """Each chunk is its lines, or a part of one; chunks follow each other without overlap."""
    last = 0
    for chunk in chunks:
        assert chunk.text.strip()
        lines = "\n".join(source.lines[chunk.start_line - 1 : chunk.end_line])
        if chunk.start_line == chunk.end_line:
            assert chunk.text in lines
            assert chunk.start_line >= last
        else:
            assert chunk.text == lines
            assert chunk.start_line > last
        last = chunk.end_line


def test_a_comment_that_only_divides_a_file_is_no_chunk() -> None:
    rule = "# --- evidence " + "-" * 40
    body = f"    {words(20, 'x;')}\n    return 1  {rule}"
    found = outline("a.py", f"def f():\n{body}\n\n\n{rule}\n\n\ndef g():\n{body}\n", Counter(40))
    assert found == [(1, 3, "f"), (9, 11, "g")]
