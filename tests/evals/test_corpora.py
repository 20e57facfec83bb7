from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hydragraph.errors import UsageError
from hydragraph.evals.corpora import Document, as_file, read_corpus, write_files

WriteCorpus = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, write_corpus: WriteCorpus) -> Path:
    return write_corpus(tmp_path / "data")


def test_a_corpus_is_documents_and_the_queries_that_something_is_relevant_to(folder: Path) -> None:
    with (folder / "queries.jsonl").open("a") as lines:
        lines.write(json.dumps({"id": "unjudged", "text": "anything"}) + "\n")
    corpus = read_corpus(folder)
    assert [document.id for document in corpus.documents] == ["zebra", "river", "open", "close", "plain"]
    assert [(query.id, dict(query.relevant)) for query in corpus.queries] == [
        ("q1", {"zebra": 1}),
        ("q2", {"plain": 1}),
        ("q3", {"close": 1}),
    ]


def test_limit_takes_the_first_queries_and_the_whole_corpus(folder: Path) -> None:
    corpus = read_corpus(folder, 2)
    assert ([query.id for query in corpus.queries], len(corpus.documents)) == (["q1", "q2"], 5)
    assert len(read_corpus(folder, 99).queries) == 3


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(folder: Path, limit: int) -> None:
    with pytest.raises(UsageError, match=f"expected 1 or more queries, got {limit}"):
        read_corpus(folder, limit)


def test_ids_may_be_numbers_and_titles_missing(tmp_path: Path, write_corpus: WriteCorpus) -> None:
    documents = [{"id": 7, "text": "seven"}, {"id": 8, "title": None, "text": "eight"}]
    corpus = read_corpus(write_corpus(tmp_path / "n", documents, [{"id": 1, "text": "?"}], [("1", "7", 1)]))
    assert corpus.documents == (Document("7", "", "seven"), Document("8", "", "eight"))
    assert corpus.queries[0].relevant == {"7": 1}


def test_only_judgements_above_zero_make_relevant(tmp_path: Path, write_corpus: WriteCorpus) -> None:
    qrels = [("q1", "zebra", 2), ("q1", "river", 0), ("q1", "open", -1), ("q2", "plain", 0), ("q1", "zebra", 2)]
    corpus = read_corpus(write_corpus(tmp_path / "data", qrels=qrels))
    assert [(query.id, dict(query.relevant)) for query in corpus.queries] == [("q1", {"zebra": 2})]


def test_judgements_of_queries_that_are_not_there_change_nothing(folder: Path) -> None:
    before = read_corpus(folder)
    with (folder / "qrels.tsv").open("a") as lines:
        lines.write("elsewhere\tzebra\t1\n")
    assert read_corpus(folder) == before


