"""What nodes decide without a model, and within which bounds a model may decide."""

from __future__ import annotations

from typing import Any

import pytest

from hydragraph.domain import Budget, Evidence, FileSpan, Foreign, Reply
from hydragraph.models.testing.scripted import Line, ScriptedModels
from hydragraph.nodes.budgeted import ask, open_tier
from hydragraph.nodes.channels import as_spending, is_exhausted, spending
from hydragraph.nodes.evidence.prompt_packing import fit
from hydragraph.nodes.evidence.support import check_draft
from hydragraph.nodes.prompts.requests import Classification, Review, classify_prompt, generate_prompt
from hydragraph.nodes.quoting.extractive import Quote
from hydragraph.nodes.rag.abstain import abstention
from hydragraph.nodes.rag.answer import cite, with_sources
from hydragraph.nodes.rag.classify import kind_by_rule, may_be_direct
from hydragraph.nodes.rag.condense import is_usable
from hydragraph.nodes.rag.decompose import parts_by_rule, with_whole
from hydragraph.nodes.rag.escalate import next_tier
from hydragraph.nodes.rag.extract import as_list, shown_names
from hydragraph.nodes.rag.generate import usable
from hydragraph.nodes.rag.grade import within
from hydragraph.nodes.rag.reflect import is_refusal, rejected, with_opinion
from hydragraph.nodes.rag.rewrite import first_new, queries_by_rule

MEANS: Any = {"spent": spending(), "budget": as_spending(Budget()), "down": []}


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Hello!", "direct"),
        ("????", "direct"),
        ("🎉", "direct"),
        ("thanks a lot", "direct"),
        ("What did I ask before?", "direct"),
        ("Where is flush defined?", "simple"),
        ("Who are the maintainers of the hello module?", "simple"),
        ("How does flush work and where is it tested?", "multi"),
        ("What is the difference between flush and commit?", "multi"),
        ("What is a? What is b?", "multi"),
        ("And what does it raise?", "simple"),
    ],
)
def test_kind_by_rule(question: str, kind: str) -> None:
    assert kind_by_rule(question) == kind


@pytest.mark.parametrize(
    ("question", "may"),
    [
        ("Hi there", True),
        ("What can you do?", True),
        ("What is it?", True),
        ("Hello flush_all", False),
        ("Why fail?", False),
    ],
)
def test_what_may_be_answered_without_a_search(question: str, may: bool) -> None:
    assert may_be_direct(question) == may


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("What is the difference between flush and commit?", ["flush", "commit"]),
        ("Compare QueuePool with NullPool.", ["QueuePool", "NullPool"]),
        ("Session.flush vs Session.commit", ["Session.flush", "Session.commit"]),
        ("How does flush work and where is it tested?", ["How does flush work", "where is it tested?"]),
        ("What is a pool? What is a session?", ["What is a pool", "What is a session?"]),
    ],
)
def test_parts_by_rule(question: str, parts: list[str]) -> None:
    assert parts_by_rule(question) == parts


def test_the_whole_question_is_searched_too() -> None:
    parts = ["  a pool ", "", "???", "a pool", "x " * 400, "session", "third", "fourth"]

    assert with_whole("Q of pools?", parts, most=3) == ["Q of pools?", "a pool", "session", "third"]


def test_another_query_is_another() -> None:
    question = "How does Session.flush write changes?"

    assert queries_by_rule(question) == ["Session.flush", "session flush write changes"]
    assert first_new(["how does the session.flush write the changes", "unit of work"], [question]) == ["unit of work"]
    assert first_new(["", "the of", "x " * 200], [question]) == []


@pytest.mark.parametrize(
    ("measured", "opinion", "verdict"),
    [("enough", "poor", "poor"), ("poor", "enough", "enough"), ("enough", "nothing", "poor"), ("poor", "poor", "poor")],
)
def test_an_opinion_stays_within_what_was_measured(measured: Any, opinion: Any, verdict: str) -> None:
    assert within(measured, opinion) == verdict


@pytest.mark.parametrize(
    ("review", "verdict", "queries"),
    [
        (None, "good", []),
        (Review(supported=True, complete=True), "good", []),
        (Review(supported=True, complete=False, missing=" the  rest "), "incomplete", ["the rest"]),
        (Review(supported=True, complete=False, missing="old"), "incomplete", []),
        (Review(supported=True, complete=False), "incomplete", []),
        (Review(supported=False, complete=False, missing="x"), "unsupported", []),
    ],
)
def test_a_reviews_weight(review: Review | None, verdict: str, queries: list[str]) -> None:
    assert with_opinion(review, ["old"]) == (verdict, queries)


