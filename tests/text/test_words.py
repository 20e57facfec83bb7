"""The words that carry meaning."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from hydragraph.text.words import content_words, identifiers, share, stem, stems, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("getUserName", ["get", "user", "name"]),
        ("HTTPServer_v2.parse()", ["http", "server", "v", "2", "parse"]),
        ("version 3.11.2", ["version", "3.11.2"]),
        ("naïve café", ["naïve", "café"]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_content_words_come_once_and_mean_something() -> None:
    assert content_words("How does the pool use a pool of 5 connections?") == ["pool", "5", "connections"]


@pytest.mark.parametrize(
    ("one", "other"), [("flushes", "flushing"), ("serialised", "serialize"), ("organisation", "organization")]
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads that give way to each other as often as can be."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless")
def test_a_word_has_its_stem_in_several_threads_at_once() -> None:
    """One stemmer for all used to mix up their words: answers of two runs are checked side by side."""
    roots = ("connect", "operat", "condition", "generaliz", "transact", "hope", "nation", "relat")
    forms = ("ion", "ing", "ed", "ational", "iveness", "fulness", "ously", "izer", "ities", "ments")
    made_up = [start + root + form for start in ("", "un", "re", "pre", "dis") for root in roots for form in forms]
    alone = [stem(word) for word in made_up]
    stem.cache_clear()

    with ThreadPoolExecutor(4) as pool:
        parts = [pool.submit(lambda at: [stem(word) for word in made_up[at::4]], at) for at in range(4)]

    assert [part.result() for part in parts] == [alone[at::4] for at in range(4)]


def test_identifiers() -> None:
    text = "Does Session.flush call my_func, getName, PascalCase, __init__ or std::vec? Not Flask, e.g. this."

    assert identifiers(text) == ["Session.flush", "my_func", "getName", "PascalCase", "__init__", "std::vec"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e.g. a.b.app_context", ["b.app_context"]),  # one letter goes on with nothing
        ("a.run", ["a.run"]),
        ("1.2.setup.cfg", ["setup.cfg"]),
        ("FooBar_baz fooÉ _private naïveCase", ["FooBar_baz"]),
        ("AaAaAaAa" * 100, []),  # no name is so long
    ],
)
def test_identifiers_at_their_edges(text: str, expected: list[str]) -> None:
    assert identifiers(text) == expected


def test_share() -> None:
    assert share(["a", "b"], {"a"}) == 0.5
    assert share([], {"a"}) == 1.0
    assert stems("Connections of the pool") == {"connect", "pool"}
