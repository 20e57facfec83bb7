"""A host application with its own `tools` and `server` packages that embeds the RAG machine in three ways."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated, Any

from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AnyMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from pydantic import BaseModel
from typing_extensions import TypedDict

import server
import tools
from hydragraph.graphs import RagServices, build_rag_graph

QUESTION = "What does the boiler do below four degrees?"
MANUAL = "The boiler starts its frost protection below four degrees and runs the pump for 600 seconds."
LETTER = "The boiler was delivered in May."


class Manuals(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [
            Document(MANUAL, metadata={"source": "manual.pdf", "title": "Manual"}),
            Document(LETTER, metadata={"source": "letter.txt"}),
        ]


def rag() -> Any:
    model = FakeListChatModel(responses=["The boiler starts its frost protection below four degrees."])
    return build_rag_graph(RagServices.from_langchain(model, Manuals()))


class HostState(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    ticket: str


async def as_subgraph() -> dict[str, Any]:
    graph = StateGraph(HostState)
    graph.add_node("rag", rag())
    graph.add_edge(START, "rag")
    graph.add_edge("rag", END)
    host = graph.compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    out = await host.ainvoke({"messages": [("user", QUESTION)], "ticket": "T-1"}, config)
    return {"last": out["messages"][-1].content, "count": len(out["messages"]), "keys": sorted(out)}


async def as_runnable() -> dict[str, Any]:
    chain = RunnableLambda(lambda question: {"messages": [("user", question)]}) | rag()
    out = await chain.ainvoke(QUESTION)
    result = out["rag"]
    sources = [citation["path"] for citation in result["citations"]]
    return {"answer": result["answer"], "status": result["status"], "sources": sources, "tier": result["tier"]}


class Question(BaseModel):
    question: str


async def as_tool() -> dict[str, Any]:
    chain = RunnableLambda(lambda asked: {"messages": [("user", asked["question"])]}) | rag()
    tool = (chain | (lambda out: out["rag"]["answer"])).as_tool(
        Question, name="manuals", description="Asks the manuals."
    )
    return {"name": tool.name, "args": sorted(tool.args), "result": await tool.ainvoke({"question": QUESTION})}


async def main() -> None:
    modules = {"tools": tools.WHOSE, "server": server.WHOSE}
    results = {
        "subgraph": await as_subgraph(),
        "runnable": await as_runnable(),
        "tool": await as_tool(),
        "modules": modules,
        "shadowed": [name for name in ("tools", "server", "graphs", "nodes") if "hydragraph" in _file(name)],
    }
    sys.stdout.write(json.dumps(results))


def _file(name: str) -> str:
    return str(getattr(sys.modules.get(name), "__file__", ""))


if __name__ == "__main__":
    asyncio.run(main())