@pytest.mark.parametrize(
    ("draft", "told"),
    [
        ("The pool holds 1000 connections [E1111]. It holds 7 of them [E1111].", ["It holds 7 of them."]),
        ("Perhaps somebody keeps vectors somewhere.", ["Perhaps somebody keeps vectors somewhere."]),
        ("The pool holds 1000 connections [E1111].", []),
    ],
    ids=["what fell", "else what could not be verified", "nothing"],
)  # fmt: skip
def test_a_draft_that_falls_gives_the_next_one_something_to_go_by(draft: str, told: list[str]) -> None:
    evidence = [Evidence("E1111", "The pool holds 1,000 connections. Each waits 30 s.", Foreign("pool"))]
    assert rejected(check_draft(draft, evidence)) == told


@pytest.mark.parametrize(
    ("draft", "is_one"),
    [
        ("NOT IN EVIDENCE", True),
        ("NOT IN EVIDENCE: it is about pools.", True),
        ("`Not in evidence.`", True),
        ("Not in evidence is the name of a test [E1].", False),
    ],
)
def test_a_refusal(draft: str, is_one: bool) -> None:
    assert is_refusal(draft) == is_one


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(" All of it ", "api"), "All of it"),
        (Reply("A first sentence that is long enough [E1]. And the", "api", fault="cut_off"),
         "A first sentence that is long enough [E1]."),
        (Reply("Too short. And", "api", fault="incomplete"), ""),
        (Reply("nothing ends here whatever happens and so it goes", "api", fault="incomplete"), ""),
        (Reply("", "api", fault="empty"), ""),
    ],
)  # fmt: skip
def test_what_is_kept_of_a_reply(reply: Reply, text: str) -> None:
    assert usable(reply) == text


@pytest.mark.parametrize(
    ("question", "can"),
    [("What does Session.flush raise?", True), ("And it?", False), ("", False), ("word " * 200, False)],
)
def test_a_rewritten_question(question: str, can: bool) -> None:
    assert is_usable(question) == can


def test_tiers_that_do_not_answer_are_passed_over() -> None:
    models = ScriptedModels({}, roles={"classify": "local_fast", "generate": "local_fast"})

    assert open_tier(models, "classify", []) == "local_fast"
    assert open_tier(models, "classify", ["local_fast"]) == "local_quality"
    assert open_tier(models, "classify", ["local_fast", "local_quality"]) is None
    assert open_tier(models, "embed", []) is None
    assert next_tier(models, "local_fast", []) == "local_quality"
    assert next_tier(models, "local_quality", []) is None
    assert next_tier(models, "", []) is None


@pytest.mark.parametrize(
    ("spent", "over"),
    [(spending(), False), (spending(tokens=60_000), True), (spending(steps=24), True), (spending(usd=0.01), True)],
)
def test_the_end_of_a_budget(spent: Any, over: bool) -> None:
    assert is_exhausted(spent, as_spending(Budget())) == over


async def test_asking_within_the_budget() -> None:
    models = ScriptedModels({"classify": Classification(kind="multi")})
    asked = await ask(models, "classify", classify_prompt("q"), Classification, MEANS)
    assert asked.value == Classification(kind="multi")
    assert asked.spent["steps"] == 1
    assert asked.caveats == []

    refused = await ask(
        models, "classify", classify_prompt("q"), Classification, {**MEANS, "spent": spending(steps=24)}
    )
    assert (refused.value, refused.caveats) == (None, ["budget_exhausted"])
    assert len(models.calls) == 1


@pytest.mark.parametrize("fault", ["unreachable", "timeout"])
async def test_a_tier_that_is_away_is_remembered(fault: Any) -> None:
    asked = await ask(
        ScriptedModels({"classify": Line(fault=fault)}), "classify", classify_prompt("q"), Classification, MEANS
    )

    assert (asked.value, asked.down, asked.caveats) == (None, ["local_fast"], ["degraded"])
    assert asked.spent["tokens"] == 0


