"""Forward migrations of a collection's database: nothing is embedded again, nothing is lost.

Each runs inside the transaction of whoever opens the collection first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

from ..reading.text_class import text_class
from .edges import pack_edges
from .owed import DENSE_PRIORITY

RENAMED: Final = ("files", "chunks")  # tables with other columns than before
RANKS: Final = " ".join(f"WHEN '{name}' THEN {rank}" for name, rank in DENSE_PRIORITY.items())
DROPPED: Final = ("files_root", "chunks_path", "chunks_content", "chunks_sparse", "chunks_dense")  # their indexes
COPIED: Final = f"""
INSERT INTO files
    SELECT path, root, size, mtime_ns, ctime_ns, inode, seen_ns, hash,
        stamp_part(chunker, 0), stamp_part(chunker, 1), stamp_part(chunker, 2), status,
        CASE status WHEN 'indexed' THEN '' ELSE reason END,
        CASE status WHEN 'indexed' THEN CAST(reason AS INTEGER) ELSE 0 END
    FROM old_files;
INSERT INTO chunks
    SELECT num, id, path, start_line, end_line, symbol, language, place, length, content,
        text_class(substr(path, length(root) + 1), language)
    FROM old_chunks JOIN files USING (path);
INSERT INTO outbox SELECT 'sparse', id, 'delete', 0 FROM tombstones;
INSERT OR REPLACE INTO outbox
    SELECT 'sparse', id, CASE sparse WHEN 0 THEN 'put' ELSE 'reweigh' END, 1 FROM old_chunks WHERE sparse <> 1;
INSERT INTO outbox
    SELECT 'dense', id, 'put', CASE class {RANKS} END FROM chunks JOIN old_chunks USING (num, id)
    WHERE dense = 0 AND class <> 'data';
DROP TABLE tombstones;
DROP TABLE old_chunks;
DROP TABLE old_files;
"""  # noqa: S608 - our own constant


def migrate_from_2(connection: sqlite3.Connection, tables: str) -> None:
    """Flags and tombstones become rows of the outbox, prose becomes columns, references are packed into edges."""
    connection.create_function("stamp_part", 2, _stamp_part, deterministic=True)
    connection.create_function("text_class", 2, text_class, deterministic=True)
    for name in DROPPED:
        connection.execute(f"DROP INDEX IF EXISTS {name}")
    for name in RENAMED:
        connection.execute(f"ALTER TABLE {name} RENAME TO old_{name}")
    execute_each(connection, tables)
    execute_each(connection, COPIED)
    connection.executemany("INSERT INTO edges VALUES (?,?)", _packed(connection))


def execute_each(connection: sqlite3.Connection, script: str) -> None:
    """Statement by statement: `executescript` would end the transaction."""
    for statement in script.split(";\n"):
        connection.execute(statement)


def _stamp_part(stamp: str, part: int) -> int | str:
    """`3 secrets=0 minilm:384:256` as 3, 0 and `minilm:384:256`; what is written otherwise is read again."""
    words = stamp.split(" ", 2)
    if len(words) < 3 or not words[0].isdigit():
        return (0, 0, "")[part]
    return (int(words[0]), int(words[1] == "secrets=1"), words[2])[part]


def _packed(connection: sqlite3.Connection) -> Iterator[tuple[int, bytes]]:
    rows = connection.execute("SELECT num, kind, name FROM chunks LEFT JOIN refs ON chunk = num ORDER BY num")
    for num, references in groupby(rows, key=itemgetter(0)):
        yield num, pack_edges((kind, name) for _, kind, name in references if kind is not None)
