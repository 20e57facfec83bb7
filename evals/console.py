"""How an eval talks: its figures on standard output, all else on standard error, and no traceback for bad input."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ..errors import HydragraphError

INTERRUPTED = 130


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def print_result(measure: Callable[[], str]) -> int:
    """Print what is measured, or why it could not be, and give the exit code."""
    try:
        text = measure()
    except HydragraphError as error:
        say(f"error: {error}")
        return error.exit_code
    except OSError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    print(text)
    return 0
