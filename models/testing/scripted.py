"""Models that answer from a script: for tests of machines, in this repository and in a host's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ...domain import MODEL, Fault, Message, Reply, Role, Structured, Tier, Usage
from ..counting import estimate_tokens
from ..replies.parsing import ParseError, parse_reply
from ..replies.thoughts import ThoughtFilter
from ..tiers import DEFAULT_ROLES, DEFAULT_TIERS, tiers_for

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Line:
    """What a model says in one call: its text in pieces of `piece` characters, then perhaps a fault."""

    text: str = ""
    fault: Fault | None = None
    detail: str = ""
    delay: float = 0.0
    piece: int = 5


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked. `schema` is None for free text."""

    role: Role
    tier: Tier
    messages: tuple[Message, ...]
    schema: type[BaseModel] | None = None

    @property
    def prompt(self) -> str:
        return "\n\n".join(message.content for message in self.messages)


Said: TypeAlias = "str | Line | BaseModel"
Speaker: TypeAlias = "Callable[[Call], Said]"
Script: TypeAlias = "Mapping[Role, Said | Speaker | Sequence[Said]] | Speaker"


class ScriptedModels:
    """`Models` from a script: for each role one thing that it always says, a list that it works through, or a function.

    The script may also be one function for all roles. Each `complete` and each `structured` uses one line; a role
    without a line, or whose list is used up, has the fault `error`. A `Line` of a structured call is parsed as a real
    reply would be, so that garbage ends as `malformed`; thoughts are stripped and an empty text is a fault, as in the
    gateway. `calls` holds what was asked.
    """

    def __init__(
        self,
        script: Script,
        *,
        tiers: Sequence[Tier] = ("local_fast", "local_quality"),
        roles: Mapping[Role, Tier] = DEFAULT_ROLES,
        prompt_limit: int = 6_000,
    ) -> None:
        self._script = script
        self._left: dict[Role, list[Said]] = {}
        self._configured = {tier: DEFAULT_TIERS["local_fast"] for tier in tiers}
        self._roles = roles
        self._prompt_limit = prompt_limit
        self.calls: list[Call] = []

    def tiers(self, role: Role) -> tuple[Tier, ...]:
        return tiers_for(role, self._configured, self._roles)

    def prompt_limit(self, role: Role, tier: Tier | None = None) -> int:
        return self._prompt_limit

    def count_tokens(self, text: str) -> int:
        return estimate_tokens(text)

    async def complete(
        self,
        role: Role,
        messages: Sequence[Message],
        *,
        tier: Tier | None = None,
        on_token: Callable[[str], None] | None = None,
    ) -> Reply:
        call = self._called(role, messages, tier, None)
        said = self._next(call) if call else NO_MODEL
        line = said if isinstance(said, Line) else Line(_text(said))
        return await _speak(line, call, on_token or _unheard)

    async def structured(
        self, role: Role, messages: Sequence[Message], schema: type[MODEL], *, tier: Tier | None = None
    ) -> Structured[MODEL]:
        call = self._called(role, messages, tier, schema)
        said = self._next(call) if call else NO_MODEL
        if isinstance(said, schema):
            return Structured(said, await _speak(Line(_text(said)), call, _unheard))
        line = said if isinstance(said, Line) else Line(_text(said))
        reply = await _speak(line, call, _unheard)
        return _parsed(reply, schema)

    def asked(self, role: Role) -> list[Call]:
        """The calls of one role."""
        return [call for call in self.calls if call.role == role]

    def _called(
        self, role: Role, messages: Sequence[Message], tier: Tier | None, schema: type[BaseModel] | None
    ) -> Call | None:
        tiers = self.tiers(role)
        if not tiers:
            return None
        call = Call(role, tier or tiers[0], tuple(messages), schema)
        self.calls.append(call)
        return call

    def _next(self, call: Call) -> Said:
        if not isinstance(self._script, Mapping):
            return self._script(call)
        part = self._script.get(call.role, ())
        if isinstance(part, Sequence) and not isinstance(part, str):
            left = self._left.setdefault(call.role, list(part))
            return left.pop(0) if left else Line(fault="error", detail=f"the script has no line for {call.role}")
        return part(call) if callable(part) else part


NO_MODEL = Line(fault="error", detail="no model is configured for this role")


def _unheard(_token: str) -> None:
    """Tokens that nobody listens to."""


def _text(said: str | BaseModel) -> str:
    return said if isinstance(said, str) else said.model_dump_json()


async def _speak(line: Line, call: Call | None, hear: Callable[[str], None]) -> Reply:
    await asyncio.sleep(line.delay)
    thoughts = ThoughtFilter()
    for start in range(0, len(line.text), line.piece):
        if shown := thoughts.feed(line.text[start : start + line.piece]):
            hear(shown)
    if shown := thoughts.finish():
        hear(shown)
    fault, detail = line.fault, line.detail
    if fault is None and not thoughts.text.strip():
        fault, detail = "empty", "only thoughts" if thoughts.thought else "nothing"
    prompt = estimate_tokens(call.prompt) if call else 0
    usage = Usage("scripted", prompt, estimate_tokens(line.text), line.delay)
    return Reply(thoughts.text, call.tier if call else None, usage, fault, detail)


def _parsed(reply: Reply, schema: type[MODEL]) -> Structured[MODEL]:
    if reply.fault:
        return Structured(None, reply)
    try:
        return Structured(parse_reply(reply.text, schema), reply)
    except ParseError as error:
        return Structured(None, Reply(reply.text, reply.tier, reply.usage, "malformed", str(error)))