def test_files_from_other_systems_are_read_alike(folder: Path) -> None:
    """A byte order mark, carriage returns, blank lines, no header line."""
    before = read_corpus(folder)
    for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"):
        text = (folder / name).read_text().replace("query-id\tcorpus-id\tscore\n", "")
        (folder / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n\r\n").encode())
    assert read_corpus(folder) == before


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("corpus.jsonl", "", "expected documents, got none"),
        ("corpus.jsonl", "{'id': 1}\n", r"corpus\.jsonl:1: expected a JSON object, got"),
        ("corpus.jsonl", "[1, 2]\n", r"corpus\.jsonl:1: expected a JSON object, got '\[1, 2\]'"),
        ("corpus.jsonl", "[" * 100_000, r"corpus\.jsonl:1: expected a JSON object, got '\[\["),
        ("corpus.jsonl", '\n{"text": "x"}\n', r"corpus\.jsonl:2: expected text under 'id', got None"),
        ("corpus.jsonl", '{"id": "a", "text": ["x"]}\n', "expected text under 'text', got"),
        ("corpus.jsonl", '{"id": true, "text": "x"}\n', "expected text under 'id', got True"),
        (
            "corpus.jsonl",
            '{"id": "1", "text": "x"}\n{"id": 1, "text": "y"}\n',
            r"corpus\.jsonl:2: expected an id of its own, but '1' is that of .*corpus\.jsonl:1 too",
        ),
        ("queries.jsonl", "", "no query of queries.jsonl has a relevant document"),
        (
            "queries.jsonl",
            '{"id": "q1", "text": "x"}\n' * 2,
            r"queries\.jsonl:2: expected an id of its own, but 'q1' is",
        ),
        ("qrels.tsv", "", "no query of queries.jsonl has a relevant document"),
        ("qrels.tsv", "q1 zebra 1\n", r"qrels\.tsv:1: expected query, document and score between tabs"),
        ("qrels.tsv", "q1\tzebra\tyes\n", r"qrels\.tsv:1: expected query, document and score between tabs"),
        ("qrels.tsv", "q1\tzebra\tnan\n", "expected a finite score, got 'nan'"),
        ("qrels.tsv", "q1\tzebra\tinf\n", "expected a finite score, got 'inf'"),
        ("qrels.tsv", "q1\t../../zebra\t1\n", r"document '\.\./\.\./zebra' is not in corpus\.jsonl"),
        (
            "qrels.tsv",
            "q1\tzebra\t1\nq1\tzebra\t0\n",
            r"qrels\.tsv:2: 'q1' and 'zebra' were judged 1 before, and now 0",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(folder: Path, file: str, text: str, message: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(UsageError, match=message):
        read_corpus(folder)


@pytest.mark.parametrize("missing", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_file_that_cannot_be_read_is_named(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    (folder / missing).mkdir()
    with pytest.raises(UsageError, match=rf"{missing} cannot be read \(Is a directory\): expected a folder with"):
        read_corpus(folder)


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for path in (file, tmp_path / "nowhere", tmp_path / ("n" * 300)):
        with pytest.raises(UsageError, match="cannot be read"):
            read_corpus(path)


def test_other_encodings_are_refused(folder: Path) -> None:
    (folder / "queries.jsonl").write_bytes('{"id": "q1", "text": "Café"}\n'.encode("latin-1"))
    with pytest.raises(UsageError, match=r"queries\.jsonl: expected UTF-8 text"):
        read_corpus(folder)


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("def f(x):\n    return x", ".py"),
        ("  @cached\ndef f(): ...", ".py"),
        ("async def f(): ...", ".py"),
        ("class A:\n    pass", ".py"),
        ("package main\n\nfunc main() {}", ".go"),
        ("func (s *Server) Close() error { return nil }", ".go"),
        ("pub fn open() -> u8 { 1 }", ".rs"),
        ("#[derive(Debug)]\nstruct A;", ".rs"),
        ("public static void main(String[] args) { }", ".java"),
        ("function add(a, b) { return a + b }", ".js"),
        ("const add = (a, b) => a + b", ".js"),
        ("#include <vector>\nint main() {}", ".cpp"),
    ],
)
def test_code_is_known_by_its_shape_and_stands_as_it_is(text: str, suffix: str) -> None:
    assert as_file(Document("1", "A title", text)) == (suffix, f"{text}\n")


@pytest.mark.parametrize(
    "text",
    [
        "The function f(x) is monotone.",
        "Class struggle is a term.",
        "Public opinion (in 1900) was mixed.",
        "",
        "Let it be",
    ],
)
def test_prose_stands_under_its_title(text: str) -> None:
    assert as_file(Document("1", "", text)) == (".txt", f"{text}\n")
    assert as_file(Document("1", " Two\n# lines ", text)) == (".md", f"# Two # lines\n\n{text}\n")


NASTY = (
    Document("../../escape", "../../title", "up and away"),
    Document("/etc/x", "", "absolute"),
    Document("n" * 300, "t" * 300, "long names"),
    Document("sp ace\nline", "", "東京 Zürich \u2028 \U0001f993"),
    Document("lone", "\ud800", "half \udc00 a pair"),
    Document("a.py", "", ""),
    Document("A.PY", "", "differs by case"),
)


def test_no_id_or_title_names_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "work" / "corpus"
    paths = write_files(NASTY, folder)
    assert list(paths.values()) == [document.id for document in NASTY]
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()) == [
        f"work/corpus/{number:06d}{suffix}"
        for number, suffix in enumerate([".md", ".txt", ".md", ".txt", ".md", ".txt", ".txt"])
    ]
    assert (folder / "000003.txt").read_text(encoding="utf-8") == "東京 Zürich \u2028 \U0001f993\n"
    assert (folder / "000004.md").read_text(encoding="utf-8") == "# ?\n\nhalf ? a pair\n"


def test_a_second_run_touches_only_what_changed(tmp_path: Path) -> None:
    documents = (Document("1", "", "one"), Document("2", "", "two"), Document("3", "", "three"))
    write_files(documents, tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    paths = write_files((documents[0], Document("2", "", "def two(): ...")), tmp_path)
    assert [Path(path).name for path in paths] == ["000000.txt", "000001.py"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000.txt", "000001.py"]
    assert (tmp_path / "000000.txt").stat().st_mtime_ns == before["000000.txt"]


@pytest.mark.parametrize("name", ["notes.txt", "000001.doc", "000001.txt/"])
def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path, name: str) -> None:
    """Whatever was in the folder used to be deleted."""
    strange = tmp_path / name
    strange.mkdir() if name.endswith("/") else strange.write_text("mine")
    with pytest.raises(UsageError, match=f"expected a folder of our own.*{name.rstrip('/')}"):
        write_files((Document("1", "", "one"),), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name.rstrip("/")]
