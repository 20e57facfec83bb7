"""A collection of an earlier release opens, and nothing of it is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from old_release import EXPECTED, RecordedQueries, unpack_home

from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection
from hydragraph.retrieval.stores.edges import pack_edges
from hydragraph.retrieval.stores.owed import Owed
from hydragraph.retrieval.stores.texts import Store

FIRST, SECOND, THIRD = (chunk["id"] for chunk in EXPECTED["chunks"][:3])


@pytest.fixture
def old(tmp_path: Path) -> Collection:
    return Collection(unpack_home(tmp_path), "old")


def sql(collection: Collection, statement: str) -> list[Any]:
    with sqlite3.connect(collection.database) as connection:
        return connection.execute(statement).fetchall()


def test_a_search_opens_it_and_finds_what_the_old_program_found(old: Collection) -> None:
    searcher = LocalSearcher(old.home, "old", RecordedQueries)
    for search in EXPECTED["searches"]:
        found = searcher.search_now(search["query"], limit=len(search["hits"]))
        assert [hit.chunk_id for hit in found.hits] == [hit["chunk_id"] for hit in search["hits"]]
        assert [hit.score for hit in found.hits] == pytest.approx([hit["score"] for hit in search["hits"]], abs=1e-6)
        assert (list(found.absent), found.dense_ready) == (search["absent"], 1.0)
    searcher.close()
    assert sql(old, "PRAGMA user_version") == [(3,)]


def test_everything_is_carried_over(old: Collection) -> None:
    with Store(old.database) as store:
        counts = store.counts()
        assert (counts.files, counts.chunks, counts.references) == (8, 19, 175)
        assert (counts.sparse, counts.dense, counts.dense_ready) == (19, 19, 1.0)
        assert store.outbox.count("sparse") == store.outbox.count("dense") == 0
        assert dict(store.classes())[FIRST] == "documentation"
        assert (store.meta("vectors_engine"), store.meta("graph_engine")) == ("edge", "embedded")
        uid = store.meta("uid")
        pairs = {(ref.kind, ref.name) for ref in store.references([SECOND])}
    [(packed,)] = sql(old, f"SELECT packed FROM edges JOIN chunks ON chunk = num WHERE id = '{SECOND}'")
    assert packed == pack_edges(pairs)
    assert len(uid) == 32
    with Store(old.database) as store:
        assert store.meta("uid") == uid  # made once


def test_the_tables_are_those_of_a_new_collection(old: Collection, tmp_path: Path) -> None:
    new = Collection(tmp_path, "new")
    new.folder.mkdir(parents=True)
    Store(new.database, create=True).close()
    Store(old.database).close()
    columns = (
        'SELECT m.type, m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_schema AS m'
        " LEFT JOIN pragma_table_xinfo(m.name) AS c ORDER BY m.name, c.cid"
    )
    assert sql(old, columns) == sql(new, columns)


def test_what_the_old_vector_store_did_not_have_yet_is_owed(old: Collection) -> None:
    with sqlite3.connect(old.database) as connection:
        connection.execute("UPDATE chunks SET sparse = 0, dense = 0 WHERE id = ?", (FIRST,))
        connection.execute("UPDATE chunks SET sparse = 2 WHERE id = ?", (SECOND,))
        connection.execute("UPDATE chunks SET dense = 0 WHERE id = ?", (THIRD,))
        connection.executemany("INSERT INTO tombstones VALUES (?)", [("0" * 32,), (FIRST,)])
        connection.execute(
            "UPDATE files SET reason = '3 chunks with a credential left out' WHERE path LIKE '%/retry.py'"
        )
    with Store(old.database) as store:
        sparse = [Owed("0" * 32, "delete", 0), Owed(FIRST, "put", 1), Owed(SECOND, "reweigh", 1)]
        assert sorted(store.outbox.owed("sparse", 9), key=lambda one: one.priority) == sorted(
            sparse, key=lambda one: (one.priority, one.item)
        )
        assert store.outbox.owed("dense", 9) == [Owed(THIRD, "put", 0), Owed(FIRST, "put", 1)]
    assert sql(old, "SELECT withheld, reason FROM files WHERE path LIKE '%/retry.py'") == [(3, "")]


def test_a_migration_that_fails_leaves_the_old_collection_as_it_was(old: Collection) -> None:
    with sqlite3.connect(old.database) as connection:
        connection.execute("INSERT INTO refs VALUES (1, 'no such kind', 'x')")
        before = list(connection.iterdump())
    with pytest.raises(KeyError):
        Store(old.database)
    with sqlite3.connect(old.database) as connection:
        assert list(connection.iterdump()) == before
