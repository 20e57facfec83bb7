"""The RAG machine.

START -> condense -> classify -(direct)------------------------------------------------> generate
                        |-(simple)-> retrieve -> grade -(enough)-> generate -> reflect -(good)-> answer -> END
                        `-(multi)--> decompose -> retrieve x n       |           |-(retry)-> generate
    grade -(poor)-> rewrite -(new)-> retrieve                        |           |-(incomplete)-> retrieve
    grade -(web)-> search_web -> generate | abstain                  |           |-(escalate)-> escalate -> generate
    grade -(nothing)-> abstain -> answer                             |           `-(absent)-> abstain
    grade -(kept)-> answer                                           `-(no model, failed)-> extract -> answer
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from ...nodes.evidence.evidence_reader import EvidenceReader
from ...nodes.rag.abstain import abstain
from ...nodes.rag.answer import answer
from ...nodes.rag.classify import classify
from ...nodes.rag.condense import condense
from ...nodes.rag.decompose import decompose
from ...nodes.rag.escalate import escalate
from ...nodes.rag.extract import extract
from ...nodes.rag.generate import generate
from ...nodes.rag.grade import grade
from ...nodes.rag.reflect import reflect
from ...nodes.rag.retrieve import retrieve
from ...nodes.rag.rewrite import rewrite
from ...nodes.rag.search_web import search_web
from ..hosting.services import DEFAULT, RagServices, RagSettings
from . import routes
from .state import Channels, fresh_turn

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

Rag = CompiledStateGraph[Any, None, Any, Any]


def build_rag_graph(
    services: RagServices,
    settings: RagSettings = DEFAULT,
    *,
    result: str = "rag",
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> Rag:
    """The machine. It puts the answer into `messages` and, as values, into the one channel that `result` names, so
    that a host's own channels stay as they are; the channel `{result}_request` may ask for a budget and collections.
    """
    channels = Channels(result)
    graph: Any = StateGraph(channels.state, input_schema=channels.input, output_schema=channels.output)
    for name, node in nodes(services, settings, channels).items():
        graph.add_node(name, node, input_schema=channels.input if name == "condense" else None)

    models, has_web = services.models, services.web is not None
    after_grade = at_once(routes.after_grade, settings=settings, has_web=has_web)
    after_reflect = at_once(routes.after_reflect, settings=settings, models=models)
    graph.add_edge(START, "condense")
    graph.add_edge("condense", "classify")
    graph.add_conditional_edges("classify", at_once(routes.kind_of_question), routes.KINDS)
    graph.add_conditional_edges("decompose", at_once(routes.one_search_each), ["retrieve"])
    graph.add_edge("retrieve", "grade")
    graph.add_conditional_edges("grade", after_grade, routes.GRADES)
    graph.add_conditional_edges("rewrite", at_once(routes.after_rewrite), routes.REWRITES)
    graph.add_conditional_edges("search_web", at_once(routes.after_web), routes.WEB)
    graph.add_conditional_edges("generate", at_once(routes.after_generate, models=models), routes.OUTCOMES)
    graph.add_conditional_edges("reflect", after_reflect, routes.VERDICTS)
    graph.add_edge("escalate", "generate")
    graph.add_edge("extract", "answer")
    graph.add_edge("abstain", "answer")
    graph.add_edge("answer", END)
    compiled: Rag = graph.compile(name="rag", checkpointer=checkpointer)
    return compiled.with_config(recursion_limit=settings.fuse)


def at_once(predicate: Callable[..., Any], **bound: Any) -> Callable[[Any], Awaitable[Any]]:
    """The predicate as LangGraph calls it without a thread, which costs a hundred times what it does."""

    async def decide(state: Any) -> Any:
        return predicate(state, **bound)

    decide.__name__ = predicate.__name__
    return decide


def nodes(services: RagServices, settings: RagSettings, channels: Channels) -> dict[str, Any]:
    """Every node with its collaborators bound."""
    models, read = services.models, settings.read_limit
    reader = EvidenceReader(services.corpora, settings.search_limit)
    begin = partial(fresh_turn, channel=channels.request, budget=settings.budget)
    return {
        "condense": partial(condense, models=models, begin=begin),
        "classify": partial(classify, models=models),
        "decompose": partial(decompose, models=models, most=settings.sub_questions),
        "retrieve": partial(retrieve, reader=reader),
        "grade": partial(grade, models=models, reader=reader, thresholds=settings.thresholds),
        "rewrite": partial(rewrite, models=models),
        "search_web": partial(search_web, web=services.web, reader=reader),
        "generate": partial(generate, models=models, reader=reader, read=read),
        "reflect": partial(reflect, models=models, reader=reader, read=read),
        "escalate": partial(escalate, models=models),
        "extract": partial(extract, reader=reader),
        "abstain": abstain,
        "answer": partial(answer, reader=reader, are_current=services.are_current, result=channels.result),
    }
