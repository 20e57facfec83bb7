"""A credential leaves out the chunk in which it stands: the rest of the file is indexed, and nothing of it is kept."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stored import bytes_below

from hydragraph.errors import NoIndexError
from hydragraph.evals.index_state import differences, read_state
from hydragraph.retrieval.chunking.chunker import Chunked, chunk_document
from hydragraph.retrieval.indexing import file_reader as reading
from hydragraph.retrieval.indexing import run as ledger
from hydragraph.retrieval.indexing.file_reader import TokenEstimate, concealed
from hydragraph.retrieval.indexing.forget import forget_path
from hydragraph.retrieval.indexing.run import IndexOptions, IndexReport, index
from hydragraph.retrieval.reading.document import read_document
from hydragraph.retrieval.stores.collection import Collection
from hydragraph.retrieval.stores.texts import Store

# In pieces, so that this file is not left out of an index itself.
PASSWORD = "Xk29" + "vQ7pLw3ZaB81"
KEY_LINE = "MIIEowIBAAKCAQEAx7" + "Qk2vZ"
KEY_BODY = f"{KEY_LINE}\n" * 60
PRIVATE_KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_BODY}-----END RSA PRIVATE KEY-----\n"

MakeEmbedder = Callable[[], Any]
Write = Callable[[Path, str], Path]


def function(name: str, body: str = "") -> str:
    lines = "".join(f"    {name}_{n} = measure({name!r}, {n})\n" for n in range(12))
    return f"def {name}(side):\n{lines}{body}    return side\n\n\n"


SETTINGS = (
    "import os\n\n\n" + function("toucan") + function("connect", f'    password = "{PASSWORD}"\n') + function("pelican")
)
GUIDE = (
    "# Toucans\n\n"
    + "They are kept in the large hall. " * 30
    + f"\n\n## Using {PASSWORD}\n\nSet `password: {PASSWORD}`"
    " first.\n\n### Pelicans\n\n" + "Pelicans like the small hall. " * 30 + "\n"
)


def chunked(tmp_path: Path, name: str, text: str) -> Chunked:
    document = read_document(tmp_path / name, text.encode(), tmp_path)
    return chunk_document(concealed(document), TokenEstimate())


def texts(collection: Collection) -> str:
    with Store(collection.database) as store:
        return "\n".join(row[0] for row in store.execute("SELECT text FROM texts ORDER BY num"))


def vectors_of(collection: Collection) -> list[bytes]:
    """Those of the chunks in which the password stands."""
    with Store(collection.database) as store:
        sql = "SELECT vector FROM vectors JOIN chunks USING (content) JOIN texts USING (num) WHERE text LIKE ?"
        return [bytes(row[0]) for row in store.execute(sql, (f"%{PASSWORD}%",))]


# --- one document


def test_the_other_chunks_are_what_they_are_without_the_credential(tmp_path: Path) -> None:
    found = chunked(tmp_path, "settings.py", SETTINGS)

    assert found.withheld == 1
    lines = SETTINGS.split("\n")
    for chunk in found.chunks:
        assert chunk.text == "\n".join(lines[chunk.start_line - 1 : chunk.end_line])
    assert {chunk.symbol for chunk in found.chunks} >= {"toucan", "pelican"}
    assert PASSWORD not in str(found)
    names = {(reference.kind, reference.name.rsplit(".", 1)[-1]) for reference in found.references}
    assert {("defines", "toucan"), ("defines", "pelican"), ("calls", "measure")} <= names
    assert ("defines", "connect") not in names


def test_a_file_keeps_its_name_where_its_first_chunk_is_left_out(tmp_path: Path) -> None:
    text = f'TOKEN = "{PASSWORD}"\n' + function("connect").replace("\n\n\n", "\n") + "\n\n" + function("pelican")
    found = chunked(tmp_path, "settings.py", text)

    assert found.withheld >= 1
    defined = {reference.name for reference in found.references if reference.kind == "defines"}
    folder = tmp_path.name
    assert {f"{folder}/settings.py", f"{folder}.settings"} <= defined
    assert {reference.chunk_id for reference in found.references} <= {chunk.id for chunk in found.chunks}


def test_no_title_header_or_mention_carries_it_on(tmp_path: Path) -> None:
    found = chunked(tmp_path, "guide.md", GUIDE)

    assert found.withheld >= 1
    assert PASSWORD not in str(found)
    assert PASSWORD.lower() not in str(found).lower()
    assert any(chunk.symbol == "Toucans > Using … > Pelicans" for chunk in found.chunks)


def test_a_private_key_takes_all_of_its_chunks_with_it(tmp_path: Path) -> None:
    found = chunked(tmp_path, "notes.txt", f"Kept before.\n\n{'word ' * 200}\n\n{PRIVATE_KEY}\n{'more ' * 200}\n")

    assert found.withheld > 1
    assert KEY_LINE not in str(found)
    assert {chunk.text.split()[0] for chunk in found.chunks} >= {"Kept", "more"}


def test_of_one_long_line_only_the_piece_is_left_out(tmp_path: Path) -> None:
    before, after = (" ".join(f"word{n}" for n in range(start, start + 500)) for start in (1000, 2000))
    found = chunked(tmp_path, "wide.txt", f"{before} password: {PASSWORD} {after}\n")

    assert found.withheld == 1
    assert len(found.chunks) > 5
    assert PASSWORD not in str(found)


# --- the index


def test_nothing_of_a_credential_is_stored_and_the_rest_of_its_files_is(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    write(tree / "settings.py", SETTINGS)
    write(tree / "guide.md", GUIDE)
    cells = [f"# Toucans\n\npassword: {PASSWORD}", function("pelican")]
    sources = [{"cell_type": kind, "source": cell} for kind, cell in zip(("markdown", "code"), cells, strict=True)]
    write(tree / "book.ipynb", json.dumps({"nbformat": 4, "metadata": {}, "cells": sources}))
    write(tree / "only.txt", f"password: {PASSWORD}\n")

    report = index(docs, [tree], make_embedder())

    names = [(Path(path).name, count) for path, count in report.withheld]
    assert [name for name, _ in names] == ["book.ipynb", "guide.md", "only.txt", "settings.py"]
    assert all(count >= 1 for _, count in names)
    assert (report.quarantined, report.left_out) == ((), ())
    assert "def pelican" in texts(docs)
    assert "Pelicans like the small hall." in texts(docs)
    everything = bytes_below(docs.home)
    assert b"def pelican" in everything
    for form in (PASSWORD, PASSWORD.lower()):
        assert form.encode() not in everything


def test_an_unchanged_file_costs_nothing_and_is_still_told(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    write(tree / "settings.py", SETTINGS)
    first = index(docs, [tree], make_embedder())
    os.utime(tree / "settings.py", (1, 1))
    second = index(docs, [tree], make_embedder())

    assert first.withheld == second.withheld == ((str(tree / "settings.py"), 1),)
    assert second.embedded == 0


def test_a_file_with_a_credential_is_followed_and_forgotten_like_any_other(
    docs: Collection, tree: Path, tmp_path: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    index(docs, [tree], make_embedder())
    before = read_state(docs)
    other = write(tmp_path / "other" / "settings.py", SETTINGS)
    index(docs, [other.parent], make_embedder())
    write(other, SETTINGS.replace(PASSWORD, "changeme"))
    assert index(docs, [other.parent], make_embedder()).withheld == ()
    assert "changeme" in texts(docs)
    write(other, SETTINGS)
    assert len(index(docs, [other.parent], make_embedder()).withheld) == 1
    assert "changeme" not in texts(docs)

    forget_path(docs, other.parent)

    assert differences(before, read_state(docs)) == []


def test_all_of_it_is_indexed_when_asked_for_and_wiped_when_no_longer(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    write(tree / "settings.py", SETTINGS)
    write(tree / ".env", f"TOUCAN={PASSWORD}\n")
    embedder = make_embedder()

    report = index(docs, [tree], embedder, options=IndexOptions(include_secrets=True))
    assert (report.withheld, report.left_out) == ((), ())
    assert texts(docs).count(PASSWORD) == 2
    vectors = vectors_of(docs)
    assert len(vectors) == 2

    report = index(docs, [tree], embedder)

    assert [Path(path).name for path, _ in report.withheld] == ["settings.py"]
    assert [(Path(item.path).name, item.reason) for item in report.left_out] == [(".env", "secret")]
    left = bytes_below(docs.home)
    assert PASSWORD.encode() not in left
    assert not any(vector in left for vector in vectors)


def test_an_index_of_before_follows(
    docs: Collection,
    tree: Path,
    make_embedder: MakeEmbedder,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A version that knew fewer credentials has them in its chunks."""
    write(tree / "settings.py", SETTINGS)
    with monkeypatch.context() as earlier:
        earlier.setattr(reading, "READING", "2")
        earlier.setattr(reading, "concealed", lambda document: replace(document))
        index(docs, [tree], make_embedder())
    assert PASSWORD.encode() in bytes_below(docs.home)

    report = index(docs, [tree], make_embedder())

    assert len(report.withheld) == 1
    assert PASSWORD.encode() not in bytes_below(docs.home)
    with Store(docs.database) as store:
        assert store.meta("scrub") == ""


