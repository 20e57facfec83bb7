"""No text keeps the event loop busy: what reads questions, drafts and passages is about linear in their length."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hydragraph.domain import Evidence, FileSpan
from hydragraph.nodes.conversation import carried_over, leans_on_earlier
from hydragraph.nodes.evidence.draft_text import parse
from hydragraph.nodes.evidence.relevance import measure, names, unseen
from hydragraph.nodes.evidence.support import claims
from hydragraph.nodes.quoting.extractive import extract
from hydragraph.nodes.quoting.passages import passages
from hydragraph.nodes.rag.classify import kind_by_rule, may_be_direct
from hydragraph.nodes.rag.decompose import parts_by_rule
from hydragraph.nodes.rag.rewrite import queries_by_rule
from hydragraph.text.entities import entities, normalise
from hydragraph.text.tokenizer import tokenize
from hydragraph.text.words import identifiers, words

SIZE = 20_000
PIECES = (
    "a", "A", "Aa", "aA", "a_", "_", "a.", "a::", "A-", "1", "1,", " ", "\n", "a ", "?a ", ". ", "`", "`a", '"', '"a',
    "(", "[", "[E1a2 ", "<", "a and ", "to a ", "do the ", "compare a ", "ab_é", "あ", '"""\n', "a\n=\n", "- a\n",
    "<p>", "def a(",
)  # fmt: skip


def quoted_from(text: str, path: str) -> object:
    return passages(Evidence("E1", text, FileSpan(path, 1, 1 + text.count("\n"), "h")))


READERS: dict[str, Callable[[str], object]] = {
    "identifiers": identifiers,
    "words": words,
    "names": names,
    "measure": lambda text: measure(text, [], [], ["a"]),
    "unseen": lambda text: unseen(text, []),
    "extract": lambda text: extract(text, [Evidence("E1", "a pool", FileSpan("/a.py", 1, 1, "h"))]),
    "kind_by_rule": kind_by_rule,
    "may_be_direct": may_be_direct,
    "leans_on_earlier": leans_on_earlier,
    "carried_over": lambda text: carried_over(text, [text]),
    "parts_by_rule": parts_by_rule,
    "queries_by_rule": queries_by_rule,
    "tokenize": tokenize,
    "entities": entities,
    "normalise": normalise,
    "parse": parse,
    "claims": claims,
    "passages of code": lambda text: quoted_from(text, "/a.py"),
    "passages of Markdown": lambda text: quoted_from(text, "/a.md"),
    "passages of reStructuredText": lambda text: quoted_from(text, "/a.rst"),
    "passages of HTML": lambda text: quoted_from(text, "/a.html"),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@pytest.mark.timeout(60)  # minutes and more, where a pattern goes back for each character
def test_no_text_makes_a_reader_slow(reader: Callable[[str], object]) -> None:
    for piece in PIECES:
        reader(f'x ?"{piece * (SIZE // len(piece))}é?')
