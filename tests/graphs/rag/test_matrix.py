"""Every misbehaviour of a model, in every role that the machine asks, ends in a well-formed answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from hydragraph.domain import Caveat, Role, Status
from hydragraph.graphs.answers import answer_json, answer_of
from hydragraph.models.testing.misbehaviours import MISBEHAVIOURS
from hydragraph.models.testing.scripted import Call, ScriptedModels
from hydragraph.nodes.prompts.requests import Classification, Query, Relevance, Review, SubQuestions

QUESTION = "What does rollback undo and how does the session flush pending changes?"
ROLES: tuple[Role, ...] = ("classify", "decompose", "grade", "rewrite", "generate", "reflect")
KEYS = {"answer", "status", "caveats", "citations", "spent", "tier", "tried", "nearest"}


def well_behaved(call: Call) -> Any:
    match call.role:
        case "classify":
            return Classification(kind="multi")
        case "decompose":
            return SubQuestions(questions=["What does rollback undo?"])
        case "grade":
            return Relevance(verdict="poor")
        case "rewrite":
            return Query(query="write pending changes database")
        case "reflect":
            return Review(supported=True, complete=False, missing="overflow connections of the pool")
    start = call.prompt.index("[E", call.prompt.index("Evidence:"))
    return f"`rollback` expires all instances {call.prompt[start : call.prompt.index(']', start) + 1]}."


@pytest.mark.parametrize("how", MISBEHAVIOURS)
@pytest.mark.parametrize("role", [*ROLES, "all"])
async def test_a_misbehaving_model_ends_in_a_well_formed_answer(
    role: str, how: str, machine: Callable[..., Any], searcher: Any
) -> None:
    def speak(call: Call) -> Any:
        return MISBEHAVIOURS[how](call) if role in (call.role, "all") else well_behaved(call)

    models = ScriptedModels(speak, roles={role: "local_fast" for role in ROLES})
    out = await machine(models).ainvoke({"messages": [("user", QUESTION)]})
    answer = answer_of(out["rag"])

    assert answer.status in get_args(Status)
    assert answer.status not in ("failed", "abstained")
    assert set(answer.caveats) <= set(get_args(Caveat))
    assert answer.answer.strip()
    assert "<think>" not in answer.answer
    assert "APPROVED" not in answer.answer
    assert "E0000" not in answer.answer
    assert answer.spent.steps <= 24
    assert len(models.calls) <= 24
    texts = {item.id: item.text for item in searcher.items.values()}
    for citation in answer.citations:
        assert any(citation.quote in text for text in texts.values())
    assert set(json.loads(json.dumps(answer_json(answer)))) == KEYS
    if role in ("generate", "all"):
        assert answer.status in ("extractive", "partial")
        assert answer.citations
    assert out["messages"][-1].content.startswith(answer.answer)
