"""Inside a LangGraph node, no token of a draft or a decision gets into the graph's message stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypedDict

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langgraph.graph import END, START, StateGraph

from hydragraph.domain import Message, Models
from hydragraph.models.langchain import LangChainModels


class State(TypedDict):
    text: str


async def streamed(models: Models) -> AsyncIterator[Any]:
    async def generate(state: State) -> State:
        return {"text": (await models.complete("generate", [Message("user", "hi")])).text}

    builder = StateGraph(State)
    builder.add_node("generate", generate)
    builder.add_edge(START, "generate")
    builder.add_edge("generate", END)
    async for mode, part in builder.compile().astream({"text": ""}, stream_mode=["messages", "values"]):
        yield mode, part


async def test_drafts_stay_out_of_the_message_stream() -> None:
    text = "a draft that may be withdrawn"
    models = LangChainModels(GenericFakeChatModel(messages=iter([AIMessage(text)])))
    parts = [part async for part in streamed(models)]
    assert ("values", {"text": text}) in parts
    assert [part for part in parts if part[0] == "messages"] == []
