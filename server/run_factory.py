"""The RAG machine behind both faces: from settings, a conversation and a budget to a run that is ready to stream."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, cast

from ..domain import Budget
from ..errors import NoIndexError, UsageError
from ..graphs.answers import answer_json, answer_of
from ..graphs.hosting.from_settings import close_services, open_services, rag_settings
from ..settings import Settings
from ..settings.urls import host_of
from .events import Graph, Json, Run

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from ..graphs import RagServices
    from ..models.clients.call_log import OnCall

MAX_QUESTION = 20_000  # characters, as much as a message over HTTP may have
HERE = "this machine"
_SURROGATES = re.compile("[\ud800-\udfff]")


class Machine:
    """Runs over any collection of a home. Services are kept; the index is released by itself when nothing runs.

    `on_call` hears of each request to a model; without it they are logged.
    """

    def __init__(self, settings: Settings, *, on_call: OnCall | None = None) -> None:
        self._settings = settings
        self._on_call = on_call
        self._services: dict[str, RagServices] = {}

    def open(
        self,
        messages: Sequence[tuple[str, str]],
        *,
        collection: str | None = None,
        budget: Budget | None = None,
        thread: str | None = None,
        saver: BaseCheckpointSaver[Any] | None = None,
    ) -> Run:
        """Blocking. Raises UsageError for a question that is too long, NoIndexError where there is nothing to search;
        opens nothing else yet."""
        from ..graphs.rag.machine import build_rag_graph

        said = [(role, _text(content)) for role, content in messages]
        settings = replace(self._settings, collection=collection or self._settings.collection)
        require_chunks(settings)
        name = settings.collection
        if name not in self._services:
            self._services[name] = open_services(settings, on_call=self._on_call)
        bounds = rag_settings(settings)
        graph = build_rag_graph(
            self._services[name], replace(bounds, budget=budget or settings.budget), checkpointer=saver
        )
        config = {"configurable": {"thread_id": f"{name}/{thread}"}} if thread else {}
        return Run(cast("Graph", graph), {"messages": said}, _finished, config)

    async def close(self) -> None:
        for services in self._services.values():
            await close_services(services)


def _text(content: str) -> str:
    """What a shell or a client could not encode (half a surrogate pair) would fail on its way to a model or a file."""
    if len(content) > MAX_QUESTION:
        raise UsageError(
            f"expected a question of at most {MAX_QUESTION:,} characters, got {len(content):,}: index a long text as a "
            "file and ask about it"
        )
    return _SURROGATES.sub("\ufffd", content)


def require_chunks(settings: Settings) -> None:
    """Raise NoIndexError, with the command that mends it, unless the collection has something to search."""
    from ..retrieval.stores.collection import Collection
    from ..retrieval.stores.texts import Store

    collection = Collection(settings.home, settings.collection)
    collection.require()
    with Store(collection.database) as store:
        if not store.counts().chunks:
            raise NoIndexError(
                f"Collection {collection.name!r} is empty. Run `hydragraph index PATH --name {collection.name}` first."
            )


def readers_of_text(settings: Settings) -> str:
    """Which machines may see the text of the collection, in one line."""
    hosts: dict[str, list[str]] = {}
    for tier in settings.tiers.named().values():
        if tier.model:
            hosts.setdefault(_host(tier.base_url or settings.ollama.base_url), []).append(tier.model)
    models = {host: f"{host} ({', '.join(dict.fromkeys(names))})" for host, names in hosts.items()}
    shown = models or {"": f"{HERE} (no model is configured)"}
    others = [] if not models or HERE in models else [HERE]
    web = "; web search sees the questions" if settings.web.enabled else ""
    return f"The text may be seen by: {', '.join([*others, *shown.values()])}{web}"


def _host(url: str) -> str:
    name = host_of(url)
    if name == "localhost":
        return HERE
    try:
        return HERE if ip_address(name).is_loopback else name
    except ValueError:
        return name


def _finished(values: Mapping[str, Any]) -> Json:
    return answer_json(answer_of(values["rag"]))
