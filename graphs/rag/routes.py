"""Where the RAG machine goes next: pure, total predicates and the labels that the drawn graph shows."""

from __future__ import annotations

from typing import Literal

from langgraph.types import Send

from ...domain import Models
from ...nodes.channels import Kind, is_exhausted
from ...nodes.rag.escalate import next_tier
from ..hosting.services import RagSettings
from .state import RagState

KINDS = {"direct": "generate", "simple": "retrieve", "multi": "decompose"}
GRADES = {"enough": "generate", "poor": "rewrite", "web": "search_web", "nothing": "abstain", "kept": "answer"}
REWRITES = {"new": "retrieve", "enough": "generate"}
WEB = {"found": "generate", "nothing": "abstain"}
OUTCOMES = {"drafted": "reflect", "direct": "answer", "kept": "answer", "escalate": "escalate", "failed": "extract"}
VERDICTS = {
    "good": "answer",
    "retry": "generate",
    "escalate": "escalate",
    "incomplete": "retrieve",
    "absent": "abstain",
    "hopeless": "extract",
}  # fmt: skip


def kind_of_question(state: RagState) -> Kind:
    return state["kind"]


def one_search_each(state: RagState) -> list[Send]:
    """The question itself always; its parts as far as the budget goes."""
    left = state["budget"]["steps"] - state["spent"]["steps"]
    return [
        Send("retrieve", {"queries": [query], "collections": state["collections"]})
        for query in state["queries"][: max(1, left)]
    ]


def is_spent(state: RagState) -> bool:
    return is_exhausted(state["spent"], state["budget"])


def has_kept(state: RagState) -> bool:
    """Something of an earlier draft stands."""
    return bool(state["best"]["draft"]) and state["best"]["score"] > 0


def after_grade(
    state: RagState, *, settings: RagSettings, has_web: bool
) -> Literal["enough", "poor", "web", "nothing", "kept"]:
    if has_kept(state) and (is_spent(state) or not state["is_better"] or state["grade"] == "nothing"):
        return "kept"
    may_look_on_web = has_web and not state["has_searched_web"] and not is_spent(state)
    if not state["found"] or state["grade"] == "nothing":
        return "web" if may_look_on_web else "nothing"
    has_reason = state["is_better"] and state["rewrites"] < settings.max_rewrites and not has_kept(state)
    if state["grade"] == "poor" and has_reason and not is_spent(state):
        return "poor"
    return "enough"


def after_rewrite(state: RagState) -> Literal["new", "enough"]:
    return "new" if state["queries"] and not is_spent(state) else "enough"


def after_web(state: RagState) -> Literal["found", "nothing"]:
    return "found" if state["grade"] == "enough" else "nothing"


def after_generate(state: RagState, *, models: Models) -> Literal["drafted", "direct", "kept", "escalate", "failed"]:
    if state["kind"] == "direct":
        return "direct"
    if state["outcome"] == "drafted":
        return "drafted"
    if _can_escalate(state, models):
        return "escalate"
    return "kept" if has_kept(state) else "failed"


def after_reflect(
    state: RagState, *, settings: RagSettings, models: Models
) -> Literal["good", "retry", "escalate", "incomplete", "absent", "hopeless"]:
    """Another round needs budget, and a draft better than the last or a tier that was not asked."""
    if state["verdict"] == "absent":
        return _after_refusal(state)
    if state["verdict"] == "good" or is_spent(state):
        return "good" if has_kept(state) else "hopeless"
    if state["verdict"] == "incomplete" and state["queries"] and state["is_better"]:
        return "incomplete"
    if _can_escalate(state, models):
        return "escalate"
    may_retry = (
        state["verdict"] == "unsupported"
        and state["attempt"] < settings.max_attempts
        and (state["is_better"] or state["attempt"] == 1)
    )
    if may_retry:
        return "retry"
    return "good" if has_kept(state) else "hopeless"


def _after_refusal(state: RagState) -> Literal["good", "absent", "hopeless"]:
    """The model says that the evidence has no answer: against strong measured grounds that is only an opinion."""
    if has_kept(state):
        return "good"
    return "hopeless" if state["grade"] == "enough" else "absent"


def _can_escalate(state: RagState, models: Models) -> bool:
    above = next_tier(models, state["asking_tier"], state["down"])
    return above is not None and not is_spent(state)
