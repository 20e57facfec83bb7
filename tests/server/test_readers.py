"""What is said about the machines that see the text, the vectors and the names."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from hydragraph.server.readers import readers_of_text
from hydragraph.settings import (
    Neo4jConfig,
    QdrantConfig,
    Settings,
    StoresSettings,
    TierConfig,
    TiersSettings,
    WebSettings,
)


def tiers(*urls: str | None) -> Settings:
    first, second = (TierConfig(model="a" if url else "", base_url=url) for url in urls)
    return replace(Settings(), tiers=TiersSettings(first, replace(second, model=second.model and "b")))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (tiers(None, None), "this machine (no model is configured)"),
        (tiers("http://localhost:1", "http://127.0.0.2:2"), "this machine (a, b)"),
        (tiers("http://[::1]:1", None), "this machine (a)"),
        (tiers("http://me:pw@box.lan:1", "http://127.0.0.1"), "box.lan (a), this machine (b)"),
        (tiers("http://me:p@s[s:w@box.lan:1", "http://@[::1]:2/@x"), "box.lan (a), this machine (b)"),
        (tiers("http://10.0.0.5:1", "http://10.0.0.5:1"), "this machine, 10.0.0.5 (a, b)"),
        (
            replace(
                tiers(None, None),
                tiers=TiersSettings(
                    TierConfig("a", "http://me:pw@gpu-box:8000/v1", "openai", "sk-key"),
                    TierConfig("b", "http://127.0.0.1:8080/v1", "openai"),
                ),
            ),
            "gpu-box (a), this machine (b)",
        ),
        (
            replace(tiers(None, None), web=WebSettings(enabled=True)),
            "this machine (no model is configured); web search sees the questions",
        ),
    ],
)
def test_who_may_see_the_text(settings: Settings, expected: str) -> None:
    assert readers_of_text(settings) == f"The text may be seen by: {expected}"


SERVERS = {"qdrant": QdrantConfig("http://q.example:6333"), "neo4j": Neo4jConfig("neo4j://n.example")}
KEPT = "; its vectors are kept on q.example; its names are kept on n.example"


def test_a_collection_to_be_made_names_the_servers_of_the_settings(tmp_path: Path) -> None:
    settings = replace(tiers(None, None), home=tmp_path, stores=StoresSettings("qdrant", "neo4j"), **SERVERS)
    assert readers_of_text(settings).endswith(f"(no model is configured){KEPT}")
    here = replace(settings, qdrant=QdrantConfig("http://localhost:6333"), neo4j=Neo4jConfig("bolt://[::1]"))
    assert readers_of_text(here).endswith("(no model is configured)")
    local = replace(settings, qdrant=QdrantConfig(path="/x"), stores=StoresSettings("qdrant"))
    assert readers_of_text(local).endswith("(no model is configured)")


@pytest.mark.usefixtures("indexed")
def test_a_collection_that_is_there_names_the_servers_of_its_own_engines(own_home: Path) -> None:
    settings = replace(tiers(None, None), home=own_home, stores=StoresSettings("qdrant", "neo4j"), **SERVERS)
    assert readers_of_text(settings).endswith("(no model is configured)")
    with sqlite3.connect(own_home / "collections" / "default" / "index.db") as database:
        database.execute("UPDATE meta SET value = 'qdrant' WHERE key = 'vectors_engine'")
        database.execute("UPDATE meta SET value = 'neo4j' WHERE key = 'graph_engine'")
    database.close()
    assert readers_of_text(replace(settings, stores=StoresSettings())).endswith(KEPT)
