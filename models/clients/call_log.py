"""What happened in each request to a model, for whoever watches: a log, a terminal, later a ledger."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...domain import Reply, Role, Tier

log = logging.getLogger(__name__)

# What constrained the reply: nothing, a JSON schema, or JSON of any shape.
Constraint = Literal["text", "json_schema", "json"]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request. A structured reply may take several: schema, JSON mode, repair."""

    role: Role
    tier: Tier
    constraint: Constraint
    reply: Reply


OnCall = Callable[[ModelCall], None]


def constraint_of(form: Mapping[str, Any] | str | None) -> Constraint:
    """From the `format` of a request."""
    if form is None:
        return "text"
    return "json" if isinstance(form, str) else "json_schema"


def log_call(call: ModelCall) -> None:
    usage, reply = call.reply.usage, call.reply
    said = f" fault={reply.fault} detail={reply.detail}" if reply.fault else ""
    log.info(
        "model_call role=%s tier=%s model=%s constraint=%s prompt_tokens=%d completion_tokens=%d seconds=%.2f%s",
        call.role, call.tier, usage.model, call.constraint,
        usage.prompt_tokens, usage.completion_tokens, usage.seconds, said,
    )  # fmt: skip
