"""The machine as a node of a host's graph: which of the host's channels it reads and writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from langchain_core.messages import AnyMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import InvalidUpdateError
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from typing_extensions import TypedDict

from hydragraph.errors import UsageError
from hydragraph.graphs.rag.state import RagRequest, RagResult, RagState
from hydragraph.models.testing.scripted import ScriptedModels

FLUSH = "What does flush write?"
NO_MODELS = ScriptedModels({}, tiers=())
OWN: dict[str, Any] = {
    "status": "open",
    "tier": "gold",
    "answer": 42,
    "spent": 9.99,
    "budget": "none",
    "question": "whose?",
    "found": ["an umbrella"],
    "collections": ["stamps"],
}


class Customer(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    status: str
    tier: str
    answer: int
    spent: float
    budget: str
    question: str
    found: list[str]
    collections: list[str]
    rag: RagResult


class TwoManuals(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    status: str
    code: RagResult
    code_request: RagRequest
    guide: RagResult


def side_by_side(state: type[Any], **graphs: Any) -> Any:
    """A host in which every graph is a node, all of them in one step."""
    host: Any = StateGraph(state)
    for name, graph in graphs.items():
        host.add_node(name, graph)
        host.add_edge(START, name)
        host.add_edge(name, END)
    return host.compile(checkpointer=InMemorySaver())


def of(thread: str) -> Any:
    return {"configurable": {"thread_id": thread}}


async def test_a_hosts_own_channels_keep_their_values(machine: Callable[..., Any]) -> None:
    host = side_by_side(Customer, ask=machine(NO_MODELS))
    out = await host.ainvoke({"messages": [("user", FLUSH)], **OWN}, of("a"))

    assert {name: out[name] for name in OWN} == OWN
    assert out["rag"]["status"] == "extractive"
    assert out["rag"]["tried"] == [FLUSH]
    assert len(out["messages"]) == 2


async def test_two_machines_in_one_step_keep_both_results(machine: Callable[..., Any]) -> None:
    guide = machine(ScriptedModels({}, tiers=()), result="guide", search_limit=1)
    host = side_by_side(TwoManuals, first=machine(NO_MODELS, result="code"), second=guide)
    for_code = {"budget": {"steps": 0}}
    out = await host.ainvoke({"messages": [("user", FLUSH)], "status": "open", "code_request": for_code}, of("a"))

    assert (out["status"], len(out["messages"])) == ("open", 3)
    assert "def flush(self, objects=None):" in out["code"]["answer"]
    assert "budget_exhausted" in out["code"]["caveats"]
    assert "budget_exhausted" not in out["guide"]["caveats"]
    assert len(out["guide"]["citations"]) == 1


async def test_two_machines_in_one_step_with_one_name_are_refused_by_langgraph(machine: Callable[..., Any]) -> None:
    host = side_by_side(TwoManuals, first=machine(NO_MODELS, result="code"), second=machine(NO_MODELS, result="code"))

    with pytest.raises(InvalidUpdateError, match="At key 'code': Can receive only one value per step"):
        await host.ainvoke({"messages": [("user", FLUSH)]}, of("a"))


async def test_a_request_is_for_one_run(machine: Callable[..., Any]) -> None:
    graph = machine(NO_MODELS, checkpointer=InMemorySaver())
    budgets = []
    for request in ({"rag_request": {"budget": {"steps": 3}}}, {}):
        await graph.ainvoke({"messages": [("user", FLUSH)], **request}, of("a"))
        budgets.append((await graph.aget_state(of("a"))).values["budget"]["steps"])

    assert budgets == [3, 24]


@pytest.mark.parametrize("result", ["answer", "status", "manuals"])
async def test_the_result_has_the_name_that_the_host_chose(machine: Callable[..., Any], result: str) -> None:
    out = await machine(NO_MODELS, result=result).ainvoke({"messages": [("user", FLUSH)]})

    assert set(out) == {"messages", result}
    assert out[result]["status"] == "extractive"


@pytest.mark.parametrize("result", ["", "two words", "messages", "found", "budget"])
def test_a_name_that_the_machine_uses_itself_is_refused(machine: Callable[..., Any], result: str) -> None:
    with pytest.raises(UsageError, match=f"expected an identifier that is no channel of the machine, got '{result}'"):
        machine(NO_MODELS, result=result)


def test_no_channel_of_the_machine_is_called_like_a_request() -> None:
    assert not [name for name in RagState.__annotations__ if name.endswith("_request")]
