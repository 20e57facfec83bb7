"""Checks of the models: whether the server answers, has the model, and whether the context fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ...settings import Api, Settings, TierConfig
from ...settings.urls import hide_secrets
from .check import Check

if TYPE_CHECKING:
    import httpx

SECONDS = 3.0
RESTART = "restart it; its own log has the cause; until then answers are quotes"


@dataclass(frozen=True, slots=True)
class ServerChecks:
    """How a server of one protocol is checked, and how to repair each fault. `{0}` is the tier's name."""

    server: str
    look: Callable[[httpx.Client, Tier], Check]
    start: str
    root: str
    account: str
    busy: str


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier to check: its name and values in the settings, and the address of its server."""

    name: str
    config: TierConfig
    url: str

    @property
    def part(self) -> str:
        return f"tier {self.name}"

    @property
    def where(self) -> str:
        return f"{self.config.model} at {hide_secrets(self.url)}"

    def key(self, field: str) -> str:
        return f"tiers.{self.name}.{field}"


def check_models(settings: Settings) -> list[Check]:
    """One check a tier, at the same time: a server that hangs costs its time-out once."""
    configs = settings.tiers.named()
    if not any(config.model for config in configs.values()):
        return [Check("models", "warning", "no tier has a model: answers are quotes", "name models under `tiers`")]
    tiers = [
        Tier(name, config, (config.base_url or settings.ollama.base_url).rstrip("/"))
        for name, config in configs.items()
    ]
    with ThreadPoolExecutor(len(tiers)) as pool:
        return list(pool.map(_check_tier, tiers))


def _check_tier(tier: Tier) -> Check:
    import httpx

    config, checks = tier.config, SERVERS[tier.config.api]
    if not config.model:
        return Check(tier.part, "ok", "turned off")
    if config.api == "openai" and find_spec("langchain_openai") is None:
        from ...models.clients.openai import EXTRA

        return Check(tier.part, "broken", "api is openai, and that extra is not installed", EXTRA)
    headers = {"authorization": f"Bearer {config.api_key}"} if config.api_key else {}
    try:
        trusted = httpx.create_ssl_context()  # without the proxies of the environment, as the models are asked
        options: dict[str, Any] = {"timeout": SECONDS, "trust_env": False, "verify": trusted, "headers": headers}
        with httpx.Client(base_url=tier.url, **options) as client:
            return checks.look(client, tier)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        found, mend = _trouble(error, checks)
        shown = hide_secrets(f"{tier.where}: {found}", config.api_key)
        return Check(tier.part, "warning", shown, mend.format(tier.name))


def _trouble(error: Exception, checks: ServerChecks) -> tuple[str, str]:
    """The fault of a server, and how to repair it."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        status, said = error.response.status_code, " ".join(error.response.text.split())[:200]
        mends = {401: checks.account, 403: checks.account, 404: checks.root, 405: checks.root}
        mends |= dict.fromkeys((429, 503), checks.busy)
        return f"answered with an error ({status} {said})", mends.get(status, RESTART)
    if isinstance(error, ValueError):
        return f"what answers there is not {checks.server}", checks.root
    said = hide_secrets(str(error)) or type(error).__name__
    if isinstance(error, httpx.ReadTimeout):
        return f"took the request and said nothing for {SECONDS:g} s", RESTART
    return f"no answer from {checks.server} ({said})", checks.start


def _look_at_ollama(client: httpx.Client, tier: Tier) -> Check:
    model, part, where = tier.config.model, tier.part, tier.where
    answer = client.post("/api/show", json={"model": model})
    if answer.status_code == 404 and "model" in answer.text:
        models = _object(client.get("/api/tags")).get("models") or []
        pulled = ", ".join(listed["name"] for listed in models) or "none"
        other = f"name one that is there as {tier.key('model')}"
        return Check(part, "warning", f"{where}: not pulled (there: {pulled})", f"ollama pull {model}, or {other}")
    described = _object(answer)
    check = _check_context(tier, _context_length(described))
    if check.health == "ok" and tier.config.think and "thinking" not in described.get("capabilities", ()):
        return Check(part, "warning", f"{where}: think is true, and the model cannot", "leave `think` empty")
    return check


def _look_at_openai(client: httpx.Client, tier: Tier) -> Check:
    listed = _object(client.get("/models")).get("data")
    if not isinstance(listed, list):
        raise ValueError("expected a list of models")
    models = {str(entry.get("id")): entry for entry in listed if isinstance(entry, dict)}
    name = tier.config.model
    model = models.get(name) or models.get(f"{name}:latest")  # Ollama's /v1 wants no tag, and lists it
    if model is None:
        other = f"name one that is there as {tier.key('model')}"
        there = ", ".join(models) or "none"
        return Check(tier.part, "warning", f"{tier.where}: not there (there: {there})", f"load it there, or {other}")
    return _check_context(tier, _served_context(model))


def _check_context(tier: Tier, most: int | None) -> Check:
    num_ctx = tier.config.num_ctx
    if most is not None and num_ctx > most:
        found = f"{tier.where}: num_ctx {num_ctx:,} is more than the model's {most:,}"
        mend = f"set {tier.key('num_ctx')} to {most} or less"
        more = ", or start the server with more" if tier.config.api == "openai" else ""
        return Check(tier.part, "warning", found, mend + more)
    known = "" if most is None else f" of {most:,}"
    return Check(tier.part, "ok", f"{tier.where}, context {num_ctx:,}{known} tokens")


def _object(answer: httpx.Response) -> dict[str, Any]:
    """The server's response as an object; ValueError where it is something else."""
    described = answer.raise_for_status().json()
    if not isinstance(described, dict):
        raise ValueError(f"expected an object, got {type(described).__name__}")
    return described


def _context_length(described: Mapping[str, Any]) -> int | None:
    lengths = [value for key, value in described.get("model_info", {}).items() if key.endswith(".context_length")]
    return int(lengths[0]) if lengths else None


def _served_context(model: Mapping[str, Any]) -> int | None:
    """As vLLM or llama-server say it; other servers do not."""
    meta = model.get("meta") or {}
    most = model.get("max_model_len") or meta.get("n_ctx")
    return most if isinstance(most, int) else None


SERVERS: Mapping[Api, ServerChecks] = {
    "ollama": ServerChecks(
        server="Ollama",
        look=_look_at_ollama,
        start="start it (`ollama serve`), or set ollama.base_url; until then answers are quotes",
        root="set ollama.base_url to Ollama's own address, such as http://127.0.0.1:11434 (without /v1)",
        account="put the user and the password of the proxy into ollama.base_url: http://user:password@host",
        busy="ask again later, or raise OLLAMA_MAX_QUEUE",
    ),
    "openai": ServerChecks(
        server="a server that speaks OpenAI's protocol",
        look=_look_at_openai,
        start="start it, or set tiers.{0}.base_url; until then answers are quotes",
        root="set tiers.{0}.base_url to the root of its API, such as http://127.0.0.1:8080/v1",
        account="set tiers.{0}.api_key to the key that the server was started with",
        busy="it is loading its model or has too much to do: ask again later",
    ),
}
