"""Frozen values and the Protocols that cross floors.

Nothing here imports another floor, LangChain or anything slow: `hydragraph search` loads this module on its cold path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar, get_args

if TYPE_CHECKING:
    import numpy as np
    from pydantic import BaseModel

# --- the corpus --------------------------------------------------------------------------------------------------

Language = Literal[
    "python", "javascript", "typescript", "go", "rust", "java", "c", "cpp",
    "markdown", "rst", "html", "pdf", "notebook", "text",
]  # fmt: skip
ReferenceKind = Literal["defines", "calls", "imports", "inherits", "links", "mentions"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of one file, the unit that is indexed, retrieved and cited.

    `text` is the span as stored (lines `start_line`..`end_line`, both inclusive and 1-based); `header` says in one or
    two short lines where it stands and is embedded before it. `place` is the page of a PDF or the cell of a notebook,
    whose lines count the extracted text. `hash` is the SHA-256 (hex) of the span's UTF-8 bytes.
    """

    path: str
    start_line: int
    end_line: int
    text: str
    header: str
    language: Language
    symbol: str = ""
    place: str = ""

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def embedded_text(self) -> str:
        """What is embedded of a chunk, and what its words are for BM25."""
        return f"{self.header}\n{self.text}"

    @property
    def content_key(self) -> bytes:
        """With the embedder's stamp, the key of its vector: a moved file has other headers and so other vectors."""
        return hashlib.sha256(f"{self.header}\x00{self.text}".encode("utf-8", "surrogatepass")).digest()[:16]

    @property
    def id(self) -> str:
        return chunk_id(self.path, self.start_line, self.hash)


def chunk_id(path: str, start_line: int, text_hash: str) -> str:
    """The id of a chunk: the first 32 hex digits (a UUID's worth) of SHA-256 over path, start line and hash."""
    key = f"{path}\x00{start_line}\x00{text_hash}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(key).hexdigest()[:32]


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """Something that a chunk says by name: what it defines, calls, imports, inherits, links to or mentions.

    References are stored as they stand in the text; the edges of the graph are derived from those present.
    `name` is a symbol (`pkg.Class.method` for defines, as written for the others), a path or a title.
    """

    chunk_id: str
    kind: ReferenceKind
    name: str


# --- search ------------------------------------------------------------------------------------------------------

LegName = str
LEGS: tuple[LegName, ...] = ("dense", "bm25", "graph")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one leg put a hit: rank from 1, and the leg's own score."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One place in the ranked list."""

    chunk_id: str
    path: str
    start_line: int
    end_line: int
    symbol: str
    score: float
    legs: Mapping[LegName, Placement]
    place: str = ""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A ranked list, best first, and how far it can be trusted.

    `absent` names the legs that had nothing to say (no edges, no vectors yet): they took no part in the fusion.
    `dense_ready` is the share (0..1) of chunks whose dense vector is there; `changed_files` counts the files that
    differ from the index (None where it was not looked at). `dense_by_class` is the share of each class (source,
    documentation, tests, other) that a hit is of and that is not embedded whole.
    """

    hits: tuple[Hit, ...]
    absent: tuple[LegName, ...] = ()
    dense_ready: float = 1.0
    changed_files: int | None = None
    dense_by_class: Mapping[str, float] = field(default_factory=dict)


class Embedder(Protocol):
    """Texts to unit vectors. Texts over `max_tokens` are cut by the model, so callers count first."""

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the model's special tokens included, without truncation."""
        ...

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """float32 of shape (len(texts), dimension), rows of length 1. CPU-bound: call it off the event loop."""
        ...


class Searcher(Protocol):
    """One ranked list over one collection: local (owner of the folder) or remote."""

    @property
    def collection(self) -> str: ...
    async def search(self, query: str, *, limit: int = 10) -> SearchResult: ...
    async def evidence(self, chunk_ids: Sequence[str]) -> list[Evidence]:
        """Text and source of each chunk that is still there, in the order asked for; `Evidence.id` is the chunk id."""
        ...

    async def known_words(self, words: Sequence[str]) -> frozenset[str]:
        """Those of the words that the collection has anywhere, in whatever inflection."""
        ...


# --- evidence and citations --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileSpan:
    """A span of a file: `path:Lstart-Lend@hash`."""

    path: str
    start: int
    end: int
    hash: str
    place: str = ""

    def __str__(self) -> str:
        lines = f"{self.path}:L{self.start}-L{self.end}"
        return f"{lines} ({self.place})" if self.place else lines


@dataclass(frozen=True, slots=True)
class Foreign:
    """Evidence that a host's own retriever or a web search brought: a URL, a title, an id."""

    source: str

    def __str__(self) -> str:
        return self.source


Source = FileSpan | Foreign


