"""How often a delivery is tried again, and how long is waited before each try."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


class GaveUpError(Exception):
    """No try succeeded; `tries` says how many there were."""

    def __init__(self, tries: int) -> None:
        super().__init__(f"gave up after {tries} tries")
        self.tries = tries


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff: the pause doubles after every failure until it reaches `longest_pause`."""

    max_tries: int = 5
    first_pause: float = 0.25
    longest_pause: float = 8.0

    def pauses(self) -> list[float]:
        return [min(self.longest_pause, self.first_pause * 2**number) for number in range(self.max_tries - 1)]


def with_retry(action: Callable[[], T], policy: RetryPolicy | None = None) -> T:
    """Call `action` until it succeeds; a ConnectionError is retried, any other exception passes through."""
    policy = policy or RetryPolicy()
    for pause in [*policy.pauses(), None]:
        try:
            return action()
        except ConnectionError:
            if pause is None:
                break
            time.sleep(pause)
    raise GaveUpError(policy.max_tries)
