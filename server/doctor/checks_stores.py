"""Checks of the servers that keep vectors and names: where they are, and whether they answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from importlib.util import find_spec

from ...settings import Neo4jConfig, QdrantConfig, Settings
from ...settings.urls import hide_secrets, port_of
from ..readers import HERE, machine_of
from .check import Check

SECONDS = 3.0
QDRANT_PORT, BOLT_PORT = 6333, 7687
EXTRA = "uv pip install 'hydragraph[servers]'"


def check_stores(settings: Settings) -> Iterator[Check]:
    """Each server that is configured, whether or not a collection uses it yet."""
    if settings.qdrant.url:
        yield _check_qdrant(settings.qdrant)
    if settings.neo4j.url:
        yield _check_neo4j(settings.neo4j)


def _check_qdrant(config: QdrantConfig) -> Check:
    import httpx

    if find_spec("qdrant_client") is None:
        return Check("qdrant", "broken", "qdrant.url is set, and that extra is not installed", EXTRA)
    where = _where("vectors", config.url, QDRANT_PORT)
    headers = {"api-key": config.api_key} if config.api_key else {}
    try:
        answer = httpx.get(f"{config.url.rstrip('/')}/collections", headers=headers, timeout=SECONDS, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        said = hide_secrets(str(error), config.api_key) or type(error).__name__
        return Check("qdrant", "broken", f"{where}; no answer ({said})", "start it, or correct qdrant.url")
    if answer.status_code in (401, 403):
        return Check("qdrant", "broken", f"{where}; it refuses the key", "set qdrant.api_key to the server's key")
    if answer.status_code != 200:
        return Check("qdrant", "broken", f"{where}; it answers {answer.status_code}", "correct qdrant.url")
    return Check("qdrant", "ok", where)


def _check_neo4j(config: Neo4jConfig) -> Check:
    if find_spec("neo4j") is None:
        return Check("neo4j", "broken", "neo4j.url is set, and that extra is not installed", EXTRA)
    where = _where("names", config.url, BOLT_PORT)
    try:
        with socket.create_connection((config.host, port_of(config.url, BOLT_PORT)), timeout=SECONDS):
            return Check("neo4j", "ok", where)
    except OSError as error:
        return Check("neo4j", "broken", f"{where}; no answer ({error})", "start it, or correct neo4j.url")


def _where(what: str, url: str, port: int) -> str:
    host = machine_of(url)
    place = f"{host}, port {port_of(url, port)}"
    return f"{what} are kept on {place}" if host == HERE else f"{what} leave this machine, for {place}"
