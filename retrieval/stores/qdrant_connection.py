"""How a Qdrant server is asked: what is tried again, and what its failures mean.

Everything that is sent here may be sent twice: each request puts, sets, deletes or reads, and none adds.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

from ...errors import StoreServerError, UsageError
from ...settings.urls import hide_until_host

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

WRITING: Final = (0.5, 1.0, 2.0, 4.0)  # seconds before each further attempt; an index can wait
READING: Final = (0.2,)  # somebody waits for a search
LONGEST: Final = 60.0  # a server that asks for more has its reasons, which a person should hear of
OLDEST: Final = (1, 18)  # the first that adds a named vector to a collection that is there

INSTALL: Final = "uv pip install 'hydragraph[servers]', or pip install 'hydragraph[servers]'"

T = TypeVar("T")


def require_client() -> None:
    """Raise UsageError unless the official client is installed."""
    if find_spec("qdrant_client") is None:
        raise UsageError(f"Vectors on Qdrant need the package qdrant-client: {INSTALL}.")


def connect(url: str, api_key: str, timeout: float) -> QdrantClient:
    """A client that sends nothing yet. Nothing is left to the environment: its proxies are for somebody else."""
    from qdrant_client import QdrantClient

    headers = {"api-key": api_key} if api_key else {}
    return QdrantClient(
        url=url, headers=headers, timeout=max(1, math.ceil(timeout)), check_compatibility=False, trust_env=False
    )


def host_of(url: str) -> str:
    """The machine and port of a URL, without what it may hold of names and passwords."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"qdrant.url: expected http://HOST:PORT or https://HOST:PORT, got {hide_until_host(url)!r}.")
    return f"{parts.hostname}:{parts.port or 6333}"


@dataclass(frozen=True, slots=True)
class Server:
    """A server as requests and their errors name it."""

    host: str
    secret: str
    timeout: float
    sleep: Callable[[float], object] = time.sleep

    def ask(self, request: Callable[[], T], delays: tuple[float, ...] = READING) -> T:
        """The result of a request, tried again after 429, 5xx and a lost connection. Failures come as our own."""
        for delay in delays:
            try:
                return request()
            except _failures() as error:
                wait = _wait(error, delay)
                if wait is None or wait > LONGEST:
                    raise self._fault(error) from None
                self.sleep(wait)
        try:
            return request()
        except _failures() as error:
            raise self._fault(error) from None

    def require_version(self, client: QdrantClient) -> None:
        """Raise StoreServerError where the server is too old to hold a collection's vectors."""
        version = self.ask(lambda: client.info().version)
        found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
        if found < OLDEST:
            least = ".".join(map(str, OLDEST))
            raise StoreServerError(
                f"The Qdrant server {self.host} has version {version}; {least} or newer is needed.",
                "Upgrade it, or keep the vectors on this machine: `stores.vectors: edge`.",
            )

    def _fault(self, error: Exception) -> StoreServerError:
        """The chain is cut off and the key taken out: what a server sends back may repeat what it was sent."""
        found, mend = _meaning(error, self.timeout)
        if self.secret:
            found = found.replace(self.secret, "***")
        return StoreServerError(f"The Qdrant server {self.host} {found}.", mend)


def _failures() -> tuple[type[Exception], ...]:
    from qdrant_client.common.client_exceptions import QdrantException
    from qdrant_client.http.exceptions import ApiException

    return ApiException, QdrantException, ValueError, AssertionError  # the last two of a response that is none


def _wait(error: Exception, delay: float) -> float | None:
    """How long to wait before the next attempt; None where another would fail the same way."""
    import httpx
    from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
    from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

    if isinstance(error, ResourceExhaustedResponse):
        return max(delay, error.retry_after_s)
    if isinstance(error, UnexpectedResponse):
        status = error.status_code or 0
        asked = error.headers.get("retry-after", "")
        return max(delay, float(asked) if asked.isdigit() else 0.0) if status == 429 or status >= 500 else None
    if isinstance(error, ResponseHandlingException):
        is_lost = isinstance(error.source, httpx.TransportError) and not _is_tls(error.source)
        return delay if is_lost else None
    return None


def _meaning(error: Exception, timeout: float) -> tuple[str, str]:
    import httpx
    from qdrant_client.common.client_exceptions import QdrantException
    from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

    if isinstance(error, UnexpectedResponse):
        return _refusal(error.status_code or 0, error.content.decode("utf-8", "replace"))
    if isinstance(error, QdrantException):
        return f"asks for patience: {error}", "Run the same command again later; what is finished is kept."
    if not isinstance(error, ResponseHandlingException):
        return "sent what no Qdrant server sends", "Check qdrant.url."
    if isinstance(error.source, httpx.TimeoutException):
        return f"did not respond within {timeout:g} s", "Is it overloaded? A longer time: qdrant.timeout."
    if _is_tls(error.source):
        return f"could not be reached over TLS: {error.source}", "Check https:// in qdrant.url, and its certificate."
    if isinstance(error.source, httpx.TransportError):
        return f"is away: {error.source}", "Start it, or check qdrant.url."
    return "sent what no Qdrant server sends", "Check qdrant.url."


def _refusal(status: int, content: str) -> tuple[str, str]:
    if status in (401, 403):
        return f"refuses the API key ({status})", "Check qdrant.api_key; it has to be one that may write."
    if status == 404:
        return f"does not have it (404): {content[:200]}", "It may just have been replaced: run the same command again."
    if status == 429 or status >= 500:
        return f"cannot work now ({status}): {content[:200]}", "Run it again later; what is finished is kept."
    return f"refused a request ({status}): {content[:200]}", "Check that qdrant.url is that of a Qdrant server."


def _is_tls(error: Exception) -> bool:
    return "SSL" in str(error) or "CERTIFICATE" in str(error).upper()
