"""The doctor's look at the models: is the server there, does it have the model, does the context fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, get_args

from ...settings import Settings, SettingsApi, SettingsTier, TierSettings
from ...settings.urls import hide_secrets
from .checks import Check

if TYPE_CHECKING:
    import httpx

SECONDS = 3.0
RESTART = "restart it; its own log has the cause; until then answers are quotes"


@dataclass(frozen=True, slots=True)
class Api:
    """How a server is looked at, and how to mend what is wrong with one."""

    server: str
    look: Callable[[httpx.Client, str, str, TierSettings], Check]
    start: str
    root: str
    account: str
    busy: str


def check_models(settings: Settings) -> list[Check]:
    """One check a tier, at the same time: a server that hangs costs its time-out once."""
    tiers: list[tuple[str, TierSettings]] = [(name, getattr(settings.tiers, name)) for name in get_args(SettingsTier)]
    if not any(tier.model for _, tier in tiers):
        return [Check("models", "warning", "no tier has a model: answers are quotes", "name models under `tiers`")]
    with ThreadPoolExecutor(len(tiers)) as pool:
        found = pool.map(lambda item: _check_tier(item[0], item[1], settings.ollama.base_url), tiers)
        return list(found)


def _check_tier(name: str, tier: TierSettings, fallback: str) -> Check:
    import httpx

    url, part, api = (tier.base_url or fallback).rstrip("/"), f"tier {name}", APIS[tier.api]
    if not tier.model:
        return Check(part, "ok", "turned off")
    if tier.api == "openai" and find_spec("langchain_openai") is None:
        from ...models.clients.openai import EXTRA

        return Check(part, "broken", "api is openai, and that extra is not installed", EXTRA)
    where = f"{tier.model} at {hide_secrets(url)}"
    headers = {"authorization": f"Bearer {tier.api_key}"} if tier.api_key else {}
    try:
        trusted = httpx.create_ssl_context()
        # the models are asked without the proxies of the environment too
        with httpx.Client(base_url=url, timeout=SECONDS, trust_env=False, verify=trusted, headers=headers) as client:
            return api.look(client, part, where, tier)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        found, mend = _trouble(error, api)
        return Check(part, "warning", hide_secrets(f"{where}: {found}", tier.api_key), mend.format(part[5:]))


def _trouble(error: Exception, api: Api) -> tuple[str, str]:
    """What is wrong with a server, and how to mend it."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        status, said = error.response.status_code, " ".join(error.response.text.split())[:200]
        mends = {401: api.account, 403: api.account, 404: api.root, 405: api.root, 429: api.busy, 503: api.busy}
        return f"answered with an error ({status} {said})", mends.get(status, RESTART)
    if isinstance(error, ValueError):
        return f"what answers there is not {api.server}", api.root
    said = hide_secrets(str(error)) or type(error).__name__
    if isinstance(error, httpx.ReadTimeout):
        return f"took the request and said nothing for {SECONDS:g} s", RESTART
    return f"no answer from {api.server} ({said})", api.start


def _look_at_ollama(client: httpx.Client, part: str, where: str, tier: TierSettings) -> Check:
    answer = client.post("/api/show", json={"model": tier.model})
    if answer.status_code == 404 and "model" in answer.text:
        models = _object(client.get("/api/tags")).get("models") or []
        pulled = ", ".join(model["name"] for model in models) or "none"
        other = f"name one that is there as tiers.{part.removeprefix('tier ')}.model"
        return Check(part, "warning", f"{where}: not pulled (there: {pulled})", f"ollama pull {tier.model}, or {other}")
    described = _object(answer)
    check = _check_context(part, where, tier, _context_length(described))
    if check.health == "ok" and tier.think and "thinking" not in described.get("capabilities", ()):
        return Check(part, "warning", f"{where}: think is true, and the model cannot", "leave `think` empty")
    return check


def _look_at_openai(client: httpx.Client, part: str, where: str, tier: TierSettings) -> Check:
    listed = _object(client.get("/models")).get("data")
    if not isinstance(listed, list):
        raise ValueError("expected a list of models")
    models = {str(entry.get("id")): entry for entry in listed if isinstance(entry, dict)}
    model = models.get(tier.model) or models.get(f"{tier.model}:latest")  # Ollama's /v1 wants no tag, and lists it
    if model is None:
        other = f"name one that is there as tiers.{part.removeprefix('tier ')}.model"
        there = ", ".join(models) or "none"
        return Check(part, "warning", f"{where}: not there (there: {there})", f"load it there, or {other}")
    return _check_context(part, where, tier, _served_context(model))


def _check_context(part: str, where: str, tier: TierSettings, most: int | None) -> Check:
    if most is not None and tier.num_ctx > most:
        found = f"{where}: num_ctx {tier.num_ctx:,} is more than the model's {most:,}"
        mend = f"set tiers.{part.removeprefix('tier ')}.num_ctx to {most} or less"
        more = ", or start the server with more" if tier.api == "openai" else ""
        return Check(part, "warning", found, mend + more)
    known = "" if most is None else f" of {most:,}"
    return Check(part, "ok", f"{where}, context {tier.num_ctx:,}{known} tokens")


def _object(answer: httpx.Response) -> dict[str, Any]:
    """What the server says; a ValueError where something else answers."""
    described = answer.raise_for_status().json()
    if not isinstance(described, dict):
        raise ValueError(f"expected an object, got {type(described).__name__}")
    return described


def _context_length(described: Mapping[str, Any]) -> int | None:
    lengths = [value for key, value in described.get("model_info", {}).items() if key.endswith(".context_length")]
    return int(lengths[0]) if lengths else None


def _served_context(model: Mapping[str, Any]) -> int | None:
    """As vLLM says it, or llama-server; other servers do not."""
    meta = model.get("meta") or {}
    most = model.get("max_model_len") or meta.get("n_ctx")
    return most if isinstance(most, int) else None


APIS: Mapping[SettingsApi, Api] = {
    "ollama": Api(
        server="Ollama",
        look=_look_at_ollama,
        start="start it (`ollama serve`), or set ollama.base_url; until then answers are quotes",
        root="set ollama.base_url to Ollama's own address, such as http://127.0.0.1:11434 (without /v1)",
        account="put the user and the password of the proxy into ollama.base_url: http://user:password@host",
        busy="ask again later, or raise OLLAMA_MAX_QUEUE",
    ),
    "openai": Api(
        server="a server that speaks OpenAI's protocol",
        look=_look_at_openai,
        start="start it, or set tiers.{0}.base_url; until then answers are quotes",
        root="set tiers.{0}.base_url to the root of its API, such as http://127.0.0.1:8080/v1",
        account="set tiers.{0}.api_key to the key that the server was started with",
        busy="it is loading its model or has too much to do: ask again later",
    ),
}
