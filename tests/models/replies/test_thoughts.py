from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydragraph.models.replies.thoughts import ThoughtFilter, without_thoughts


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("plain", "plain"),
        ("<think>a</think>b", "b"),
        ("<think>a</think>\n\n b", "b"),
        ("a<think>b</think>c<think>d</think>e", "ace"),
        ("a<think>b", "a"),
        ("<think>", ""),
        ("no tag: 1 < 2 <thin", "no tag: 1 < 2 <thin"),
        ("<think>a <think> b</think>c", "c"),
        ("what the template opened</think>answer", "answer"),
        ("a</think>b</think>c", "c"),
        ("", ""),
    ],
)
def test_thoughts_are_left_out(text: str, visible: str) -> None:
    assert without_thoughts(text) == visible


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(["a", " ", "<", "think", ">", "</", "<think>", "</think>", "b\n"]), max_size=14), st.data()
)
def test_how_a_stream_is_split_does_not_matter(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    thoughts = ThoughtFilter()
    shown = [*(thoughts.feed(piece) for piece in pieces), thoughts.finish()]
    assert thoughts.text == without_thoughts(text)
    assert "".join(shown) == thoughts.text or ("</think>" in text and "".join(shown).endswith(thoughts.text))
    assert "<think>" not in thoughts.text


def test_what_was_shown_before_a_closing_tag_alone_does_not_stand() -> None:
    thoughts = ThoughtFilter()
    assert thoughts.feed("The user wants ") == "The user wants "
    assert thoughts.feed("it.</think>Yes.") == "Yes."
    assert thoughts.text == "Yes."
