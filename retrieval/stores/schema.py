"""The SQLite side of a collection: tables, and how the file is opened.

Everything can be made again from the files except the vectors, which are kept so that nothing is embedded twice: every
other store is a copy that follows the outbox and can be made again from here.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from ...errors import CollectionError, NoIndexError
from ...storage.faults import damaged, translated
from ...storage.private import close_database, make_file
from .migrations import execute_each, migrate_from_2

VERSION = 3
BUSY_SECONDS = 10.0

TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS roots (path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY,
    root TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    seen_ns INTEGER NOT NULL,           -- when it was read: later changes within the clock's grain cannot be seen
    hash TEXT NOT NULL,                 -- SHA-256 of the bytes; '' where they could not be read
    reading INTEGER NOT NULL,           -- what the chunks depend on besides the bytes: the version of the readers,
    secrets INTEGER NOT NULL,           -- whether credentials are kept,
    counter TEXT NOT NULL,              -- and whose tokens are counted
    status TEXT NOT NULL CHECK (status IN ('indexed', 'quarantined')),
    reason TEXT NOT NULL,               -- of a quarantine
    withheld INTEGER NOT NULL           -- chunks that are left out because a credential stands in them
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_root ON files (root);
CREATE TABLE IF NOT EXISTS extracts (path TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunks (
    num INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL,
    symbol TEXT NOT NULL, language TEXT NOT NULL, place TEXT NOT NULL,
    length INTEGER NOT NULL,            -- tokens of the lexical leg
    content BLOB NOT NULL,              -- hash of header and text: the key of its vector
    class TEXT NOT NULL                 -- text_class.TextClass
);
CREATE INDEX IF NOT EXISTS chunks_path ON chunks (path, start_line);
CREATE INDEX IF NOT EXISTS chunks_content ON chunks (content);
CREATE INDEX IF NOT EXISTS chunks_class ON chunks (class);
CREATE TABLE IF NOT EXISTS texts (
    num INTEGER PRIMARY KEY,            -- of the chunk
    header TEXT NOT NULL, text TEXT NOT NULL,
    terms BLOB NOT NULL                 -- lexical.pack_terms
);
CREATE TABLE IF NOT EXISTS refs (
    chunk INTEGER NOT NULL,             -- num of the chunk
    kind TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (chunk, kind, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS edges (
    chunk INTEGER PRIMARY KEY,          -- num of the chunk; one without references has no row
    packed BLOB NOT NULL                -- edges.pack_edges
);
CREATE TABLE IF NOT EXISTS graph_changes (
    chunk INTEGER PRIMARY KEY           -- num of a chunk that came, went or has other edges since the arrays were saved
);
CREATE TABLE IF NOT EXISTS outbox (     -- what a store does not have yet; a row goes when the store has it safely
    store TEXT NOT NULL,                -- 'sparse', 'dense', 'graph', ...
    item TEXT NOT NULL,                 -- id of a chunk, which may be gone
    action TEXT NOT NULL CHECK (action IN ('put', 'reweigh', 'delete')),
    priority INTEGER NOT NULL,          -- the lowest first
    PRIMARY KEY (store, item)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outbox_order ON outbox (store, priority);
CREATE TABLE IF NOT EXISTS terms (term INTEGER PRIMARY KEY, n INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS vectors (
    model TEXT NOT NULL, content BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (model, content)
);
"""


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open the database; with `create`, make it where it is not there. Commits reach the disk before they return."""
    with translated(path, damaged):
        if create:
            make_file(path)
        close_database(path)
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _prepare(connection, create)
            _bring_to_version(connection, path)
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
    if _version(connection) == 0:
        with _transaction(connection):
            execute_each(connection, TABLES)
            _describe(connection)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _describe(connection: sqlite3.Connection) -> None:
    """What is fixed when the tables are made: engines, the id that names begin with on a server, the program."""
    rows = {
        "uid": uuid.uuid4().hex,
        "vectors_engine": "edge",
        "graph_engine": "embedded",
        "program": metadata.version("hydragraph"),
    }
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?,?)", rows.items())
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _bring_to_version(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    if version == VERSION:
        return
    if version == 0:
        raise NoIndexError(f"Nothing is indexed in collection {path.parent.name!r} yet: run `hydragraph index PATH`.")
    if version > VERSION:
        raise _too_new(connection, path, version)
    with _transaction(connection):
        if _version(connection) < VERSION:  # else another process was quicker
            migrate_from_2(connection, TABLES)
            _describe(connection)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _too_new(connection: sqlite3.Connection, path: Path, version: int) -> CollectionError:
    row = connection.execute("SELECT value FROM meta WHERE key = 'program'").fetchone()
    needed = f"hydragraph {row[0]} or newer" if row else "a newer hydragraph"
    return CollectionError(
        f"Collection {path.parent.name!r} was written by a newer program: {path} has schema version {version}, this is"
        f" hydragraph {metadata.version('hydragraph')}, which knows versions up to {VERSION}.",
        f"Use {needed}; nothing has to be indexed again.",
    )