def test_evidence_that_fits() -> None:
    texts = ["first " * 40, "second\n" * 100, "third"]
    items = [Evidence(f"E{n}", text, Foreign("x")) for n, text in enumerate(texts)]

    def fitted(limit: int) -> tuple[list[str], bool]:
        models = ScriptedModels({}, prompt_limit=limit)
        result = fit(models, "generate", "local_fast", items, lambda some: generate_prompt("q", some))
        return [item.id for item in result.evidence], result.is_truncated

    assert fitted(5_000) == (["E0", "E1", "E2"], False)
    assert fitted(480) == (["E0"], True)
    assert fitted(100) == ([], True)


def test_the_first_piece_is_cut_at_a_line() -> None:
    items = [Evidence("E0", "a line of words\n" * 200, Foreign("x"))]
    models = ScriptedModels({}, prompt_limit=600)
    result = fit(models, "generate", "local_fast", items, lambda some: generate_prompt("q", some))

    assert set(result.evidence[0].text.split("\n")) == {"a line of words"}
    assert sum(models.count_tokens(message.content) for message in result.prompt) <= 600
    assert result.is_truncated


def test_quotes_as_a_list() -> None:
    code = Evidence("E1", "x", FileSpan("/a/app.py", 10, 12, "h", ""), "App.run")
    page = Evidence("E2", "x", FileSpan("/a/b.pdf", 1, 2, "h", "page 3"), "b.pdf")
    web = Evidence("E3", "x", Foreign("https://example.org"), "")
    quotes = [
        Quote("E1", "    def run(self):\n        pass", 1, "App.run", is_code=True),
        Quote("E2", "Two\nlines.", 0, "b.pdf"),
        Quote("E3", "Web.", 0),
    ]

    assert as_list(quotes, [code, page, web]).split("\n")[2:] == [
        "- a/app.py:11 `App.run` [E1]",
        "  ```",
        "  def run(self):",
        "      pass",
        "  ```",
        "- a/b.pdf, page 3 [E2]: “Two lines.”",
        "- https://example.org [E3]: “Web.”",
    ]


def test_files_of_one_name_stay_apart_and_no_name_breaks_a_line() -> None:
    paths = ["/x/docs/a/index.md", "/x/docs/b/index.md", "/x/new\nline.md"]
    items = [Evidence(f"E{n}", "Pool.", FileSpan(path, 2, 2, "h")) for n, path in enumerate(paths)]

    assert sorted(shown_names(items).values()) == ["docs/a/index.md", "docs/b/index.md", "x/new\\nline.md"]
    assert as_list([Quote("E1", "Pool", 0, is_cut=True)], items).endswith("- docs/b/index.md:2 [E1]: “Pool …”")


def test_html_is_shown_without_its_markup() -> None:
    item = Evidence("E1", "x", FileSpan("/a/b.html", 1, 1, "h"))

    assert as_list([Quote("E1", "<b>Ten</b> &amp; one", 0, shown="Ten & one")], [item]).endswith("“Ten & one”")


def test_each_source_is_cited_once_over_all_of_its_quotes() -> None:
    items = [Evidence("E1", "One. Two. Three. Four.", FileSpan("/a", 1, 1, "h")), Evidence("E2", "x", Foreign("w"))]
    quotes: Any = [{"id": "E1", "quote": "Three."}, {"id": "E2", "quote": "x"}, {"id": "E1", "quote": "One."}]

    cited = cite(quotes, items, lambda cited: [True for _ in cited])

    assert [(citation["id"], citation["quote"]) for citation in cited] == [("E1", "One. Two. Three."), ("E2", "x")]


def test_an_abstention_lists_what_was_tried() -> None:
    assert abstention(["a", "b"], ["/x.py:L1-L2"]).split("\n")[2:] == [
        "Tried:",
        "- a",
        "- b",
        "",
        "The nearest misses:",
        "- /x.py:L1-L2",
    ]


def test_sources_for_chat_windows() -> None:
    def cited(identifier: str, path: str, start: int) -> Any:
        return {"id": identifier, "path": path, "start_line": start, "end_line": start + 1}

    citations = [cited("E1", "/a.py", 3), cited("E1", "/a.py", 3), cited("E2", "https://x.org", 0)]

    assert with_sources("Text.", citations) == "Text.\n\nSources:\n- [E1] /a.py:L3-L4\n- [E2] https://x.org"
    assert with_sources("Text.", []) == "Text."
