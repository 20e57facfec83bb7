"""Which fault an exception of a provider is."""

from __future__ import annotations

import re

from ..domain import Fault

TOO_LONG = re.compile(
    r"exceeds? the (?:available |maximum )?context|context[ _](?:length|window|size)[ _]?exceed|maximum context length"
    r"|context (?:length|window|size) (?:has been|was) exceeded|context the overflows|n_keep \(\d+\) >= n_ctx"
    r"|(?:longer|greater) than the (?:model's )?context|prompt is too long|too many tokens|input length exceeds",
    re.IGNORECASE,
)
NO_THINKING = re.compile(r"does not support thinking|think value .* is not supported", re.IGNORECASE)
NO_TEMPLATE_OPTIONS = re.compile(
    r"chat_template|enable_thinking|unrecognized|unknown (?:parameter|field|argument)"
    r"|extra (?:inputs|fields)|extra_forbidden",
    re.IGNORECASE,
)
NO_SCHEMA = re.compile(r"grammar|schema|\bformat\b|response_format|support (?:tools|functions)", re.IGNORECASE)


def fault_of_status(status: int, text: str) -> Fault:
    """The fault of an HTTP answer."""
    if TOO_LONG.search(text):
        return "too_long"
    if status in (429, 503):  # Ollama says 503 when its queue is full
        return "rate_limited"
    if status in (408, 504):
        return "timeout"
    return "unreachable" if status == 502 else "error"


def said(error: BaseException | str) -> str:
    """What an exception or a server says, in one bounded line; the type of what says nothing."""
    text = " ".join(str(error).split())
    return (text or type(error).__name__)[:400]
