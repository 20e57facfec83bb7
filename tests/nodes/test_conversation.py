"""Follow-ups: which questions lean on what was said, and what they carry over without a model."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage

from hydragraph.nodes.conversation import carried_over, leans_on_earlier, transcript, turns


@pytest.mark.parametrize(
    ("question", "leans"),
    [
        ("And where is it tested?", True),
        ("What about rollback?", True),
        ("Why?", True),
        ("Does it raise?", True),
        ("How do they differ from transactions in general?", True),
        ("Where exactly?", True),
        ("Show me an example of that", True),
        ("What does Session.flush do?", False),
        ("What does Session.flush do when it fails?", False),
        ("Does it call Session.flush?", True),
        ("How does the session flush pending changes?", False),
        ("Which function computes the hash that is stored in the manifest?", False),
        ("How are files that are too large skipped while walking?", False),
    ],
)
def test_leaning(question: str, leans: bool) -> None:
    assert leans_on_earlier(question) == leans


def test_carried_over_from_the_last_question_that_stands_alone() -> None:
    earlier = ["And the tests?", "How does Session.flush write pending changes?"]

    assert carried_over("Where is it tested?", earlier) == ("Where is it tested? (Session.flush write pending changes)")
    assert carried_over("Where is it tested?", []) == "Where is it tested?"


def test_turns() -> None:
    said: list[AnyMessage] = [
        SystemMessage("Be nice."),
        HumanMessage("One?"),
        AIMessage("First."),
        HumanMessage([{"type": "text", "text": "Two?"}]),
        AIMessage(""),
        HumanMessage("Three?"),
    ]
    last = turns(said)

    assert (last.question, last.earlier, last.answer) == ("Three?", ("Two?", "One?"), "First.")
    assert transcript(said) == "person: One?\nyou: First.\nperson: Two?"
    assert turns([]).question == ""
