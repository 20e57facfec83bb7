"""Questions that a collection can answer, for a person who has just indexed something and wants to see it work."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Final

from ..reading.text_class import PROSE
from ..stores.outlines import beginning, name_uses, symbols
from ..stores.texts import Store

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
    uses: Counter[str] = Counter()
    for name, count in name_uses(store):
        uses[name.rpartition(".")[2]] += count
    homes = defaultdict(set)
    for symbol, path in _beside_nothing(symbols(store, PROSE, others=True)):
        homes[symbol.partition(".")[0]].add(path)
    fit = [name for name, paths in homes.items() if len(paths) == 1 and _TELLING.fullmatch(name) and uses[name]]
    most = sorted(fit, key=lambda name: (-uses[name], name))[:LOOKED_AT]
    return sorted(most, key=lambda name: not _EXPLAINED.search(beginning(store, name)))


def first_headings(store: Store, limit: int) -> list[str]:
    """Of the documents that lie highest in the tree, each one's first: README before others."""
    found: dict[str, str] = {}
    for symbol, path in _beside_nothing(symbols(store, PROSE)):
        found.setdefault(path, symbol.rpartition(" > ")[2])
    order = sorted(found, key=lambda path: (path.count("/"), not path.lower().startswith("/readme"), path))
    return [found[path] for path in order[:limit]]


def _beside_nothing(places: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without what only stands beside the matter."""
    return [(symbol, path) for symbol, path in places if not _BESIDES.search(path)]
