"""The doctor's look at the models: is the server there, is the model pulled, does the context fit."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, get_args

from ..settings import Settings, SettingsTier, TierSettings, hide_secrets
from .checks import Check

if TYPE_CHECKING:
    import httpx

SECONDS = 3.0
START = "start it (`ollama serve`), or set ollama.base_url; until then answers are quotes"
RESTART = "restart it; its own log has the cause; until then answers are quotes"
ROOT = "set ollama.base_url to Ollama's own address, such as http://127.0.0.1:11434 (without /v1)"
ACCOUNT = "put the user and the password of the proxy into ollama.base_url: http://user:password@host"
BUSY = "ask again later, or raise OLLAMA_MAX_QUEUE"


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

    url, part = (tier.base_url or fallback).rstrip("/"), f"tier {name}"
    if not tier.model:
        return Check(part, "ok", "turned off")
    where = f"{tier.model} at {hide_secrets(url)}"
    try:
        trusted = httpx.create_ssl_context()
        # the models are asked without the proxies of the environment too
        with httpx.Client(base_url=url, timeout=SECONDS, trust_env=False, verify=trusted) as client:
            return _check_model(client, part, where, tier)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        found, mend = _trouble(error)
        return Check(part, "warning", f"{where}: {found}", mend)


def _trouble(error: Exception) -> tuple[str, str]:
    """What is wrong with a server, and how to mend it."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        status, said = error.response.status_code, " ".join(error.response.text.split())[:200]
        mends = {401: ACCOUNT, 403: ACCOUNT, 404: ROOT, 405: ROOT, 429: BUSY, 503: BUSY}
        return f"answered with an error ({status} {said})", mends.get(status, RESTART)
    if isinstance(error, ValueError):
        return "what answers there is not Ollama", ROOT
    said = hide_secrets(str(error)) or type(error).__name__
    if isinstance(error, httpx.ReadTimeout):
        return f"took the request and said nothing for {SECONDS:g} s", RESTART
    return f"no answer from Ollama ({said})", START


def _check_model(client: httpx.Client, part: str, where: str, tier: TierSettings) -> Check:
    answer = client.post("/api/show", json={"model": tier.model})
    if answer.status_code == 404 and "model" in answer.text:
        models = _object(client.get("/api/tags")).get("models") or []
        pulled = ", ".join(model["name"] for model in models) or "none"
        other = f"name one that is there as tiers.{part.removeprefix('tier ')}.model"
        return Check(part, "warning", f"{where}: not pulled (there: {pulled})", f"ollama pull {tier.model}, or {other}")
    described = _object(answer)
    most = _context_length(described)
    if most is not None and tier.num_ctx > most:
        found = f"{where}: num_ctx {tier.num_ctx:,} is more than the model's {most:,}"
        return Check(part, "warning", found, f"set tiers.{part.removeprefix('tier ')}.num_ctx to {most} or less")
    if tier.think and "thinking" not in described.get("capabilities", ()):
        return Check(part, "warning", f"{where}: think is true, and the model cannot", "leave `think` empty")
    known = "" if most is None else f" of {most:,}"
    return Check(part, "ok", f"{where}, context {tier.num_ctx:,}{known} tokens")


def _object(answer: httpx.Response) -> dict[str, Any]:
    """What Ollama says; a ValueError where something else answers."""
    described = answer.raise_for_status().json()
    if not isinstance(described, dict):
        raise ValueError(f"expected an object, got {type(described).__name__}")
    return described


def _context_length(described: Mapping[str, Any]) -> int | None:
    lengths = [value for key, value in described.get("model_info", {}).items() if key.endswith(".context_length")]
    return int(lengths[0]) if lengths else None
