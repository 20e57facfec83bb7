"""Thread old/halfway with the old program: `leave` stops it before `generate`, `resume` ends it. Needs HYDRAGRAPH_HOME.

Run by the interpreter of the clone at 2b2cda1. The models are scripted, so nothing depends on a server.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from dataclasses import replace
from typing import Any

from hydragraph.graphs.answers import answer_from_state, answer_json
from hydragraph.graphs.compose import close_services, open_services, rag_settings
from hydragraph.graphs.rag import build_rag_graph
from hydragraph.graphs.threads import open_threads
from hydragraph.models.scripted import Call, ScriptedModels
from hydragraph.nodes.prompts.requests import Classification, Query, Relevance, Review
from hydragraph.settings import load_settings

QUESTION = "What happens when a shelf is full?"
CONFIG: Any = {"configurable": {"thread_id": "old/halfway"}}


def drafted(call: Call) -> str:
    """Cites the evidence that comes from storage.py."""
    cited = re.findall(r"^\[(E\w+)\] \S*/storage\.py", call.prompt, re.MULTILINE)
    return f"`Storage.put` raises `ShelfFullError` where the shelf has no room left [{cited[0]}]."


def models() -> ScriptedModels:
    return ScriptedModels(
        {
            "classify": Classification(kind="simple"),
            "grade": Relevance(verdict="enough"),
            "rewrite": Query(query="shelf full error"),
            "generate": drafted,
            "reflect": Review(supported=True, complete=True),
        }
    )


async def main(what: str) -> dict[str, Any]:
    settings = replace(load_settings().settings, collection="old")
    services = replace(open_services(settings), models=models())
    try:
        async with open_threads(settings.home) as saver:
            graph = build_rag_graph(services, rag_settings(settings))
            graph.checkpointer = saver
            if what == "leave":
                await graph.ainvoke({"messages": [("user", QUESTION)]}, CONFIG, interrupt_before=["generate"])
                state = await graph.aget_state(CONFIG)
                assert state.next == ("generate",), state.next
                return {"next": list(state.next)}
            before = await graph.aget_state(CONFIG)
            found = [{k: v for k, v in item.items() if isinstance(v, str | int | float)} for item in before.values["found"]]
            values = await graph.ainvoke(None, CONFIG)
            answer = answer_json(answer_from_state(values))
            answer["spent"].pop("seconds", None)
            return {"question": QUESTION, "next": list(before.next), "state": sorted(before.values), "found": found, "resumed": answer}
    finally:
        await close_services(services)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1])), indent=2))
