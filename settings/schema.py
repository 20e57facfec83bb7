"""What a person may configure: a frozen section for each part of the program, `Settings` as a whole.

Keys are dotted paths of these fields. A field's type says what is taken, its `Meta` the limits and how they are called
where a value does not fit; numbers without limits start at 0. A section whose fields do not fit together raises
ValueError with the name of the field first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from ..domain import Budget, Role, Tier
from .urls import BOLT_URL, HTTP_URL, host_of

OLLAMA_URL = "http://127.0.0.1:11434"
Api = Literal["ollama", "openai"]
LocalTier = Literal["local_fast", "local_quality"]


def _text(form: str, expected: str, **extra: bool) -> Meta:
    return Meta(pattern=rf"^(?:{form})\Z", description=expected, extra=extra)


Url = Annotated[
    str,
    _text(HTTP_URL, "a URL that starts with http:// or https:// and names a host (/ ? # in a password are %2F %3F %23)",
          url=True),
]  # fmt: skip
OptionalUrl = Annotated[str, _text(f"|{HTTP_URL}", "a URL that starts with http:// or https://", url=True)]
BoltUrl = Annotated[
    str,
    _text(f"|{BOLT_URL}", "a URL that starts with neo4j:// or bolt:// (or +s, +ssc), without user and password",
          url=True),
]  # fmt: skip
Key = Annotated[str, _text("[!-~]*", "a text in quotes, of ASCII characters without blanks", secret=True)]
Secret = Annotated[str, Meta(extra={"secret": True})]
Folder = Annotated[str, Meta(description="a path", extra={"path": True})]
CollectionName = Annotated[
    str,
    _text(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        "a collection's name of 1 to 64 letters, digits, '.', '_' or '-' that starts with a letter or digit",
    ),
]
EmbedderName = Annotated[
    str,
    _text(
        r"minilm(?:-int8)?|none|sentence-transformers:\S.*", "minilm, minilm-int8, none or sentence-transformers:NAME"
    ),
]
Seconds = Annotated[float, Meta(ge=0.1)]
Count = Annotated[int, Meta(ge=1)]


def _default_home() -> Path:
    from platformdirs import user_data_path

    return user_data_path("hydragraph", appauthor=False)


# --- models


@dataclass(frozen=True, slots=True)
class OllamaSettings:
    base_url: Url = field(default=OLLAMA_URL, repr=False)


@dataclass(frozen=True, slots=True)
class TierConfig:
    """One model on one server. An empty `model` turns the tier off; no `base_url` means that of Ollama.

    `num_ctx` is fixed: another value would make Ollama load the model again. `api` is the protocol of the server:
    Ollama's, or OpenAI's, which llama-server, vLLM and LM Studio understand and which alone has keys. There `num_ctx`
    must not be more than the context that the server was started with.

    Seconds: `connect` to reach the server, `first_token` for the prompt (and a cold model's load), `inter_token`
    between two pieces of a stream, `total` for the whole call. `think` is asked of the roles that may think; None
    leaves it to the model.
    """

    model: str = ""
    base_url: Url | None = field(default=None, repr=False)
    api: Api = "ollama"
    api_key: Key = field(default="", repr=False)
    num_ctx: Annotated[int, Meta(ge=512)] = 8192
    num_predict: Annotated[int, Meta(ge=16)] = 1024
    temperature: float = 0.0
    connect_timeout: Seconds = 5.0
    first_token_timeout: Seconds = 120.0
    inter_token_timeout: Seconds = 30.0
    total_timeout: Seconds = 300.0
    keep_alive: str = "10m"
    think: bool | None = None

    def __post_init__(self) -> None:
        _check_tier(self)

    @property
    def url(self) -> str:
        return self.base_url or OLLAMA_URL


def _check_tier(tier: TierConfig) -> None:
    """What a host hands over is not checked by type, so what would fail late or leak is refused here."""
    if tier.api not in ("ollama", "openai"):
        raise ValueError(f"api: expected one of ollama, openai, got {tier.api!r}")
    if not all("!" <= letter <= "~" for letter in tier.api_key):  # an error of the header would quote it
        raise ValueError("api_key: expected ASCII characters without blanks, got others")
    if tier.api == "ollama" and tier.api_key:
        raise ValueError(
            "api_key: expected none, because api is ollama, which has no keys, got one; user and password of a proxy "
            "go into base_url (http://user:password@host)"
        )
    if tier.num_predict >= tier.num_ctx:
        raise ValueError(
            f"num_predict: expected less than num_ctx ({tier.num_ctx}), which prompt and reply share, "
            f"got {tier.num_predict}"
        )


@dataclass(frozen=True, slots=True)
class TiersSettings:
    local_fast: TierConfig = TierConfig(model="qwen3:1.7b")
    local_quality: TierConfig = TierConfig(model="qwen3:14b", num_predict=2048, total_timeout=600.0)

    def __post_init__(self) -> None:
        for name, tier in self.named().items():
            if tier.api == "openai" and tier.model and tier.base_url is None:
                raise ValueError(
                    f"{name}.base_url: expected the address of a server that speaks OpenAI's protocol, such as "
                    f"http://127.0.0.1:8080/v1, because {name}.api is openai, got none"
                )

    def named(self) -> dict[LocalTier, TierConfig]:
        return {"local_fast": self.local_fast, "local_quality": self.local_quality}


@dataclass(frozen=True, slots=True)
class RolesSettings:
    """The tier on which each role starts; a run may climb from there."""

    classify: LocalTier = "local_fast"
    grade: LocalTier = "local_fast"
    rewrite: LocalTier = "local_fast"
    decompose: LocalTier = "local_quality"
    generate: LocalTier = "local_quality"
    reflect: LocalTier = "local_quality"
    code: LocalTier = "local_quality"

    def tiers(self) -> dict[Role, Tier]:
        return {
            "classify": self.classify,
            "grade": self.grade,
            "rewrite": self.rewrite,
            "decompose": self.decompose,
            "generate": self.generate,
            "reflect": self.reflect,
            "code": self.code,
        }


# --- retrieval


@dataclass(frozen=True, slots=True)
class IndexSettings:
    max_bytes: Count = 2_000_000
    include_secrets: bool = False
    embed_data: bool = False


@dataclass(frozen=True, slots=True)
class SearchSettings:
    limit: Annotated[int, Meta(ge=1, le=1000)] = 10


@dataclass(frozen=True, slots=True)
class StoresSettings:
    """The engines of a new collection; one that is there keeps those that it records."""

    vectors: Literal["edge", "qdrant"] = "edge"
    graph: Literal["embedded", "neo4j"] = "embedded"


@dataclass(frozen=True, slots=True)
class QdrantConfig:
    """A server by its URL, or the folder of the client's local mode. `timeout` (seconds) bounds each request."""

    url: OptionalUrl = field(default="", repr=False)
    path: Folder = ""
    api_key: Key = field(default="", repr=False)
    timeout: Seconds = 30.0

    def __post_init__(self) -> None:
        if self.url and self.path:
            raise ValueError("path: expected none, because url names a server, got one too")

    @property
    def host(self) -> str:
        """The machine that vectors are sent to; empty where they stay on this one."""
        return host_of(self.url) if self.url else ""


@dataclass(frozen=True, slots=True)
class Neo4jConfig:
    """Where the server is. `timeout` (seconds) bounds a connection, a transaction, and its repetition."""

    url: BoltUrl = field(default="", repr=False)
    user: str = "neo4j"
    password: Secret = field(default="", repr=False)
    database: str = "neo4j"
    timeout: Seconds = 30.0

    @property
    def host(self) -> str:
        """The machine that names are sent to."""
        return host_of(self.url)


# --- tools and server


@dataclass(frozen=True, slots=True)
class WebSettings:
    enabled: bool = False


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`allowed_hosts` are further names that a request's Host header may carry; localhost and `host` always may."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8765
    allowed_hosts: tuple[str, ...] = ()
    max_runs: Count = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a person may configure, as in `hydragraph config`."""

    home: Path = field(default_factory=_default_home)
    collection: CollectionName = "default"
    embedder: EmbedderName = "minilm"
    ollama: OllamaSettings = OllamaSettings()
    tiers: TiersSettings = TiersSettings()
    roles: RolesSettings = RolesSettings()
    budget: Budget = field(default_factory=Budget)
    index: IndexSettings = IndexSettings()
    search: SearchSettings = SearchSettings()
    stores: StoresSettings = StoresSettings()
    qdrant: QdrantConfig = QdrantConfig()
    neo4j: Neo4jConfig = Neo4jConfig()
    web: WebSettings = WebSettings()
    server: ServerSettings = ServerSettings()

    def __post_init__(self) -> None:
        if self.stores.vectors == "qdrant" and not (self.qdrant.url or self.qdrant.path):
            raise ValueError("qdrant.url: expected the server's address, because stores.vectors is qdrant, got none")
        if self.stores.graph == "neo4j" and not self.neo4j.url:
            raise ValueError("neo4j.url: expected the server's address, because stores.graph is neo4j, got none")

    @property
    def model_cache(self) -> Path:
        """Where files made from model weights are kept."""
        return self.home / "models"
