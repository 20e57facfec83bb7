"""The predicates of the RAG machine, by table; and the drawn machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from hydragraph.domain import Budget
from hydragraph.graphs.hosting.services import OneCorpus, RagServices, RagSettings
from hydragraph.graphs.rag.machine import nodes, routes
from hydragraph.graphs.rag.state import Channels, RagResult, RagState, fresh_turn
from hydragraph.models.testing.scripted import ScriptedModels
from hydragraph.nodes.channels import Best, as_spending, spending
from hydragraph.nodes.evidence.evidence_reader import Corpus

README = Path(__file__).parents[3] / "README.md"
MODELS = ScriptedModels({}, roles={"generate": "local_fast"})
ONE_TIER = ScriptedModels({}, roles={"generate": "local_quality"})
FOUND: Any = [{"key": "k"}]
KEPT: Best = {"draft": "x", "score": 0.5, "tier": "local_fast"}
SPENT = spending(steps=24)


def state(**changes: Any) -> Any:
    plain = {key: getattr(value, "value", value) for key, value in fresh_turn({}, channel="", budget=Budget()).items()}
    return {**plain, "found": FOUND, "budget": as_spending(Budget()), **changes}


@pytest.mark.parametrize(
    ("changes", "has_web", "expected"),
    [
        ({"grade": "enough"}, False, "enough"),
        ({"grade": "poor"}, False, "poor"),
        ({"grade": "poor", "is_better": False}, False, "enough"),
        ({"grade": "poor", "rewrites": 2}, False, "enough"),
        ({"grade": "poor", "spent": SPENT}, False, "enough"),
        ({"grade": "nothing"}, False, "nothing"),
        ({"grade": "nothing"}, True, "web"),
        ({"grade": "nothing", "has_searched_web": True}, True, "nothing"),
        ({"grade": "nothing", "spent": SPENT}, True, "nothing"),
        ({"grade": "enough", "found": []}, False, "nothing"),
        ({"grade": "enough", "best": KEPT}, False, "enough"),
        ({"grade": "poor", "best": KEPT}, False, "enough"),
        ({"grade": "enough", "best": KEPT, "is_better": False}, False, "kept"),
        ({"grade": "enough", "best": KEPT, "spent": SPENT}, False, "kept"),
        ({"grade": "nothing", "best": KEPT}, True, "kept"),
    ],
)
def test_after_grade(changes: dict[str, Any], has_web: bool, expected: str) -> None:
    assert routes.after_grade(state(**changes), settings=RagSettings(), has_web=has_web) == expected


@pytest.mark.parametrize(
    ("changes", "models", "expected"),
    [
        ({"kind": "direct", "outcome": "failed"}, MODELS, "direct"),
        ({"outcome": "drafted"}, MODELS, "drafted"),
        ({"outcome": "failed", "asking_tier": "local_fast"}, MODELS, "escalate"),
        ({"outcome": "failed", "asking_tier": "local_fast", "down": ["local_quality"]}, MODELS, "failed"),
        ({"outcome": "failed", "asking_tier": "local_fast", "spent": SPENT}, MODELS, "failed"),
        ({"outcome": "failed", "asking_tier": "local_quality"}, ONE_TIER, "failed"),
        ({"outcome": "failed", "asking_tier": "local_quality", "best": KEPT}, ONE_TIER, "kept"),
        ({"outcome": "no_model"}, MODELS, "failed"),
    ],
)
def test_after_generate(changes: dict[str, Any], models: ScriptedModels, expected: str) -> None:
    assert routes.after_generate(state(**changes), models=models) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"verdict": "good", "best": KEPT}, "good"),
        ({"verdict": "good"}, "hopeless"),
        ({"verdict": "unsupported", "attempt": 1}, "retry"),
        ({"verdict": "unsupported", "attempt": 2, "is_better": True}, "retry"),
        ({"verdict": "unsupported", "attempt": 2, "is_better": False}, "hopeless"),
        ({"verdict": "unsupported", "attempt": 2, "is_better": False, "best": KEPT}, "good"),
        ({"verdict": "unsupported", "attempt": 3, "best": KEPT}, "good"),
        ({"verdict": "unsupported", "attempt": 1, "spent": SPENT}, "hopeless"),
        ({"verdict": "unsupported", "asking_tier": "local_fast", "attempt": 1}, "escalate"),
        ({"verdict": "incomplete", "queries": ["q"], "best": KEPT}, "incomplete"),
        ({"verdict": "incomplete", "queries": ["q"], "best": KEPT, "is_better": False}, "good"),
        ({"verdict": "incomplete", "queries": [], "best": KEPT}, "good"),
        ({"verdict": "absent", "grade": "poor"}, "absent"),
        ({"verdict": "absent", "grade": "enough"}, "hopeless"),
        ({"verdict": "absent", "best": KEPT}, "good"),
    ],
)
def test_after_reflect(changes: dict[str, Any], expected: str) -> None:
    assert routes.after_reflect(state(**changes), settings=RagSettings(), models=MODELS) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"queries": ["q"]}, "new"), ({"queries": []}, "enough"), ({"queries": ["q"], "spent": SPENT}, "enough")],
)
def test_after_rewrite(changes: dict[str, Any], expected: str) -> None:
    assert routes.after_rewrite(state(**changes)) == expected


@pytest.mark.parametrize(("grade", "expected"), [("enough", "found"), ("nothing", "nothing")])
def test_after_web(grade: str, expected: str) -> None:
    assert routes.after_web(state(grade=grade)) == expected


@pytest.mark.parametrize(("steps", "expected"), [(0, ["a", "b", "c"]), (22, ["a", "b"]), (24, ["a"]), (30, ["a"])])
def test_searches_stay_in_the_budget(steps: int, expected: list[str]) -> None:
    sends = routes.one_search_each(state(queries=["a", "b", "c"], spent=spending(steps=steps)))

    assert [send.arg["queries"][0] for send in sends] == expected


def test_every_slice_is_of_channels(searcher: Any) -> None:
    channels = get_type_hints(RagState)
    for name, node in nodes(
        RagServices(MODELS, OneCorpus(Corpus(searcher, searcher))), RagSettings(), Channels("rag")
    ).items():
        function = getattr(node, "func", node)
        asked = get_type_hints(function.__globals__["Slice"])
        assert set(asked) <= set(channels), name


def test_what_goes_in_and_out() -> None:
    assert set(Channels("rag").input.__annotations__) == {"messages", "rag_request"}
    assert set(Channels("rag").output.__annotations__) == {"messages", "rag"}
    assert set(RagResult.__annotations__) == {
        "answer", "status", "caveats", "citations", "spent", "tier", "tried", "nearest",
    }  # fmt: skip


def test_a_turn_begins_with_every_inner_channel_emptied() -> None:
    begun = fresh_turn({}, channel="rag_request", budget=Budget())

    assert set(begun) == set(RagState.__annotations__) - {"messages", "asked", "question"}


async def test_every_update_is_of_channels(machine: Callable[..., Any], searcher: Any) -> None:
    channels = {*get_type_hints(RagState), "rag"}
    for question in ("Hello!", "What does rollback undo and how many connections?", "Where is Kubernetes?"):
        async for update in machine(MODELS).astream({"messages": [("user", question)]}, stream_mode="updates"):
            for name, values in update.items():
                assert set(values) <= channels, name


def test_the_drawn_machine(machine: Callable[..., Any]) -> None:
    shown = README.read_text(encoding="utf-8").partition("```mermaid\n")[2].partition("```")[0]
    assert machine(MODELS).get_graph().draw_mermaid() == shown
