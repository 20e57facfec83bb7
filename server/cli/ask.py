"""`hydragraph ask`: the nodes while they work, then the verified answer, which is never withdrawn."""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING

from ...domain import Budget, Caveat, Status
from ...errors import HydragraphError, UsageError
from ...graphs.hosting.from_settings import open_services
from ...settings import Settings
from ..events import Event, Json, stream_events
from ..readers import readers_of_text
from ..run_factory import Machine, require_chunks
from .arguments import settings_for_reading
from .options import NAME, add_json, add_name, text
from .terminal import clean, clean_line, err, out, plural, shown_path

if TYPE_CHECKING:
    from ...models.clients.call_log import ModelCall

EXIT_CODES: dict[Status, int] = {"answered": 0, "partial": 0, "extractive": 0, "abstained": 3, "failed": 1}
CAVEATS: dict[Caveat, str] = {
    "no_model": "no model was reachable: these are quotes (`hydragraph doctor` says how to get one)",
    "model_failed": "a model failed on the way",
    "unsupported_removed": "what a model wrote that does not stand in the cited places was removed",
    "weakly_supported": "part of this could not be verified and is marked",
    "budget_exhausted": "the budget ran out",
    "dense_not_ready": "dense vectors are missing: `hydragraph index` adds them, unless the embedder is none",
    "source_changed": "a cited file changed since the index",
    "not_in_corpus": "not in the corpus",
    "context_truncated": "some of what was found did not fit into the model's context",
    "degraded": "a rule decided where a model could not",
}

EXAMPLE = """\
  hydragraph ask "How does flask sign its session cookie?"
  hydragraph ask "And where is the key set?" --thread cookies

Without a reachable model the answer quotes the best places. The first line says which machines may see the text."""
SETTINGS = {**NAME, **{f"budget_{bound.name}": f"budget.{bound.name}" for bound in fields(Budget)}}
UNITS = {"usd": "dollars"}  # the others are called as their bound is


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("question", metavar="QUESTION", type=text)
    add_name(parser)
    thread = "continue a conversation of this name, or begin it"
    parser.add_argument("--thread", metavar="NAME", type=text, help=thread)
    add_json(parser, "one object")
    for bound in fields(Budget):
        kind, unit = type(bound.default), UNITS.get(bound.name, bound.name)
        parser.add_argument(f"--budget-{bound.name}", type=kind, metavar="N", help=f"at most so many {unit}")


def run(arguments: Namespace) -> int:
    if not arguments.question.strip():
        raise UsageError("expected a question, got an empty one")
    if arguments.thread is not None and not 0 < len(arguments.thread.strip()) <= 100:
        raise UsageError("--thread: expected a name of 1 to 100 characters")
    settings = settings_for_reading(arguments)
    require_chunks(settings.home, settings.collection)
    (err if arguments.json else out)(clean_line(readers_of_text(settings)))
    answer = asyncio.run(_answer(settings, arguments.question, arguments.thread))
    if arguments.json:
        out(json.dumps(answer, indent=2))
    else:
        out(shown(answer))
    return EXIT_CODES[answer["status"]]


async def _answer(settings: Settings, question: str, thread: str | None) -> Json:
    answer: Json | None = None
    async with _machine(settings, thread) as machine:
        run = await asyncio.to_thread(machine.open, [("user", question)], thread=thread)
        async with aclosing(stream_events(run)) as events:
            async for event in events:
                _show_progress(event)
                answer = event.data if event.name == "done" else answer
    if answer is None:
        raise HydragraphError("the run ended without an answer")
    return answer


@asynccontextmanager
async def _machine(settings: Settings, thread: str | None) -> AsyncIterator[Machine]:
    """A machine for one run, with the threads open only where there is one."""
    async with AsyncExitStack() as stack:
        saver = None
        if thread is not None:
            from ...graphs.threads.saver import open_threads

            saver = await stack.enter_async_context(open_threads(settings.home))
        machine = Machine(settings, saver=saver, services=partial(open_services, settings, on_call=Calls().show))
        stack.push_async_callback(machine.close)
        yield machine


def _show_progress(event: Event) -> None:
    if event.name == "node" and event.data["state"] == "started":
        err(f"  {clean_line(event.data['node'])}")
    elif event.name == "evidence":
        err(f"    {plural(len(event.data.get('items', ())), 'place')}")
    elif event.name == "discard":
        err("    draft withdrawn")


class Calls:
    """Shows each request to a model below its node, and each fault in full the first time."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def show(self, call: ModelCall) -> None:
        usage, fault, detail = call.reply.usage, call.reply.fault, call.reply.detail
        tokens = f"{usage.prompt_tokens:,} + {plural(usage.completion_tokens, 'token')}"
        came = f"{tokens} · {usage.seconds:.1f} s"
        if fault:
            came = f"{fault} (as before)" if detail in self._told else f"{fault}: {detail}"
            self._told.add(detail)
        err(clean_line(f"    {call.tier} {usage.model} · {call.constraint} · {came}"))


def shown(answer: Json) -> str:
    parts = [clean(_with_short_paths(answer)).strip()]
    if answer["citations"]:
        has_quotes = answer["status"] == "extractive"  # in its text already
        cited = [_citation(citation, quoted=not has_quotes) for citation in answer["citations"]]
        parts.append("\n".join(dict.fromkeys(cited)))
    parts.append(
        "\n".join([*(f"Note: {CAVEATS.get(name, name)}." for name in answer["caveats"]), closing_line(answer)])
    )
    return "\n" + "\n\n".join(parts)


def _with_short_paths(answer: Json) -> str:
    """The nearest misses in the form of citations: relative to the current folder, one a line."""
    text: str = answer["answer"]
    for place in answer["nearest"]:
        text = text.replace(f"\n- {place}", f"\n- {shown_path(place)}")
    return text


def _citation(citation: Json, *, quoted: bool) -> str:
    lines = f":L{citation['start_line']}-L{citation['end_line']}" if citation["start_line"] else ""
    place = f" ({clean_line(citation['place'])})" if citation.get("place") else ""
    stale = " (changed since the index)" if citation.get("stale") else ""
    quote = "".join(f"\n    | {line}" for line in clean(citation["quote"]).split("\n")) if quoted else ""
    return f"[{citation['id']}] {shown_path(citation['path'])}{lines}{place}{stale}{quote}"


def closing_line(answer: Json) -> str:
    spent = answer["spent"]
    cost = f"${spent['usd']:.4f}" if spent["usd"] else "$0"
    seconds = f"{spent['seconds']:.1f} s"
    return f"{answer['status']} · tier {answer['tier']} · {plural(spent['tokens'], 'token')} · {cost} · {seconds}"
