"""The cascade to a structured reply: a schema that the server enforces, JSON mode, and one repair turn.

Each reply goes through the tolerant parser. Only a reply that cannot be read leads to the next step, or a server that
cannot do a form (the last step then stands in the prompt alone); a provider that fails ends the cascade with its fault.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from ...domain import MODEL, Fault, Message, Reply, Structured, Usage
from ..faults import NO_SCHEMA
from .parsing import ParseError, parse_reply

if TYPE_CHECKING:
    from pydantic import BaseModel

Form = Literal["schema", "json", "text"]
Ask = Callable[[Sequence[Message], Form], Awaitable[Reply]]
# Faults that say something about the reply, not about the provider: another form of asking may help.
OF_THE_REPLY: frozenset[Fault] = frozenset({"empty", "cut_off"})
REPEATED = 1_500  # characters of a bad reply that the repair turn shows again


async def structured_reply(
    ask: Ask, messages: Sequence[Message], schema: type[MODEL], forms: Sequence[Form] = ("schema", "json")
) -> Structured[MODEL]:
    """Ask in each form, then once more with the error itself; at most len(forms) + 1 calls."""
    replies: list[Reply] = []
    bad: Reply | None = None
    wrong = ""
    loosest: Form = "json"
    for form in forms:
        asked = list(messages) if form == "schema" else with_schema(messages, schema)
        replies.append(await ask(asked, form))
        if _cannot(replies[-1]):
            loosest = "text" if form == "json" else loosest
            continue
        if _over(replies[-1]):
            return _ended(replies)
        value, wrong = _read(replies[-1], schema)
        if value is not None:
            return _ended(replies, value)
        bad = replies[-1]
    asked = repair(messages, schema, bad.text, wrong) if bad else with_schema(messages, schema)
    replies.append(await ask(asked, loosest))
    if _over(replies[-1]):
        return _ended(replies)
    value, wrong = _read(replies[-1], schema)
    if value is not None:
        return _ended(replies, value)
    last = replies[-1]
    return _ended([*replies[:-1], replace(last, fault=last.fault or "malformed", detail=wrong)])


def with_schema(messages: Sequence[Message], schema: type[BaseModel]) -> list[Message]:
    """The messages, the last one followed by the schema."""
    *before, last = messages
    return [*before, replace(last, content=f"{last.content}\n\n{instruction(schema)}")]


def repair(messages: Sequence[Message], schema: type[BaseModel], bad: str, wrong: str) -> list[Message]:
    """The turn that shows a model its own reply and what is wrong with it."""
    shown = [Message("assistant", bad[:REPEATED])] if bad.strip() else []
    complaint = f"That reply cannot be used:\n{wrong}\n\n{instruction(schema)}"
    return [*messages, *shown, Message("user", complaint)]


def instruction(schema: type[BaseModel]) -> str:
    text = json.dumps(schema.model_json_schema(), ensure_ascii=False, separators=(",", ":"))
    return f"Reply with one JSON object that fits this JSON schema, and with nothing else:\n{text}"


def _cannot(reply: Reply) -> bool:
    """The server cannot do the form."""
    return reply.fault == "error" and NO_SCHEMA.search(reply.detail) is not None


def _over(reply: Reply) -> bool:
    """The provider failed: another form of asking would not help."""
    return reply.fault is not None and reply.fault not in OF_THE_REPLY


def _read(reply: Reply, schema: type[MODEL]) -> tuple[MODEL | None, str]:
    try:
        return parse_reply(reply.text, schema), ""
    except ParseError as error:
        return None, str(error)


def _ended(replies: Sequence[Reply], value: MODEL | None = None) -> Structured[MODEL]:
    """The last reply with what all of them cost. A value that could be read is no failure, whatever came after it."""
    last = replies[-1]
    usage = Usage(
        model=last.usage.model,
        prompt_tokens=sum(reply.usage.prompt_tokens for reply in replies),
        completion_tokens=sum(reply.usage.completion_tokens for reply in replies),
        seconds=sum(reply.usage.seconds for reply in replies),
        usd=sum(reply.usage.usd for reply in replies),
    )
    if value is not None:
        last = replace(last, fault=None, detail="")
    return Structured(value, replace(last, usage=usage))
