"""Which machines may see what is indexed: models see the text, store servers see vectors and names."""

from __future__ import annotations

from ipaddress import ip_address

from ..settings import Settings
from ..settings.urls import host_of

HERE = "this machine"


def readers_of_text(settings: Settings) -> str:
    """Which machines may see the text of the collection, in one line."""
    hosts: dict[str, list[str]] = {}
    for tier in settings.tiers.named().values():
        if tier.model:
            hosts.setdefault(machine_of(tier.base_url or settings.ollama.base_url), []).append(tier.model)
    models = {host: f"{host} ({', '.join(dict.fromkeys(names))})" for host, names in hosts.items()}
    shown = models or {"": f"{HERE} (no model is configured)"}
    others = [] if not models or HERE in models else [HERE]
    web = "; web search sees the questions" if settings.web.enabled else ""
    return f"The text may be seen by: {', '.join([*others, *shown.values()])}{_stores(settings)}{web}"


def machine_of(url: str) -> str:
    """The host of a URL, or "this machine"."""
    return _named(host_of(url))


def _named(host: str) -> str:
    if host == "localhost":
        return HERE
    try:
        return HERE if ip_address(host).is_loopback else host
    except ValueError:
        return host


def _stores(settings: Settings) -> str:
    """What the engines of the collection keep on other machines."""
    from ..retrieval.stores.collection import Collection
    from ..retrieval.stores.engines import Engines, hosts

    database = Collection(settings.home, settings.collection).database
    kept = {what: _named(host) for what, host in hosts(Engines.of(settings), database).items()}
    return "".join(f"; its {what} are kept on {host}" for what, host in kept.items() if host != HERE)
