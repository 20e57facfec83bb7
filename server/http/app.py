"""The HTTP face: health, and one run as a stream. What can be refused is refused before the stream starts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.exceptions import HTTPException

from ...domain import Budget
from ...errors import EmbedderError, HydragraphError, IndexBusyError, NoIndexError, UsageError
from ..events import Run
from .request_guards import BodyLimit, HostCheck
from .stream import EventStream, Runs

MAX_BODY = 256 * 1024
MAX_TEXT = 20_000
MAX_MESSAGES = 100
SECONDS_BESIDE_THE_BUDGET = 60.0
RETRY_AFTER = {"Retry-After": "5"}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ChatMessage(Strict):
    role: Literal["system", "user", "assistant"]
    content: str = Field(max_length=MAX_TEXT)


class BudgetRequest(Strict):
    """The most that this run may spend: what the server allows, or less."""

    usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    tokens: int | None = Field(default=None, ge=0)
    seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    steps: int | None = Field(default=None, ge=0)

    def within(self, allowed: Budget) -> Budget:
        given = self.model_dump(exclude_none=True)
        above = [
            f"{name}: {value} > {getattr(allowed, name)}"
            for name, value in given.items()
            if value > getattr(allowed, name)
        ]
        if above:
            raise UsageError(f"budget: expected at most what the server allows, got {', '.join(above)}")
        return replace(allowed, **given)


class RunRequest(Strict):
    """Either a question, or the messages of a conversation whose last one asks."""

    question: str | None = Field(default=None, max_length=MAX_TEXT)
    messages: tuple[ChatMessage, ...] = Field(default=(), max_length=MAX_MESSAGES, strict=False)
    collection: str | None = Field(default=None, min_length=1, max_length=200)
    budget: BudgetRequest = BudgetRequest()

    @model_validator(mode="after")
    def asks_something(self) -> RunRequest:
        if (self.question is None) == (not self.messages):
            raise ValueError("expected either question or messages")
        if self.messages and self.messages[-1].role != "user":
            raise ValueError("expected a last message from the user")
        if not self.conversation()[-1].content.strip():
            raise ValueError("expected a question, got an empty text")
        return self

    def conversation(self) -> Sequence[ChatMessage]:
        return self.messages or (ChatMessage(role="user", content=self.question or ""),)


# Makes a run that is ready to stream from a valid request; raises HydragraphError where it cannot.
Opener = Callable[[RunRequest, Budget], Awaitable[Run]]


def create_app(
    open_run: Opener, *, budget: Budget, runs: Runs, hosts: Sequence[str], keep_alive: float | None = None
) -> FastAPI:
    app = FastAPI(title="Hydragraph", version=version("hydragraph"), docs_url=None, redoc_url=None)
    app.add_middleware(BodyLimit, limit=MAX_BODY)
    app.add_middleware(HostCheck, allowed=hosts)
    app.add_exception_handler(HydragraphError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_body)
    app.add_exception_handler(HTTPException, _refuse_http)
    options: dict[str, Any] = {} if keep_alive is None else {"keep_alive": keep_alive}

    @app.get("/health")
    async def health() -> dict[str, object]:
        state = "stopping" if runs.draining else "ok"
        return {"status": state, "version": app.version, "runs": {"active": runs.active, "limit": runs.limit}}

    @app.post("/runs/stream", response_class=EventStream)
    async def stream_run(request: RunRequest) -> EventStream:
        allowed = request.budget.within(budget)
        _check_room(runs)
        run = await open_run(request, allowed)
        try:
            _check_room(runs)
        except HTTPException:
            await run.close()
            raise
        return EventStream(run, runs, seconds=allowed.seconds + SECONDS_BESIDE_THE_BUDGET, **options)

    return app


def _check_room(runs: Runs) -> None:
    if not runs.has_room:
        why = "the server is stopping" if runs.draining else f"{runs.limit} runs are in progress, which is the limit"
        raise HTTPException(503, why, RETRY_AFTER)


def _error(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    # \uXXXX throughout: a message may quote half a surrogate pair
    return JSONResponse(
        {"error": {"type": kind, "message": message.encode("utf-8", "replace").decode()}}, status, headers
    )


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    known: tuple[tuple[type[Exception], int], ...] = (
        (NoIndexError, 404),
        (IndexBusyError, 503),
        (EmbedderError, 503),
        (UsageError, 400),
    )
    status = next((code for kind, code in known if isinstance(error, kind)), 500)
    return _error(status, type(error).__name__, str(error), RETRY_AFTER if isinstance(error, IndexBusyError) else None)


async def _refuse_body(_: Request, error: Exception) -> JSONResponse:
    """Each fault by its place and what was expected there, without repeating what came: it may be long or private."""
    assert isinstance(error, RequestValidationError)
    faults = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()[:10]]
    return _error(422, "invalid_request", "; ".join(faults))


async def _refuse_http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, "refused", str(error.detail), dict(error.headers or {}))
