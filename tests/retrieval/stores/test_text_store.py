"""What the texts of a collection have to do, over both implementations; both are the same after any history."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_stores import BOTH, Texts, entry, ids_of, in_memory, in_sqlite

from hydragraph.domain import Reference
from hydragraph.retrieval.stores.lexical import term_key
from hydragraph.retrieval.stores.manifest import FileEntry
from hydragraph.retrieval.stores.owed import Owed
from hydragraph.text.tokenizer import tokenize

A, B = entry("/t/a.py", "alpha one", "beta twoWords"), entry("/t/sub/a.py", "alpha three", kind="tests")
NOWHERE = "0" * 32


@pytest.fixture(params=BOTH)
def texts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Texts]:
    with BOTH[request.param](tmp_path) as opened:
        yield opened


def test_chunks_are_found_with_and_without_their_text(texts: Texts) -> None:
    assert not texts.reader.has_chunks()
    texts.writer.commit([A])
    first, second = ids_of(A)
    assert texts.reader.has_chunks()
    assert texts.reader.chunks([second, NOWHERE]) == {second: A.chunks[1].chunk}
    place = texts.reader.places([first])[first]
    assert (place.path, place.start_line, place.end_line, place.symbol) == ("/t/a.py", 1, 2, "symbol1")


def test_a_line_of_a_file_leads_to_its_chunks(texts: Texts) -> None:
    texts.writer.commit([A, B])
    (first, second), (other,) = ids_of(A), ids_of(B)
    assert texts.reader.chunks_at("a.py", 2) == [first, other]
    assert texts.reader.chunks_at("sub/a.py", 1) == [other]
    assert texts.reader.chunks_at("/t/a.py", 3) == [second]
    assert texts.reader.chunks_at("a.py", 9) == texts.reader.chunks_at("b/a.py", 1) == []
    assert texts.reader.chunks_at(".py", 1) == []  # whole names only


def test_words_are_counted_over_what_is_there(texts: Texts) -> None:
    texts.writer.commit([A, B])
    keys = {word: term_key(word) for word in ("alpha", "beta", "nowhere")}
    assert texts.reader.document_frequencies(keys.values()) == {keys["alpha"]: 2, keys["beta"]: 1}
    assert texts.reader.stats().chunks == 3
    assert texts.reader.has_word("twoWords")
    assert texts.reader.has_word("two")
    assert texts.reader.has_word("twoNowhere")
    assert not texts.reader.has_word("nowhere")
    assert not texts.reader.has_word("...")
    texts.writer.commit([], gone=["/t/a.py"])
    assert texts.reader.document_frequencies(keys.values()) == {keys["alpha"]: 1}
    assert not texts.reader.has_word("twoWords")


def test_references_go_with_their_file(texts: Texts) -> None:
    texts.writer.commit([A, B])
    first, second = ids_of(A)
    assert texts.reader.references([first, second, NOWHERE]) == sorted(
        [Reference(first, "defines", "alpha"), Reference(second, "defines", "beta")]
    )
    texts.writer.commit([replace(A, references=())])
    assert texts.reader.references([first, second]) == []


def test_a_commit_that_raises_leaves_no_trace(texts: Texts) -> None:
    bad = replace(B, references=(Reference(NOWHERE, "calls", "f"),))
    texts.writer.commit([A])
    with pytest.raises(KeyError):
        texts.writer.commit([bad], gone=["/t/a.py"])
    assert texts.reader.chunks([*ids_of(A), *ids_of(B)]).keys() == set(ids_of(A))
    assert texts.outbox.count("sparse") == 2


def test_what_the_vector_store_is_owed_follows_the_files(texts: Texts) -> None:
    texts.writer.commit([A, entry("/t/x.po", "data", kind="data")])
    first, second = ids_of(A)
    assert {one.item for one in texts.outbox.owed("dense", 9)} == {first, second}
    texts.outbox.drop("sparse")
    texts.outbox.drop("dense")
    changed = entry("/t/a.py", "alpha one", "gamma")
    texts.writer.commit([changed])
    assert texts.outbox.owed("sparse", 9) == [Owed(second, "delete", 0), Owed(ids_of(changed)[1], "put", 1)]
    assert texts.outbox.owed("dense", 9) == [Owed(ids_of(changed)[1], "put", 0)]


def test_files_are_known_by_root_and_touched_without_their_chunks(texts: Texts) -> None:
    other = entry("/u/c.py", "gamma", root="/u")
    texts.writer.commit([A, other])
    assert texts.writer.rows(["/t"]) == {"/t/a.py": A.row}
    newer = replace(A.row, mtime_ns=77)
    texts.writer.touch([newer])
    assert texts.writer.rows(["/t", "/u"]) == {"/t/a.py": newer, "/u/c.py": other.row}
    assert texts.reader.chunks(ids_of(A)).keys() == set(ids_of(A))


def test_the_text_of_an_extracted_file_is_kept_with_it(texts: Texts) -> None:
    texts.writer.commit([replace(A, extract="page\n")])
    assert texts.reader.extract("/t/a.py") == "page\n"
    texts.writer.commit([A])
    assert texts.reader.extract("/t/a.py") is texts.reader.extract("/t/b.py") is None


WORDS = ["alpha", "beta gamma", "getName()", "delta delta", ""]
PATHS = ["/t/a.py", "/t/sub/a.py", "/u/b.md"]
edits = st.lists(
    st.tuples(
        st.sampled_from(PATHS),
        st.lists(st.sampled_from(WORDS), max_size=4),
        st.sampled_from(["source", "tests", "data"]),
        st.sampled_from(["put", "remove", "carry"]),
    ),
    min_size=1,
    max_size=12,
)
Edit = tuple[str, list[str], str, str]


def apply(texts: Texts, edit: Edit) -> list[FileEntry]:
    path, words, kind, what = edit
    if what == "carry":
        texts.outbox.done("sparse", texts.outbox.owed("sparse", 2))
        texts.outbox.done("dense", texts.outbox.owed("dense", 1))
    elif what == "remove":
        texts.writer.commit([], gone=[path])
    else:
        made = entry(path, *words, kind=kind, root=path[:2])  # type: ignore[arg-type]
        texts.writer.commit([made])
        return [made]
    return []


def seen(texts: Texts, ids: list[str]) -> list[object]:
    """Everything that can be asked."""
    keys = sorted({term_key(token) for text in [*WORDS, "head"] for token in tokenize(text)})
    return [
        texts.reader.has_chunks(),
        texts.reader.chunks(ids),
        texts.reader.places(ids),
        texts.reader.references(ids),
        [texts.reader.chunks_at(path, line) for path in [*PATHS, "a.py"] for line in (1, 4)],
        texts.reader.stats(),
        texts.reader.grid_length(),
        texts.reader.document_frequencies(keys),
        sorted(texts.reader.candidates(ids), key=lambda it: it.chunk_id),
        [texts.reader.has_word(word) for word in WORDS],
        texts.writer.rows(["/t", "/u"]),
        [texts.outbox.owed(store, 99) for store in ("sparse", "dense")],
    ]


@settings(deadline=None, max_examples=25)
@given(edits)
def test_both_are_the_same_after_any_history(history: list[Edit]) -> None:
    with tempfile.TemporaryDirectory() as folder, in_sqlite(Path(folder)) as left, in_memory(Path(folder)) as right:
        ids: list[str] = []
        for edit in history:
            for made in apply(left, edit):
                ids = sorted({*ids, *ids_of(made)})
            apply(right, edit)
            assert seen(left, ids) == seen(right, ids)
