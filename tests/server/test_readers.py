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


@pytest.mark.usefixtures("indexed")
def test_a_collection_names_the_servers_of_the_engines_that_it_records(own_home: Path) -> None:
    settings = replace(tiers(None, None), home=own_home, stores=StoresSettings("qdrant", "neo4j"), **SERVERS)
    assert readers_of_text(settings).endswith("(no model is configured)")
    with sqlite3.connect(own_home / "collections" / "default" / "index.db") as database:
        database.execute("UPDATE meta SET value = 'qdrant' WHERE key = 'vectors_engine'")
        database.execute("UPDATE meta SET value = 'neo4j' WHERE key = 'graph_engine'")
    database.close()
    assert readers_of_text(replace(settings, stores=StoresSettings())).endswith(KEPT)
    here = replace(settings, qdrant=QdrantConfig("http://localhost:6333"), neo4j=Neo4jConfig("bolt://[::1]"))
    assert readers_of_text(here).endswith("(no model is configured)")
    folder = replace(settings, qdrant=QdrantConfig(path="/x"))
    assert readers_of_text(folder).endswith("(no model is configured); its names are kept on n.example")
