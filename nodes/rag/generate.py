"""Write a draft from the evidence; its tokens are a draft too, withdrawn when it falls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from langchain_core.messages import AnyMessage
from langgraph.types import StreamWriter

from ...domain import Caveat, Evidence, Fault, Message, Models, Reply, Tier
from ..budgeted import Means, draft, open_tier
from ..channels import DraftKind, Found, Kind, Spending, add_spending, is_exhausted
from ..conversation import transcript
from ..draft_stream import ShownDraft, withdraw
from ..evidence.evidence_reader import EvidenceReader, Looking, in_reading_order
from ..evidence.prompt_packing import fit
from ..prompts.requests import direct_prompt, generate_prompt
from .escalate import next_tier

WORTH_KEEPING = 40  # characters of a reply that broke off
GONE: frozenset[Fault] = frozenset({"unreachable", "timeout", "error"})  # no server, not pulled, too large to load


class Slice(Looking):
    messages: list[AnyMessage]
    question: str
    kind: Kind
    found: list[Found]
    attempt: int
    rejected: list[str]
    asking_tier: Tier | str
    spent: Spending
    budget: Spending
    down: list[Tier]


async def generate(
    state: Slice, *, models: Models, reader: EvidenceReader, read: int, writer: StreamWriter
) -> dict[str, Any]:
    withdraw(writer, state["attempt"])
    tier = _tier(state, models)
    if tier is None or is_exhausted(state["spent"], state["budget"]):
        return without_model(state, is_open=tier is not None)
    attempt = state["attempt"] + 1
    evidence = await reader.read(in_reading_order(state["found"])[:read], state)
    shown = ShownDraft(writer, attempt)
    tier, written = await _write_or_lower(state, models, tier, evidence, shown.add)
    text, away = usable(written.reply), _never_there(written.reply, state)
    caveats: list[Caveat] = ["context_truncated"] if written.is_truncated else []
    caveats += ["model_failed"] if written.reply.fault and not away else []
    update = {"spent": written.spent, "down": written.down, "attempt": attempt, "asking_tier": tier, "caveats": caveats}
    shown.settle(written.reply.text if text else "")
    if not text:
        return {**update, "draft": "", "outcome": "no_model" if away else "failed"}
    kind: DraftKind = "direct" if state["kind"] == "direct" else "model"
    return {**update, "draft": text, "draft_kind": kind, "outcome": "drafted"}


@dataclass(frozen=True, slots=True)
class Written:
    reply: Reply
    spent: Spending
    down: list[Tier]
    is_truncated: bool


async def _write_or_lower(
    state: Slice, models: Models, tier: Tier, evidence: Sequence[Evidence], on_token: Callable[[str], None]
) -> tuple[Tier, Written]:
    """Where nobody turns out to be there, and no tier is above: a smaller model rather than none."""
    written = await _write(state, models, tier, evidence, on_token)
    spent, down = add_spending(state["spent"], written.spent), [*state["down"], tier]
    lower = open_tier(models, "classify", down)
    is_gone = written.reply.fault in GONE and not written.reply.text
    if not is_gone or next_tier(models, tier, down) or lower is None or is_exhausted(spent, state["budget"]):
        return tier, written
    later: Slice = {**state, "spent": spent, "down": down}
    again = await _write(later, models, lower, evidence, on_token)
    return lower, replace(again, spent=add_spending(written.spent, again.spent), down=[tier, *again.down])


async def _write(
    state: Slice, models: Models, tier: Tier, evidence: Sequence[Evidence], on_token: Callable[[str], None]
) -> Written:
    """Where the server counts more tokens than we did, once more with a third of the evidence."""
    means: Means = {"spent": state["spent"], "budget": state["budget"], "down": state["down"]}
    prompt, is_truncated = _prompt(state, models, tier, evidence)
    written = Written(*await draft(models, "generate", prompt, tier, means, on_token), is_truncated)
    fewer = evidence[: len(evidence) // 3]
    if written.reply.fault != "too_long" or not fewer:
        return written
    prompt, _ = _prompt(state, models, tier, fewer)
    means["spent"] = add_spending(means["spent"], written.spent)
    again = Written(*await draft(models, "generate", prompt, tier, means, on_token), True)
    return replace(again, spent=add_spending(written.spent, again.spent))


def without_model(state: Slice, *, is_open: bool) -> dict[str, Any]:
    """Nobody to ask, or nothing left to ask with."""
    if is_open:
        return {"draft": "", "outcome": "failed", "caveats": ["budget_exhausted"]}
    was_there = state["spent"]["tokens"] > 0
    caveats: list[Caveat] = ["model_failed"] if was_there else []
    return {"draft": "", "outcome": "failed" if was_there else "no_model", "caveats": caveats}


def usable(reply: Reply) -> str:
    """The whole reply, or of one that broke off what stands up to its last full sentence."""
    text = reply.text.strip()
    if not reply.fault:
        return text
    end = max(text.rfind(mark) for mark in (". ", ".\n", "]", "!", "?"))
    kept = text[: end + 1].strip()
    return kept if len(kept) >= WORTH_KEEPING else ""


def _tier(state: Slice, models: Models) -> Tier | None:
    """The tier that an escalation chose, the role's own, or a lower one rather than none."""
    chosen = [tier for tier in models.tiers("generate") if tier == state["asking_tier"] and tier not in state["down"]]
    if chosen:
        return chosen[0]
    return open_tier(models, "generate", state["down"]) or open_tier(models, "classify", state["down"])


def _prompt(state: Slice, models: Models, tier: Tier, evidence: Sequence[Evidence]) -> tuple[list[Message], bool]:
    if state["kind"] == "direct":
        return direct_prompt(state["question"], conversation=transcript(state["messages"])), False
    render = partial(generate_prompt, state["question"], rejected=state["rejected"])
    fitted = fit(models, "generate", tier, evidence, render)
    return fitted.prompt, fitted.is_truncated


def _never_there(reply: Reply, state: Slice) -> bool:
    return reply.fault == "unreachable" and not reply.text and state["spent"]["tokens"] == 0
