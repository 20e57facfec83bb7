"""The SQLite side of a collection: tables, and how the file is opened.

Everything can be made again from the files except the vectors, which are kept so that nothing is embedded twice: the
vector store is a copy that can be thrown away and rebuilt from here.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ...errors import NoIndexError
from ...storage.faults import damaged, translated

VERSION = 2
BUSY_SECONDS = 10.0

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE roots (path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE files (
    path TEXT PRIMARY KEY,
    root TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    seen_ns INTEGER NOT NULL,           -- when it was read: later changes within the clock's grain cannot be seen
    hash TEXT NOT NULL,                 -- SHA-256 of the bytes; '' where they could not be read
    chunker TEXT NOT NULL,              -- what the chunks depend on besides the bytes
    status TEXT NOT NULL CHECK (status IN ('indexed', 'quarantined')),
    reason TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_root ON files (root);
CREATE TABLE extracts (path TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE chunks (
    num INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL,
    symbol TEXT NOT NULL, language TEXT NOT NULL, place TEXT NOT NULL,
    length INTEGER NOT NULL,            -- tokens of the lexical leg
    content BLOB NOT NULL,              -- hash of header and text: the key of its vector
    sparse INTEGER NOT NULL DEFAULT 0,  -- outbox: 0 not in the vector store, 1 as it should be, 2 old weights
    dense INTEGER NOT NULL DEFAULT 0    -- outbox: 0 missing, 1 there
);
CREATE INDEX chunks_path ON chunks (path, start_line);
CREATE INDEX chunks_content ON chunks (content);
CREATE INDEX chunks_sparse ON chunks (sparse, num) WHERE sparse <> 1;
CREATE INDEX chunks_dense ON chunks (num) WHERE dense = 0;
CREATE TABLE texts (
    num INTEGER PRIMARY KEY,            -- of the chunk
    header TEXT NOT NULL, text TEXT NOT NULL,
    terms BLOB NOT NULL                 -- bm25.pack_terms
);
CREATE TABLE refs (
    chunk INTEGER NOT NULL,             -- num of the chunk
    kind TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (chunk, kind, name)
) WITHOUT ROWID;
CREATE TABLE terms (term INTEGER PRIMARY KEY, n INTEGER NOT NULL);
CREATE TABLE vectors (
    model TEXT NOT NULL, content BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (model, content)
);
CREATE TABLE tombstones (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open the database; with `create`, make it where it is not there. Commits reach the disk before they return."""
    with translated(path, damaged):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _prepare(connection, create)
            _check_version(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, create: bool) -> None:
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA synchronous = FULL")
    if not create:
        return
    connection.execute("PRAGMA journal_mode = WAL")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    if version == 0:
        raise NoIndexError(f"Nothing is indexed in collection {path.parent.name!r} yet: run `hydragraph index PATH`.")
    raise damaged(path, f"it has schema version {version}, this program writes version {VERSION}")