@dataclass(frozen=True, slots=True)
class Evidence:
    """A text that an answer may cite. `id` is opaque: `E` + the shortest unique prefix of the content or chunk id."""

    id: str
    text: str
    source: Source
    title: str = ""
    score: float = 0.0


class EvidenceStore(Protocol):
    """Texts by evidence key, outside the checkpointed state."""

    async def put(self, items: Sequence[Evidence]) -> None: ...
    async def get(self, ids: Sequence[str]) -> list[Evidence]:
        """Those that are there, in the order asked for; what is not there is left out."""
        ...


@dataclass(frozen=True, slots=True)
class Citation:
    """A cited span with the words of it that carry the claim. `stale` says that the file changed since the index."""

    id: str
    path: str
    start_line: int
    end_line: int
    hash: str
    quote: str
    place: str = ""
    stale: bool = False


# --- models ------------------------------------------------------------------------------------------------------

Role = Literal["classify", "decompose", "grade", "rewrite", "generate", "reflect", "code", "vision", "embed", "rerank"]
Tier = Literal["local_fast", "local_quality", "api"]
TIERS: tuple[Tier, ...] = get_args(Tier)
Fault = Literal[
    "unreachable",  # no server, connection lost before the first token
    "timeout",
    "rate_limited",
    "too_long",  # the prompt does not fit the context, said before or refused by the server
    "cut_off",  # done_reason length
    "incomplete",  # the stream ended without its last message
    "empty",  # nothing, or only thoughts
    "malformed",  # a structured reply that no step of the cascade could read
    "refused",  # the budget said no
    "error",  # any other answer of the provider: unknown model, 500, ...
]
MessageRole = Literal["system", "user", "assistant"]
MODEL = TypeVar("MODEL", bound="BaseModel")


@dataclass(frozen=True, slots=True)
class Message:
    role: MessageRole
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call cost. Seconds are wall time; usd is 0 for local tiers."""

    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said. With a `fault`, `text` is what had come until then (perhaps nothing) and `detail` says why."""

    text: str
    tier: Tier | None
    usage: Usage = Usage()
    fault: Fault | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Structured(Generic[MODEL]):
    """A validated reply, or None with the fault."""

    value: MODEL | None
    reply: Reply


class Models(Protocol):
    """Every call to a model. A failed call is a value (Reply.fault), never an exception; cancellation propagates."""

    def tiers(self, role: Role) -> tuple[Tier, ...]:
        """The configured tiers for a role from its default upwards; empty where no model is configured."""
        ...

    def prompt_limit(self, role: Role, tier: Tier | None = None) -> int:
        """How many prompt tokens fit beside the reply (num_ctx less the reply's share)."""
        ...

    def count_tokens(self, text: str) -> int:
        """An upper estimate that never undercounts by more than the reserve of prompt_limit."""
        ...

    async def complete(
        self,
        role: Role,
        messages: Sequence[Message],
        *,
        tier: Tier | None = None,
        on_token: Callable[[str], None] | None = None,
    ) -> Reply:
        """Free text from the role's tier (or `tier`), streamed to `on_token` without thoughts."""
        ...

    async def structured(
        self, role: Role, messages: Sequence[Message], schema: type[MODEL], *, tier: Tier | None = None
    ) -> Structured[MODEL]:
        """A reply that validates as `schema`: json_schema, JSON mode, tolerant parser, one repair turn."""
        ...


# --- budgets and answers -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that one run may spend. `steps` counts model-backed steps and retrievals."""

    usd: float = 0.0
    tokens: int = 60_000
    seconds: float = 300.0
    steps: int = 24


@dataclass(frozen=True, slots=True)
class Spent:
    usd: float = 0.0
    tokens: int = 0
    seconds: float = 0.0
    steps: int = 0


Status = Literal["answered", "partial", "extractive", "abstained", "failed"]
Caveat = Literal[
    "no_model",  # no model was reachable: quotes only
    "model_failed",  # a model failed in mid-run; what is here is from before, or quotes
    "unsupported_removed",  # sentences that did not stand in the cited spans were removed
    "weakly_supported",  # part of the answer could not be verified and is marked
    "budget_exhausted",
    "dense_not_ready",  # dense vectors are still being made
    "source_changed",  # a cited file changed since the index
    "not_in_corpus",
    "context_truncated",  # evidence was left out so that the prompt fits
    "degraded",  # a deterministic path replaced a model's decision
]


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a run. `tried` lists the queries that were searched, `nearest` the misses of an abstention."""

    answer: str
    status: Status
    caveats: tuple[Caveat, ...] = ()
    citations: tuple[Citation, ...] = ()
    spent: Spent = field(default_factory=Spent)
    tier: Tier | Literal["extractive", "none"] = "none"
    tried: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()


class WebSearch(Protocol):
    """A search of the web, allowed by the person per collection or run."""

    async def search(self, query: str, *, limit: int = 5) -> list[Evidence]: ...
