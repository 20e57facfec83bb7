"""Counting a prompt without the model's tokenizer, and making it fit."""

from __future__ import annotations


def estimate_tokens(text: str) -> int:
    """An upper estimate of the tokens of `text`."""
    return max(len(text) // 3, len(text.encode("utf-8", "surrogatepass")) // 3) + 1
