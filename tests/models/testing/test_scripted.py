from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel

from hydragraph.domain import Message
from hydragraph.models.testing.misbehaviours import MISBEHAVIOURS
from hydragraph.models.testing.scripted import Call, Line, ScriptedModels

HI = [Message("user", "What is a session?")]


class Grade(BaseModel):
    verdict: Literal["yes", "no"]
    ids: list[str] = []
    score: float = 0.0


async def test_a_list_is_worked_through_and_then_used_up() -> None:
    models = ScriptedModels({"generate": ["one", "two"]})
    texts = [(await models.complete("generate", HI)).text for _ in range(3)]
    assert texts == ["one", "two", ""]
    last = await models.complete("generate", HI)
    assert (last.fault, last.detail) == ("error", "the script has no line for generate")


async def test_a_single_line_is_said_for_ever_and_a_function_sees_the_call() -> None:
    def echo(call: Call) -> str:
        return f"{call.role} on {call.tier}: {call.prompt}"

    models = ScriptedModels({"grade": Grade(verdict="yes"), "generate": echo})
    for _ in range(3):
        assert (await models.structured("grade", HI, Grade)).value == Grade(verdict="yes")
    reply = await models.complete("generate", HI, tier="local_fast")
    assert reply.text == "generate on local_fast: What is a session?"


async def test_calls_are_recorded() -> None:
    models = ScriptedModels({"grade": "{}", "generate": "text"})
    await models.structured("grade", HI, Grade)
    await models.complete("generate", HI)
    assert [(call.role, call.tier, call.schema) for call in models.calls] == [
        ("grade", "local_fast", Grade),
        ("generate", "local_quality", None),
    ]
    assert models.asked("grade") == models.calls[:1]


async def test_a_fault_comes_after_the_tokens_before_it() -> None:
    tokens: list[str] = []
    models = ScriptedModels({"generate": Line("half an answer", fault="incomplete", detail="lost")})
    reply = await models.complete("generate", HI, on_token=tokens.append)
    assert ("".join(tokens), reply.text, reply.fault) == ("half an answer", "half an answer", "incomplete")


def test_without_tiers_there_is_no_model() -> None:
    assert ScriptedModels({}, tiers=()).tiers("generate") == ()


@pytest.mark.parametrize("name", MISBEHAVIOURS)
async def test_each_misbehaviour_is_a_value(name: str) -> None:
    models = ScriptedModels(MISBEHAVIOURS[name])
    reply = await models.complete("generate", HI)
    structured = await models.structured("grade", HI, Grade)
    assert "<think>" not in reply.text
    assert (structured.value is None) == (structured.reply.fault is not None)
    assert (structured.value is not None) == (name == "nonsense_values")
