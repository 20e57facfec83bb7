"""Taking `<think>...</think>` out of a stream, however the pieces split the tags."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


def _held(text: str, tag: str) -> int:
    """The length of the longest end of `text` that may be the beginning of `tag`."""
    for length in range(min(len(text), len(tag) - 1), 0, -1):
        if tag.startswith(text[-length:]):
            return length
    return 0


class ThoughtFilter:
    """Feed it the pieces of a stream: it returns what a person may see.

    A thought that is never closed is a thought to the end. A closing tag without an opening one (a template that
    opened it in the prompt) makes a thought of everything before it: `text`, which is what stands, is then less than
    what was shown.
    """

    def __init__(self) -> None:
        self._pending = ""
        self._inside = False
        self._shown: list[str] = []
        self._started = False
        self.thought = False

    @property
    def text(self) -> str:
        return "".join(self._shown)

    def feed(self, piece: str) -> str:
        self._pending += piece
        visible: list[str] = []
        while self._step(visible):
            pass
        return self._show("".join(visible))

    def finish(self) -> str:
        """What was held back because it could have become a tag."""
        rest, self._pending = ("" if self._inside else self._pending), ""
        return self._show(rest)

    def _step(self, visible: list[str]) -> bool:
        """Consume up to the next tag; False when there is none in what is pending."""
        if self._inside:
            return self._leave()
        tags = [(self._pending.find(tag), tag) for tag in (OPEN, CLOSE) if tag in self._pending]
        if not tags:
            keep = max(_held(self._pending, OPEN), _held(self._pending, CLOSE))
            cut = len(self._pending) - keep
            visible.append(self._pending[:cut])
            self._pending = self._pending[cut:]
            return False
        at, tag = min(tags)
        visible.append(self._pending[:at])
        self._pending = self._pending[at + len(tag) :]
        self.thought = True
        if tag == OPEN:
            self._inside = True
        else:
            self._orphan(visible)
        return True

    def _leave(self) -> bool:
        at = self._pending.find(CLOSE)
        if at < 0:
            self._pending = self._pending[len(self._pending) - _held(self._pending, CLOSE) :]
            return False
        self._pending = self._pending[at + len(CLOSE) :]
        self._inside = False
        return True

    def _orphan(self, visible: list[str]) -> None:
        visible.clear()
        self._shown.clear()
        self._started = False

    def _show(self, text: str) -> str:
        if not self._started:  # the blank lines that follow a thought are not the beginning of an answer
            text = text.lstrip()
        if text:
            self._started = True
            self._shown.append(text)
        return text


def without_thoughts(text: str) -> str:
    """A whole reply without its thoughts."""
    thoughts = ThoughtFilter()
    thoughts.feed(text)
    thoughts.finish()
    return thoughts.text
