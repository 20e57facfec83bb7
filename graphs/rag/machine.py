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

from functools import partial
from typing import TYPE_CHECKING, Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from ...nodes.evidence.evidence_reader import Library
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

    after_grade = partial(routes.after_grade, settings=settings, has_web=services.web is not None)
    after_reflect = partial(routes.after_reflect, settings=settings, models=services.models)
    graph.add_edge(START, "condense")
    graph.add_edge("condense", "classify")
    graph.add_conditional_edges("classify", routes.kind_of_question, routes.KINDS)
    graph.add_conditional_edges("decompose", routes.one_search_each, ["retrieve"])
    graph.add_edge("retrieve", "grade")
    graph.add_conditional_edges("grade", after_grade, routes.GRADES)
    graph.add_conditional_edges("rewrite", routes.after_rewrite, routes.REWRITES)
    graph.add_conditional_edges("search_web", routes.after_web, routes.WEB)
    graph.add_conditional_edges("generate", partial(routes.after_generate, models=services.models), routes.OUTCOMES)
    graph.add_conditional_edges("reflect", after_reflect, routes.VERDICTS)
    graph.add_edge("escalate", "generate")
    graph.add_edge("extract", "answer")
    graph.add_edge("abstain", "answer")
    graph.add_edge("answer", END)
    compiled: Rag = graph.compile(name="rag", checkpointer=checkpointer)
    return compiled.with_config(recursion_limit=settings.fuse)


def nodes(services: RagServices, settings: RagSettings, channels: Channels) -> dict[str, Any]:
    """Every node with its collaborators bound."""
    models, limit, read = services.models, settings.search_limit, settings.read_limit
    library = Library(services.searcher, services.evidence)
    begin = partial(fresh_turn, channel=channels.request, budget=settings.budget)
    return {
        "condense": partial(condense, models=models, begin=begin),
        "classify": partial(classify, models=models),
        "decompose": partial(decompose, models=models, most=settings.sub_questions),
        "retrieve": partial(retrieve, library=library, limit=limit),
        "grade": partial(grade, models=models, library=library, thresholds=settings.thresholds, limit=limit),
        "rewrite": partial(rewrite, models=models),
        "search_web": partial(search_web, web=services.web, store=services.evidence, limit=limit),
        "generate": partial(generate, models=models, library=library, read=read, limit=limit),
        "reflect": partial(reflect, models=models, library=library, read=read, limit=limit),
        "escalate": partial(escalate, models=models),
        "extract": partial(extract, library=library, limit=limit),
        "abstain": abstain,
        "answer": partial(answer, library=library, is_current=services.is_current, limit=limit, result=channels.result),
    }
