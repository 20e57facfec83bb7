"""What a client is shown of a draft while it is written, and takes back when it falls."""

from __future__ import annotations

from langgraph.types import StreamWriter


def withdraw(writer: StreamWriter, attempt: int) -> None:
    """Nothing to take back before the first attempt."""
    if attempt:
        writer({"event": "discard", "attempt": attempt})


class ShownDraft:
    """The tokens of one attempt."""

    def __init__(self, writer: StreamWriter, attempt: int) -> None:
        self._writer = writer
        self._attempt = attempt
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        self._pieces.append(piece)
        self._writer({"event": "token", "attempt": self._attempt, "text": piece})

    def settle(self, text: str) -> None:
        """Withdraw it unless it is the draft: it may hold a thought that only its end gave away, or a try before."""
        if self._pieces and "".join(self._pieces).strip() != text.strip():
            withdraw(self._writer, self._attempt)
