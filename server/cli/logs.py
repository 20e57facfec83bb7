"""What `-v` shows, and what is shown without it."""

from __future__ import annotations

import logging
import sys

from ...settings.urls import hide_secrets
from .terminal import clean

CHATTY = ("httpx", "httpcore")  # a line for each request, the whole URL in it


class LogFormatter(logging.Formatter):
    """A record may quote a model, a document or a URL: control characters and passwords are hidden."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(hide_secrets(super().format(record)))


def configure_logs(verbose: int, *, quiet: str = "ERROR") -> None:
    """To stderr: with no -v from the level `quiet` upwards, with -v what Hydragraph does, with -vv everything."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogFormatter("%(levelname)s %(name)s: %(message)s"))
    level = {0: quiet, 1: "INFO"}.get(verbose, "DEBUG")
    logging.basicConfig(level=level, handlers=[handler])
    if verbose < 2:
        for name in CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
