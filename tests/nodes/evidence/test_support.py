"""What stands and what does not: quotes, numbers and identifiers against the cited spans."""

from __future__ import annotations

import pytest

from hydragraph.domain import Evidence, FileSpan, Foreign
from hydragraph.nodes.evidence.support import check_draft, claims, closest, quotes_of, supported_text

FLUSH = '''def flush(self, objects=None):
    """Write all pending changes to the database, children after their parents."""
    if self._flushing:
        raise InvalidRequestError("Session is already flushing")
    mapper.save(self.pending[mapper], batch_size=500)'''
EVIDENCE = [
    Evidence("E1111", FLUSH, FileSpan("/code/orm/session.py", 40, 44, "h"), "Session.flush"),
    Evidence("E2222", "The pool holds 1,000 connections. Each waits 30 s.", Foreign("https://example.org/pool")),
]


@pytest.mark.parametrize(
    ("draft", "standing"),
    [
        ("`flush` writes all pending changes to the database [E1111].", "supported"),
        ("`Session.flush` writes pending changes with `batch_size=500` [E1111].", "supported"),
        ("It raises `InvalidRequestError` when the session is already flushing [E1111].", "supported"),
        ("The call is `mapper.save(...)` for pending changes [E1111].", "supported"),
        ("Pending changes are written in `orm/session.py` [E1111].", "supported"),
        ("Lines 42 to 43 raise when the session is already flushing [E1111].", "supported"),
        ("The pool holds 1000 connections (E2222).", "supported"),
        ('The docstring says "children after their parents" about changes [E1111].', "supported"),
        ("`flush` writes 700 changes to the database [E1111].", "unsupported"),
        ("`flush` writes with `batch_size=700` [E1111].", "unsupported"),
        ("`flush_all` writes all pending changes to the database [E1111].", "unsupported"),
        ("It calls autoflush_now on pending changes to the database [E1111].", "unsupported"),
        ('The docstring says "parents after their children" about changes [E1111].', "unsupported"),
        ("The pool holds 1000 connections [E1111].", "unsupported"),
        ("The database is encrypted at rest with rotating keys [E1111].", "unsupported"),
        ("Pending changes reach the disk in one careful transaction every night [E1111].", "weak"),
        ("The changes that are pending are written to the database.", "supported"),
        ("`frobnicate` is quick.", "unsupported"),
        ("`frobnicate` is quick [E9999].", "unsupported"),
        ("In short:", "neutral"),
        ("# Flushing", "neutral"),
        ("Elephants migrate slowly across rivers towards southern grasslands.", "weak"),
        ("```python\nmapper.save(self.pending[mapper], batch_size=500)\n```", "supported"),
        ("```python\nmapper.save(everything)\n```", "unsupported"),
    ],
)
def test_standing(draft: str, standing: str) -> None:
    [check] = check_draft(draft, EVIDENCE).checked

    assert check.standing == standing


def test_an_uncited_sentence_gets_the_span_that_carries_it() -> None:
    report = check_draft("`flush` writes all pending changes to the database.", EVIDENCE)

    assert supported_text(report) == "`flush` writes all pending changes to the database. [E1111]"


def test_unknown_ids_are_dropped_beside_known_ones() -> None:
    report = check_draft("`flush` writes all pending changes to the database [E1111, E9999].", EVIDENCE)

    assert supported_text(report) == "`flush` writes all pending changes to the database. [E1111]"


def test_what_falls_is_removed_and_what_is_weak_is_marked() -> None:
    draft = """In short:

- `flush` writes all pending changes to the database [E1111]. It retries 17 times [E1111].
- It calls `frobnicate` [E1111].
- Pending changes reach the disk in one careful transaction every night [E1111]."""

    assert supported_text(check_draft(draft, EVIDENCE)) == (
        "In short:\n\n"
        "- `flush` writes all pending changes to the database. [E1111]\n"
        "- Pending changes reach the disk in one careful transaction every night. [E1111] (not verified)"
    )


@pytest.mark.parametrize(
    ("draft", "score"),
    [
        ("", 0.0),
        ("In short:", 0.0),
        ("`flush` writes pending changes to the database [E1111].", 1.0),
        ("Pending changes reach the disk in one careful transaction every night [E1111].", 0.0),
        ("`flush` writes pending changes to the database [E1111]. It retries 17 times [E1111].", 0.5),
    ],
)
def test_score(draft: str, score: float) -> None:
    assert check_draft(draft, EVIDENCE).score == score


def test_quotes_are_verbatim_and_close() -> None:
    draft = "It raises `InvalidRequestError` when already flushing [E1111]. Each waits 30 s [E2222]. It waits [E2222]."

    assert quotes_of(check_draft(draft, EVIDENCE), EVIDENCE) == [
        {"id": "E1111", "quote": FLUSH},
        {"id": "E2222", "quote": "Each waits 30 s."},
    ]  # fmt: skip


def test_the_closest_passage_of_an_empty_text_is_the_text() -> None:
    assert closest("anything", Evidence("E1", "", Foreign("x"))) == ""


def test_claims() -> None:
    said = claims('`a.b` and my_name say "two words here" in 3.5 of 1,000 cases; e.g. camelCase, not 4th.')

    assert said == ["a.b", "two words here", "my_name", "camelCase", "3.5", "1,000"]
