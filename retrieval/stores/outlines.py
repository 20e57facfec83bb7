"""What a collection speaks about: names and how often they are used, symbols and headings and where they stand."""

from __future__ import annotations

from collections.abc import Collection

from ...domain import Language
from .database import Database


def name_uses(database: Database) -> list[tuple[str, int]]:
    """The names that are called, inherited or imported, and in how many chunks."""
    sql = "SELECT name, COUNT(*) FROM refs WHERE kind IN ('calls', 'inherits', 'imports') GROUP BY name"
    return database.execute(sql).fetchall()


def symbols(database: Database, languages: Collection[Language], *, others: bool = False) -> list[tuple[str, str]]:
    """(symbol, path below its root) of the chunks in these languages, or in all others, in reading order."""
    marks = ",".join("?" * len(languages))
    sql = (
        "SELECT symbol, substr(path, length(root) + 1) FROM chunks JOIN files USING (path)"  # noqa: S608
        f" WHERE symbol <> '' AND language {'NOT IN' if others else 'IN'} ({marks}) ORDER BY path, start_line"
    )
    return database.execute(sql, sorted(languages)).fetchall()


def beginning(database: Database, symbol: str, length: int = 500) -> str:
    """How the text of a symbol begins; empty where there is none of that name."""
    sql = (
        "SELECT substr(text, 1, ?2) FROM chunks JOIN texts USING (num) WHERE symbol = ?1 OR symbol GLOB ?1 || '.*'"
        " ORDER BY start_line LIMIT 1"
    )
    row = database.execute(sql, (symbol, length)).fetchone()
    return str(row[0]) if row else ""
