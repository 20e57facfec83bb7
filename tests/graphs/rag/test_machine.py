"""The RAG machine with scripted models: its routes, its bounds, and what it says at the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from web_page import OneWebPage

from hydragraph.domain import Answer, Budget, Evidence, Foreign
from hydragraph.graphs.answers import answer_of
from hydragraph.models.testing.scripted import Call, Line, ScriptedModels
from hydragraph.nodes.prompts.requests import (
    Classification,
    Query,
    Relevance,
    Review,
    Standalone,
    SubQuestions,
)

FLUSH = "How does the session flush pending changes?"
GOOD = Review(supported=True, complete=True)


def ids(call: Call) -> dict[str, str]:
    """Evidence ids of a prompt by the name of the file that they come from, the first of each."""
    found: dict[str, str] = {}
    for identifier, path in re.findall(r"^\[(E\w+)\] \S*/(\w+\.\w+)", call.prompt, re.MULTILINE):
        found.setdefault(path, identifier)
    return found


def about_flush(call: Call) -> str:
    return (
        f"`flush` writes all pending changes to the database, with a `batch_size` of 500 [{ids(call)['session.py']}]."
    )


def invented(call: Call) -> str:
    return f"The `frobnicate` function retries 17 times [{ids(call)['session.py']}]."


def script(**changes: Any) -> dict[str, Any]:
    return {
        "classify": Classification(kind="simple"),
        "grade": Relevance(verdict="enough"),
        "rewrite": Query(query="write pending changes database"),
        "decompose": SubQuestions(questions=["What does rollback undo?", "How many connections does the pool hold?"]),
        "generate": about_flush,
        "reflect": GOOD,
        **changes,
    }


async def run(graph: Any, question: str) -> tuple[Answer, list[str], list[dict[str, Any]]]:
    """The answer, the nodes in order, and the custom events."""
    nodes: list[str] = []
    events: list[dict[str, Any]] = []
    values: dict[str, Any] = {}
    modes = ["updates", "custom", "values"]
    async for mode, data in graph.astream({"messages": [("user", question)]}, stream_mode=modes):
        if mode == "updates":
            nodes += list(data)
        elif mode == "custom":
            events.append(data)
        else:
            values = data
    return answer_of(values["rag"]), nodes, events


async def test_answered_with_a_citation_that_stands(machine: Callable[..., Any], corpus: list[Path]) -> None:
    answer, nodes, events = await run(machine(ScriptedModels(script())), FLUSH)

    assert nodes == ["condense", "classify", "retrieve", "grade", "generate", "reflect", "answer"]
    assert (answer.status, answer.caveats, answer.tier) == ("answered", (), "local_quality")
    [citation] = answer.citations
    text = next(path for path in corpus if str(path) == citation.path).read_text()
    assert citation.quote in "\n".join(text.split("\n")[citation.start_line - 1 : citation.end_line])
    assert f"[{citation.id}]" in answer.answer
    assert "".join(e["text"] for e in events if e["event"] == "token").startswith("`flush` writes")
    assert answer.spent.tokens > 0
    assert answer.spent.steps == 5


async def test_a_draft_shown_with_the_thoughts_before_it_is_withdrawn(machine: Callable[..., Any]) -> None:
    """A template that opens the thought in the prompt: only its end tells, after its words have been streamed."""

    def thoughtful(call: Call) -> str:
        return f"The user asks about sessions, so I look at flush.</think>\n\n{about_flush(call)}"

    answer, nodes, events = await run(machine(ScriptedModels(script(generate=thoughtful))), FLUSH)

    drafted = [e for e in events if e["event"] in ("token", "discard")]
    assert "The user asks" in "".join(e["text"] for e in drafted[:-1])
    assert drafted[-1] == {"event": "discard", "attempt": 1}
    assert answer.answer.startswith("`flush` writes all pending changes")
    assert (answer.status, nodes.count("generate")) == ("answered", 1)


async def test_a_draft_that_is_what_was_shown_stays(machine: Callable[..., Any]) -> None:
    def hidden(call: Call) -> str:
        return f"<think>The user asks about sessions.</think>\n\n{about_flush(call)}\n"

    answer, _, events = await run(machine(ScriptedModels(script(generate=hidden))), FLUSH)

    assert "".join(e["text"] for e in events if e["event"] == "token").startswith("`flush` writes")
    assert not [e for e in events if e["event"] == "discard"]
    assert answer.status == "answered"


async def test_a_try_that_the_server_found_too_long_is_not_shown_before_the_next(machine: Callable[..., Any]) -> None:
    def first_too_long(call: Call) -> Any:
        is_first = len(models.asked("generate")) == 1
        return Line("The beginning of an answer", fault="too_long") if is_first else about_flush(call)

    models = ScriptedModels(script(generate=first_too_long))
    answer, nodes, events = await run(machine(models), FLUSH)

    drafted = [e for e in events if e["event"] in ("token", "discard")]
    assert drafted[-1] == {"event": "discard", "attempt": 1}
    assert (answer.status, nodes.count("generate"), len(models.asked("generate"))) == ("answered", 1, 2)
    assert answer.spent.steps == 6, "both tries cost what they cost"


async def test_no_model_quotes_from_two_sources(machine: Callable[..., Any]) -> None:
    answer, nodes, _ = await run(machine(ScriptedModels({}, tiers=())), FLUSH)

    assert nodes == ["condense", "classify", "retrieve", "grade", "generate", "extract", "answer"]
    assert (answer.status, answer.caveats, answer.tier) == ("extractive", ("no_model",), "extractive")
    assert len({citation.id for citation in answer.citations}) >= 2
    assert "def flush(self, objects=None):" in answer.answer


async def test_every_tier_unreachable_asks_once_and_quotes(machine: Callable[..., Any]) -> None:
    models = ScriptedModels(lambda _: Line(fault="unreachable"))
    answer, _, _ = await run(machine(models), FLUSH)

    assert (answer.status, answer.caveats) == ("extractive", ("no_model",))
    assert [call.tier for call in models.calls] == ["local_fast", "local_quality"]


@pytest.mark.parametrize("fault", ["unreachable", "timeout", "error"])
async def test_a_smaller_model_answers_where_the_larger_one_is_not_there(
    fault: Any, machine: Callable[..., Any]
) -> None:
    def speak(call: Call) -> Any:
        if call.tier == "local_quality":
            return Line(fault=fault)
        return about_flush(call) if call.role == "generate" else script()[call.role]

    models = ScriptedModels(speak)
    answer, nodes, _ = await run(machine(models), FLUSH)

    assert (answer.status, answer.tier) == ("answered", "local_fast")
    assert [call.tier for call in models.asked("generate")] == ["local_quality", "local_fast"]
    assert nodes.count("generate") == 1
    assert "model_failed" not in answer.caveats
    assert not models.asked("reflect")  # which would be the larger one's


async def test_a_larger_model_that_breaks_off_is_not_replaced(machine: Callable[..., Any]) -> None:
    broken = Line("The session", fault="incomplete")
    models = ScriptedModels(script(generate=broken))
    answer, _, _ = await run(machine(models), FLUSH)

    assert answer.status == "extractive"
    assert [call.tier for call in models.asked("generate")] == ["local_quality"]


async def test_small_talk_needs_no_search(machine: Callable[..., Any], searcher: Any) -> None:
    answer, nodes, _ = await run(machine(ScriptedModels(script(generate="Hello. What do you look for?"))), "Hello!")

    assert nodes == ["condense", "classify", "generate", "answer"]
    assert (answer.status, answer.answer, searcher.searches) == ("answered", "Hello. What do you look for?", [])


async def test_a_model_cannot_keep_a_question_from_the_corpus(machine: Callable[..., Any]) -> None:
    _, nodes, _ = await run(machine(ScriptedModels(script(classify=Classification(kind="direct")))), FLUSH)

    assert "retrieve" in nodes


async def test_several_questions_are_searched_side_by_side(machine: Callable[..., Any], searcher: Any) -> None:
    question = "What does rollback undo and how many connections does the pool hold?"

    def both(call: Call) -> str:
        known = ids(call)
        return f"`rollback` undoes everything since the last commit [{known['session.py']}]. " + (
            f"The pool holds at most `pool_size` connections and 10 more in overflow [{known['pool.py']}]."
        )

    models = ScriptedModels(script(classify=Classification(kind="multi"), generate=both))
    answer, nodes, _ = await run(machine(models), question)

    assert nodes.count("retrieve") == 3
    assert nodes.count("grade") == 1
    assert set(answer.tried) == {
        question,
        "What does rollback undo?",
        "How many connections does the pool hold?",
    }
    assert {Path(citation.path).name for citation in answer.citations} == {"session.py", "pool.py"}


async def test_poor_evidence_is_searched_again_in_other_words(machine: Callable[..., Any]) -> None:
    models = ScriptedModels(script(grade=[Relevance(verdict="poor"), Relevance(verdict="enough")]))
    answer, nodes, _ = await run(machine(models), FLUSH)

    assert nodes[2:7] == ["retrieve", "grade", "rewrite", "retrieve", "grade"]
    assert answer.tried == (FLUSH, "write pending changes database")
    assert answer.status == "answered"


async def test_rewriting_ends_without_new_evidence(machine: Callable[..., Any]) -> None:
    queries = [Query(query=f"flush pending changes {word}") for word in ("session", "again", "more", "still")]
    models = ScriptedModels(script(grade=Relevance(verdict="poor"), rewrite=queries))
    answer, nodes, _ = await run(machine(models, max_rewrites=10), FLUSH)

    assert nodes.count("rewrite") <= 2
    assert answer.status == "answered"


@pytest.mark.parametrize("tiers", [(), ("local_fast", "local_quality")])
async def test_what_is_not_there_is_not_answered(machine: Callable[..., Any], tiers: Any) -> None:
    models = ScriptedModels(script(), tiers=tiers)
    answer, nodes, _ = await run(machine(models), "How is the Kubernetes operator deployed with the session?")

    assert nodes[-2:] == ["abstain", "answer"]
    assert (answer.status, answer.tier, answer.citations) == ("abstained", "none", ())
    assert "not_in_corpus" in answer.caveats
    assert answer.tried == ("How is the Kubernetes operator deployed with the session?",)
    assert re.search(r"session\.py:L\d+-L\d+$", answer.nearest[0])
    assert answer.nearest[0] in answer.answer
    assert models.asked("generate") == []


PAGE = Evidence("abcdef0123", "The Kubernetes operator is deployed with helm.", Foreign("https://example.org/k8s"))
KUBERNETES = "How is the Kubernetes operator deployed?"


async def test_web_search_where_it_is_allowed(machine: Callable[..., Any]) -> None:
    models = ScriptedModels(script(generate="The Kubernetes operator is deployed with helm [Eabcd]."))
    answer, nodes, _ = await run(machine(models, web=OneWebPage(PAGE)), KUBERNETES)

    assert "search_web" in nodes
    assert answer.status == "answered"
    assert [(c.path, c.start_line) for c in answer.citations] == [("https://example.org/k8s", 0)]


@pytest.mark.parametrize("web", [OneWebPage(), OneWebPage(PAGE, fails=True)])
async def test_an_empty_or_failing_web_search_ends_in_abstention(machine: Callable[..., Any], web: Any) -> None:
    answer, nodes, _ = await run(machine(ScriptedModels(script()), web=web), KUBERNETES)

    assert nodes[-3:] == ["search_web", "abstain", "answer"]
    assert answer.status == "abstained"


async def test_an_unsupported_draft_is_withdrawn_and_escalated(machine: Callable[..., Any]) -> None:
    models = ScriptedModels(
        lambda call: _by_tier(call),
        roles={**ROLES, "generate": "local_fast"},
    )
    answer, nodes, events = await run(machine(models), FLUSH)

    assert nodes[-5:] == ["reflect", "escalate", "generate", "reflect", "answer"]
    assert (answer.status, answer.tier) == ("answered", "local_quality")
    assert {"event": "discard", "attempt": 1} in events
    assert "frobnicate" in models.asked("generate")[1].prompt
    assert "frobnicate" not in answer.answer


ROLES: Any = {
    "classify": "local_fast",
    "grade": "local_fast",
    "rewrite": "local_fast",
    "decompose": "local_fast",
    "reflect": "local_fast",
}


def _by_tier(call: Call) -> Any:
    if call.role != "generate":
        return script()[call.role]
    return invented(call) if call.tier == "local_fast" else about_flush(call)


async def test_what_does_not_stand_is_removed(machine: Callable[..., Any]) -> None:
    def mostly(call: Call) -> str:
        known = ids(call)["session.py"]
        return (
            f"{about_flush(call)} `flush` writes children after their parents [{known}]. "
            f"It raises `InvalidRequestError` if the session is already flushing [{known}]. "
            f"It also calls `frobnicate` 17 times [{known}]. Every change is saved by its mapper [Edead]."
        )

    answer, _, _ = await run(machine(ScriptedModels(script(generate=mostly))), FLUSH)

    assert answer.status == "partial"
    assert "unsupported_removed" in answer.caveats
    assert "frobnicate" not in answer.answer
    assert "Edead" not in answer.answer
    assert "InvalidRequestError" in answer.answer


async def test_nothing_but_inventions_ends_in_quotes(machine: Callable[..., Any]) -> None:
    models = ScriptedModels(script(generate=invented))
    answer, nodes, events = await run(machine(models), FLUSH)

    assert (answer.status, answer.caveats) == ("extractive", ("unsupported_removed",))
    assert "frobnicate" not in answer.answer
    assert nodes.count("generate") == 2
    assert [e["attempt"] for e in events if e["event"] == "discard"] == [1, 2]


async def test_what_is_missing_is_searched_once(machine: Callable[..., Any], searcher: Any) -> None:
    missing = Review(supported=True, complete=False, missing="how many connections the pool holds in overflow")
    answer, nodes, _ = await run(machine(ScriptedModels(script(reflect=missing))), FLUSH)

    assert nodes.count("retrieve") == 2
    assert answer.tried[1] == "how many connections the pool holds in overflow"
    assert answer.status == "partial"


async def test_a_models_refusal_against_strong_grounds_gives_quotes(machine: Callable[..., Any]) -> None:
    answer, _, _ = await run(machine(ScriptedModels(script(generate="NOT IN EVIDENCE"))), FLUSH)

    assert answer.status == "extractive"


async def test_a_models_refusal_against_weak_grounds_is_an_abstention(machine: Callable[..., Any]) -> None:
    models = ScriptedModels(script(generate="NOT IN EVIDENCE.", grade=Relevance(verdict="poor")))
    answer, _, _ = await run(machine(models), FLUSH)

    assert (answer.status, answer.caveats) == ("abstained", ("not_in_corpus",))


async def test_killed_in_mid_answer_keeps_what_stands(machine: Callable[..., Any]) -> None:
    def broken(call: Call) -> Line:
        return Line(f"{about_flush(call)} The mapper then", fault="incomplete")

    answer, _, _ = await run(machine(ScriptedModels(script(generate=broken))), FLUSH)

    assert answer.status == "partial"
    assert "model_failed" in answer.caveats
    assert "The mapper then" not in answer.answer


async def test_killed_before_a_sentence_gives_marked_quotes(machine: Callable[..., Any]) -> None:
    answer, _, events = await run(machine(ScriptedModels(script(generate=Line("The", fault="unreachable")))), FLUSH)

    assert answer.status == "extractive"
    assert "model_failed" in answer.caveats
    assert "no_model" not in answer.caveats
    assert {"event": "discard", "attempt": 1} in events


@pytest.mark.parametrize("steps", range(9))
async def test_any_budget_of_steps_ends_well(machine: Callable[..., Any], steps: int) -> None:
    models = ScriptedModels(script(generate=invented, grade=Relevance(verdict="poor")))
    answer, _, _ = await run(machine(models, budget=Budget(steps=steps)), FLUSH)

    assert answer.status == "extractive"
    assert answer.citations
    assert "budget_exhausted" in answer.caveats or steps > 6
    assert answer.spent.steps <= max(steps, 2)  # the first search is always made


async def test_time_ends_a_call_that_hangs(machine: Callable[..., Any]) -> None:
    models = ScriptedModels(script(generate=Line("late", delay=30)))
    answer, _, _ = await run(machine(models, budget=Budget(seconds=0.3)), FLUSH)

    assert answer.status == "extractive"
    assert "budget_exhausted" in answer.caveats


async def test_a_prompt_that_the_server_finds_too_long_is_shortened_once(machine: Callable[..., Any]) -> None:
    models = ScriptedModels(
        script(generate=lambda call: Line(fault="too_long") if len(ids(call)) > 1 else about_flush(call))
    )
    answer, nodes, _ = await run(machine(models, read_limit=3), FLUSH)

    assert nodes.count("generate") == 1
    assert [len(ids(call)) for call in models.asked("generate")] == [2, 1]
    assert (answer.status, answer.caveats) == ("answered", ("context_truncated",))


async def test_a_changed_source_says_so(machine: Callable[..., Any], corpus: list[Path]) -> None:
    corpus[0].write_text(corpus[0].read_text().replace("batch_size=500", "batch_size=900"))
    answer, _, _ = await run(machine(ScriptedModels(script())), FLUSH)

    assert "source_changed" in answer.caveats
    assert [citation.stale for citation in answer.citations] == [True]


async def test_a_prompt_that_does_not_fit_leaves_evidence_out(machine: Callable[..., Any]) -> None:
    models = ScriptedModels(script(), prompt_limit=450)
    answer, _, _ = await run(machine(models), FLUSH)

    assert "context_truncated" in answer.caveats
    assert len(ids(models.asked("generate")[0])) >= 1


async def test_a_follow_up_is_understood(machine: Callable[..., Any], searcher: Any) -> None:
    from langgraph.checkpoint.memory import InMemorySaver

    graph = machine(ScriptedModels({}, tiers=()), checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t"}}
    await graph.ainvoke({"messages": [("user", "What does Session.flush write?")]}, config)
    out = await graph.ainvoke({"messages": [("user", "And what does it raise?")]}, config)

    assert searcher.searches[-1].startswith("And what does it raise? (Session.flush")
    assert out["rag"]["tried"] == ["And what does it raise? (Session.flush write)"]
    assert len(out["messages"]) == 4
    assert out["rag"]["spent"]["steps"] == 1


async def test_a_follow_up_is_rewritten_by_a_model(machine: Callable[..., Any], searcher: Any) -> None:
    models = ScriptedModels(script(rewrite=Standalone(question="What does Session.flush raise?")))
    graph = machine(models)
    said = [("user", "What does Session.flush do?"), ("ai", "It writes."), ("user", "And what does it raise?")]
    out = await graph.ainvoke({"messages": said})

    assert out["rag"]["tried"] == ["What does Session.flush raise?"]


async def test_no_question_is_met_politely(machine: Callable[..., Any]) -> None:
    out = await machine(ScriptedModels({}, tiers=())).ainvoke({"messages": []})

    assert answer_of(out["rag"]).tier == "none"
    assert "citations" in out["rag"]["answer"]


async def test_a_resume_that_lost_the_texts_searches_again(machine: Callable[..., Any], searcher: Any) -> None:
    from langgraph.checkpoint.memory import InMemorySaver

    saver = InMemorySaver()
    config: Any = {"configurable": {"thread_id": "t"}}
    first = machine(ScriptedModels(script()), checkpointer=saver)
    await first.ainvoke({"messages": [("user", FLUSH)]}, config, interrupt_before=["generate"])
    searcher.is_lost = True
    searches = len(searcher.searches)
    out = await machine(ScriptedModels(script()), checkpointer=saver).ainvoke(None, config)

    assert searcher.searches[searches:] == [FLUSH]
    assert out["rag"]["status"] == "answered"
