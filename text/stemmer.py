"""English stems by the Snowball algorithm, of which one language is loaded."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from functools import cache
from typing import Protocol, cast

PACKAGE = "snowballstemmer"
OWN_NAME = "_hydragraph_snowball"  # below it, so that a host's own `import snowballstemmer` is left as it is
_stemming = threading.Lock()


class Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...


def english_stem(word: str) -> str:
    """The stem of one lower-case word, as `snowballstemmer.stemmer("english")` gives it."""
    with _stemming:  # a snowball stemmer keeps the word it works on in itself, and searches run in threads
        return _english().stemWord(word)


@cache
def _english() -> Stemmer:
    """The library's own `__init__` imports all of its thirty languages, which costs 0.2 s: it is not run."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"Expected the package {PACKAGE}, which is not installed.", name=PACKAGE)
    spec = importlib.util.spec_from_file_location(
        OWN_NAME, found.origin, submodule_search_locations=found.submodule_search_locations
    )
    assert spec is not None
    sys.modules[OWN_NAME] = importlib.util.module_from_spec(spec)
    module = importlib.import_module(f"{OWN_NAME}.english_stemmer")
    return cast(Stemmer, module.EnglishStemmer())
