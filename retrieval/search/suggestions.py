"""Questions that a collection can answer, for a person who has just indexed something and wants to see it work."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Final

from ..stores.texts import Store

PROSE: Final = "('markdown', 'rst', 'html', 'pdf', 'notebook', 'text')"
LOOKED_AT: Final = 12  # of the names most used, those that say what they are for come first
_EXPLAINED = re.compile(r"\"\"\"|'''|/\*\*|^\s*///|^\s*// |^\s*# ", re.MULTILINE)
_TELLING = re.compile(r"[A-Za-z]\w*_\w+|[a-z]+[A-Z]\w*|[A-Z][a-z0-9]+[A-Z]\w*")  # no name that is a word as well
_BESIDES = re.compile(
    r"(?:^|[/._-])(?:tests?|testing|specs?|examples?|conftest|licen[sc]e|notice|copying|authors|history|news|"
    r"change(?:s|log)|releases?|contributing|code_of_conduct|security)(?=[/._-]|$)",
    re.IGNORECASE,
)


def starting_questions(store: Store, limit: int = 3) -> list[str]:
    """About the definitions that most of the tree uses; where there are none, about headings of its first documents."""
    asked = [f"What does {name} do?" for name in central_names(store)[:limit]]
    return asked or [f"What is said about “{heading}”?" for heading in first_headings(store, limit)]


def central_names(store: Store) -> list[str]:
    """Classes and functions outside tests: explained ones before others, then by the number of places that use them."""
    sql = "SELECT name, COUNT(*) FROM refs WHERE kind IN ('calls', 'inherits', 'imports') GROUP BY name"
    uses: Counter[str] = Counter()
    for name, count in store.execute(sql):
        uses[name.rpartition(".")[2]] += count
    homes = defaultdict(set)
    for symbol, path in _places(store, f"language NOT IN {PROSE}"):
        homes[symbol.partition(".")[0]].add(path)
    fit = [name for name, paths in homes.items() if len(paths) == 1 and _TELLING.fullmatch(name) and uses[name]]
    most = sorted(fit, key=lambda name: (-uses[name], name))[:LOOKED_AT]
    return sorted(most, key=lambda name: not _EXPLAINED.search(_beginning(store, name)))


def first_headings(store: Store, limit: int) -> list[str]:
    """Of the documents that lie highest in the tree, each one's first: README before others."""
    found: dict[str, str] = {}
    for symbol, path in _places(store, f"language IN {PROSE}"):
        found.setdefault(path, symbol.rpartition(" > ")[2])
    order = sorted(found, key=lambda path: (path.count("/"), not path.lower().startswith("/readme"), path))
    return [found[path] for path in order[:limit]]


def _places(store: Store, condition: str) -> list[tuple[str, str]]:
    """(symbol, path below its root) in reading order, without what only stands beside the matter."""
    sql = (
        "SELECT symbol, substr(path, length(root) + 1) FROM chunks JOIN files USING (path) "  # noqa: S608
        f"WHERE symbol <> '' AND {condition} ORDER BY path, start_line"
    )
    return [(symbol, path) for symbol, path in store.execute(sql) if not _BESIDES.search(path)]


def _beginning(store: Store, name: str) -> str:
    sql = (
        "SELECT substr(text, 1, 500) FROM chunks JOIN texts USING (num) WHERE symbol = ?1 OR symbol GLOB ?1 || '.*' "
        "ORDER BY start_line LIMIT 1"
    )
    row = store.execute(sql, (name,)).fetchone()
    return str(row[0]) if row else ""
