"""What is measured before a model is asked."""

from __future__ import annotations

from typing import Any

import pytest

from hydragraph.domain import Evidence, FileSpan
from hydragraph.nodes.evidence.relevance import Grounds, Thresholds, grade_by_measure, key_words, measure, names, unseen

AT = Thresholds()


@pytest.mark.parametrize(
    ("grounds", "expected"),
    [
        (Grounds(1.0, 0.7), "enough"),
        (Grounds(0.5, 0.5), "enough"),
        (Grounds(0.7, 0.3), "enough"),
        (Grounds(0.5, 0.4), "poor"),
        (Grounds(0.5, 0.2), "nothing"),
        (Grounds(0.2, 0.5), "nothing"),
        (Grounds(0.2, 0.65), "enough"),
        (Grounds(0.5, 0.5, ("kafka",), ("Kafka",)), "nothing"),
        (Grounds(0.7, 0.5, ("kafka",), ("Kafka",)), "enough"),
        (Grounds(0.5, 0.65, ("kafka",), ("Kafka",)), "enough"),
        (Grounds(1.0, None), "enough"),
        (Grounds(0.5, None), "poor"),
        (Grounds(0.2, None), "nothing"),
        (Grounds(0.5, None, ("kafka",), ("Kafka",)), "nothing"),
    ],
)
def test_graded_by_measure(grounds: Grounds, expected: str) -> None:
    assert grade_by_measure(grounds, AT) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How does the pool hand out connections?", ["pool", "hand", "connections"]),
        ("What is the default value?", ["default", "value"]),
        ("What does Session.flush do?", ["session", "flush"]),
        ("What is it?", []),
    ],
)
def test_key_words(question: str, expected: list[str]) -> None:
    assert key_words(question) == expected


def test_names_are_not_the_first_word() -> None:
    assert names("Where does Kafka call `retry` or my_function?") == ["my_function", "retry", "Kafka"]


def item(text: str, path: str = "/code/flask/app.py") -> Evidence:
    return Evidence("E1", text, FileSpan(path, 1, 2, "h"))


def found(cosine: float | None) -> Any:
    return [{"cosine": cosine}]


def test_unseen_words_and_how_they_are_written() -> None:
    assert unseen("How does GraphQL sign a cookie?", [item("cookies are signed")]) == [
        ("graph", "GraphQL"),
        ("ql", "GraphQL"),
    ]


@pytest.mark.parametrize(
    ("question", "missing", "coverage"),
    [
        ("How are cookies signed?", (), 1.0),
        ("How are cookies signed by wizards?", ("wizards",), 0.5),  # a thing weighs twice
        ("How are cookies rotated?", ("rotated",), 2 / 3),  # a verb may have another word
        ("How are cookies chosen?", ("chosen",), 2 / 3),
        ("How large are cookies?", ("large",), 2 / 3),
        ("How does Flask rotate cookies?", ("rotate",), 2 / 3),  # what every path names says nothing
        ("Who rotates?", ("rotates",), 0.0),
        ("What is this project?", (), 1.0),  # nothing in it could be missing
    ],
)
def test_coverage(question: str, missing: tuple[str, ...], coverage: float) -> None:
    measured = measure(question, found(0.4), [item("cookies are signed"), item("nothing")], missing)

    assert (measured.coverage, measured.cosine) == (coverage, 0.4)


def test_words_of_scripts_without_spaces() -> None:
    assert measure("みかん 工場", found(None), [item("みかん工場で働く。")], ()).coverage > 0.5


def test_a_name_that_the_corpus_lacks() -> None:
    assert measure("How does WebAuthn sign?", found(None), [item("sign")], ["authn"]).missing_names == ("WebAuthn",)


def test_nothing_found_covers_nothing() -> None:
    assert measure("How are cookies signed?", [], [], []) == Grounds(0.0, None)
