from __future__ import annotations

from typing import Any

import pytest

from hydragraph.nodes.draft_stream import ShownDraft, withdraw

DISCARD = {"event": "discard", "attempt": 2}


@pytest.mark.parametrize(
    ("pieces", "draft", "is_withdrawn"),
    [
        (["It ", "works."], "It works.", False),
        (["\n", "It works.", "\n"], "It works.", False),
        (["Hm. ", "It works."], "It works.", True),
        (["It wor"], "", True),
        ([], "", False),
        ([], "It works.", False),
    ],
)
def test_what_was_shown_stays_only_if_it_is_the_draft(pieces: list[str], draft: str, is_withdrawn: bool) -> None:
    events: list[Any] = []
    shown = ShownDraft(events.append, 2)
    for piece in pieces:
        shown.add(piece)
    shown.settle(draft)

    assert events == [*({"event": "token", "attempt": 2, "text": piece} for piece in pieces), *[DISCARD] * is_withdrawn]


def test_before_the_first_attempt_there_is_nothing_to_withdraw() -> None:
    events: list[Any] = []
    withdraw(events.append, 0)
    withdraw(events.append, 2)

    assert events == [DISCARD]