def test_a_kill_before_the_wiping_is_made_good(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tree / "settings.py", SETTINGS)
    index(docs, [tree], make_embedder(), options=IndexOptions(include_secrets=True))
    (vector,) = vectors_of(docs)
    calls: list[object] = []

    def killed_the_second_time(outbox: object) -> None:
        calls.append(outbox)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(ledger, "finish_scrub", killed_the_second_time)
        with pytest.raises(KeyboardInterrupt):
            index(docs, [tree], make_embedder())

    assert vector in bytes_below(docs.home)

    index(docs, [tree], make_embedder())

    left = bytes_below(docs.home)
    assert PASSWORD.encode() not in left
    assert vector not in left


def test_nothing_but_credentials_is_nothing_to_index(
    docs: Collection, tmp_path: Path, make_embedder: MakeEmbedder, write: Write
) -> None:
    only = write(tmp_path / "only.txt", f"password: {PASSWORD}\n")

    with pytest.raises(NoIndexError, match=r"only\.txt: 1 chunk with a credential left out"):
        index(docs, [only], make_embedder())


def test_a_report_without_credentials_says_nothing_of_them(
    docs: Collection, tree: Path, make_embedder: MakeEmbedder
) -> None:
    report: IndexReport = index(docs, [tree], make_embedder())

    assert (report.withheld, report.left_out) == ((), ())
