"""How many chunks are embedded before their vectors are carried to the vector store."""

from __future__ import annotations

import pytest

from hydragraph.retrieval.indexing.outbox import DENSE_BATCH, MOST_DENSE, next_batch


@pytest.mark.parametrize(
    ("size", "making", "carrying", "expected"),
    [
        (256, 17.0, 0.1, DENSE_BATCH),  # a small store opens at once
        (256, 1.0, 1.0, 2560),  # a large one is opened a tenth as often
        (2560, 10.0, 1.0, 2560),  # and so it stays
        (256, 0.001, 2.0, MOST_DENSE),
        (256, 0.0, 0.0, MOST_DENSE),
    ],
)
def test_carrying_takes_a_tenth_of_the_time(size: int, making: float, carrying: float, expected: int) -> None:
    assert next_batch(size, making, carrying) == expected
