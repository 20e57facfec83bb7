"""Counting a prompt without the model's tokenizer, and making it fit."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain import Message


def estimate_tokens(text: str) -> int:
    """An upper estimate of the tokens of `text`."""
    return max(len(text) // 3, len(text.encode("utf-8", "surrogatepass")) // 3) + 1


def estimate_messages(messages: Sequence[Message]) -> int:
    return sum(estimate_tokens(message.content) + 8 for message in messages)


def fewest_tokens(messages: Sequence[Message]) -> int:
    return int(0.9 * sum(len(message.content.split()) for message in messages))
