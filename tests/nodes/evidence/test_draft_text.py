"""Drafts taken apart and put together again."""

from __future__ import annotations

import pytest

from hydragraph.nodes.evidence.draft_text import Sentence, parse, rebuild, with_ids


def sentences(draft: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(sentence.text, sentence.ids) for line in parse(draft) for sentence in line.sentences]


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        ("One [E1234]. Two [Eabcd].", [("One.", ("E1234",)), ("Two.", ("Eabcd",))]),
        ("One. [E1234] Two.", [("One.", ("E1234",)), ("Two.", ())]),
        ("One [E1234, EABCD].", [("One.", ("E1234", "Eabcd"))]),
        ("One [E1234][Eabcd]", [("One", ("E1234", "Eabcd"))]),
        ("One (E1234; Eabcd).", [("One.", ("E1234", "Eabcd"))]),
        ("See e.g. the file v1.2.3 here.", [("See e.g. the file v1.2.3 here.", ())]),
        ("Call `a.b. c` now. Then.", [("Call `a.b. c` now.", ()), ("Then.", ())]),
        ("1. First\n2. Second [E1234]", [("First", ()), ("Second", ("E1234",))]),
        ("[not an id] stays.", [("[not an id] stays.", ())]),
        ("", []),
        ("```\ncode. more\n```", [("```\ncode. more\n```", ())]),
        ("```\nnever closed", [("```\nnever closed", ())]),
    ],
)
def test_sentences(draft: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert sentences(draft) == expected


def test_rebuilt_without_some_sentences() -> None:
    draft = "Intro.\n\n- Keep this. Drop this.\n- Drop this.\n\n\n```\ncode\n```"

    def render(sentence: Sentence) -> str | None:
        return None if "Drop" in sentence.text else sentence.text

    assert rebuild(parse(draft), render) == "Intro.\n\n- Keep this.\n\n```\ncode\n```"


def test_ids_stand_behind_the_text() -> None:
    assert with_ids("A.", ("E1", "E2"), marked=True) == "A. [E1, E2] (not verified)"
    assert with_ids("A.", ()) == "A."
