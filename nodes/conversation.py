"""What was said before the last question, and whether the question can be understood without it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from ..text.words import content_words, identifiers

FEW_WORDS = 2
CARRIED = 8
MOST_BACK = 4
_LEANS = re.compile(
    r"""\b(?:it|its|they|them|their|those|these|that|this|he|she|his|her|former|latter|same|above|previous|there
        |one|ones|else|instead)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"^\s*(?:and|but|or|so|also|then|what\s+about|how\s+about|what\s+if|why(?:\s+not)?\s*\?|"
    r"more\b|again|where(?:\s+exactly)?\s*\?|how\s*(?:so)?\s*\?|which\s+one)",
    re.IGNORECASE,
)
_THAT_CLAUSE = re.compile(
    r"\b(?:that|there)\s+(?:is|are|was|were|the|a|an|has|have|can|will|should|must|\w+s)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Turns:
    """The last question and what preceded it, the newest first."""

    question: str
    earlier: tuple[str, ...]
    answer: str


def turns(messages: Sequence[AnyMessage]) -> Turns:
    """The last human message is the question; system and tool messages are passed over."""
    asked = [(at, text_of(m)) for at, m in enumerate(messages) if isinstance(m, HumanMessage) and text_of(m)]
    if not asked:
        return Turns("", (), "")
    last, question = asked[-1]
    answers = [text_of(m) for m in messages[:last] if isinstance(m, AIMessage) and text_of(m)]
    return Turns(question, tuple(text for _, text in reversed(asked[:-1])), answers[-1] if answers else "")


def text_of(message: AnyMessage) -> str:
    return str(message.text).strip()


def leans_on_earlier(question: str) -> bool:
    """A pronoun with nothing to point at, an ellipsis, or too few words to search with."""
    if _GOES_ON.match(question):
        return True
    if identifiers(question):
        return bool(re.search(r"\b(?:it|its|they|them|their)\b", question, re.IGNORECASE)) and _names_no_subject(
            question
        )
    return bool(_LEANS.search(_THAT_CLAUSE.sub(" ", question))) or len(content_words(question)) <= FEW_WORDS


def _names_no_subject(question: str) -> bool:
    pronoun = re.search(r"\b(?:it|its|they|them|their)\b", question, re.IGNORECASE)
    return bool(pronoun) and not identifiers(question[: pronoun.start() if pronoun else 0])


def carried_over(question: str, earlier: Sequence[str]) -> str:
    """The question with the key terms of the last one that could stand alone: no model is needed for this."""
    topic = next((text for text in earlier[:MOST_BACK] if not leans_on_earlier(text)), earlier[0] if earlier else "")
    said = set(content_words(question))
    names = [name for name in identifiers(topic) if name not in question]
    plain = [word for word in content_words(topic) if word not in said and not any(word in n.lower() for n in names)]
    carried = [*names, *plain][:CARRIED]
    return f"{question} ({' '.join(carried)})" if carried else question


def transcript(messages: Sequence[AnyMessage], *, most: int = 6, characters: int = 400) -> str:
    """The last turns before the last message, each clipped, for a model to look back on."""
    said = [m for m in messages if isinstance(m, HumanMessage | AIMessage) and text_of(m)][:-1][-most:]
    return "\n".join(f"{'person' if isinstance(m, HumanMessage) else 'you'}: {text_of(m)[:characters]}" for m in said)
