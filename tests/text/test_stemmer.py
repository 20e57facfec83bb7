"""One language of the stemmer, loaded without the others."""

from __future__ import annotations

import subprocess
import sys

import snowballstemmer
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hydragraph.text.stemmer import english_stem

LOADED = """
import sys
from hydragraph.text.tokenizer import tokenize
from hydragraph.text.words import stems
tokenize("running sessions"), stems("running sessions")
print(sorted(name for name in sys.modules if "snowball" in name))
import snowballstemmer
print(snowballstemmer.stemmer("german").stemWord("katzen"))
"""
ENDINGS = ("", "s", "es", "ing", "ed", "ization", "ational", "fulness", "ously", "ies", "'s", "ly", "er")


def words() -> SearchStrategy[str]:
    letters = st.text(st.characters(min_codepoint=0x61, max_codepoint=0x7A), max_size=12)
    return st.builds(str.__add__, letters | st.text(max_size=5), st.sampled_from(ENDINGS))


@given(words())
@example("generalization")
@example("dying")
@example("İstanbul")
def test_stems_are_the_librarys_own(word: str) -> None:
    assert english_stem(word) == snowballstemmer.stemmer("english").stemWord(word)


def test_one_language_is_loaded_and_a_hosts_own_import_is_whole() -> None:
    run = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "['_hydragraph_snowball', '_hydragraph_snowball.among', '_hydragraph_snowball.basestemmer', "
        "'_hydragraph_snowball.english_stemmer']",
        "katz",
    ]
