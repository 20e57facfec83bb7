"""What a question may be before anything is opened for it."""

from __future__ import annotations

import pytest

from hydragraph.errors import UsageError
from hydragraph.server.run_factory import MAX_QUESTION, Machine
from hydragraph.settings import load_settings


@pytest.mark.usefixtures("indexed")
def test_a_question_that_is_too_long_is_refused_with_both_figures() -> None:
    with pytest.raises(UsageError, match=r"at most 20,000 characters, got 20,001: index a long text"):
        Machine(load_settings().settings).open([("user", "a" * (MAX_QUESTION + 1))])


@pytest.mark.usefixtures("indexed")
def test_half_a_surrogate_pair_reaches_nothing_that_encodes() -> None:
    run = Machine(load_settings().settings).open([("user", "pool\udcff")])

    assert run.input["messages"] == [("user", "pool\ufffd")]
