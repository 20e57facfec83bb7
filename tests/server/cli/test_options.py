"""Every option of the command line does what its help says, or reaches the setting that it stands for."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from hydragraph.server.cli.arguments import loaded_for
from hydragraph.server.cli.main import COMMANDS, build_parser, main

Captured = pytest.CaptureFixture[str]
GIVEN: dict[str, tuple[list[str], object]] = {
    "home": (["collections", "--home", "/elsewhere"], Path("/elsewhere")),
    "collection": (["search", "x", "--name", "other"], "other"),
    "search.limit": (["search", "x", "--limit", "3"], 3),
    "index.include_secrets": (["index", "x", "--include-secrets"], True),
    "server.host": (["serve", "--host", "localhost"], "localhost"),
    "server.port": (["serve", "--port", "0"], 0),
    "budget.usd": (["ask", "x", "--budget-usd", "0.5"], 0.5),
    "budget.tokens": (["ask", "x", "--budget-tokens", "7"], 7),
    "budget.seconds": (["ask", "x", "--budget-seconds", "8"], 8.0),
    "budget.steps": (["ask", "x", "--budget-steps", "9"], 9),
}


def test_each_argument_that_stands_for_a_setting_is_tried() -> None:
    modules = [import_module(f"hydragraph.server.cli.{command.module}") for command in COMMANDS]
    assert set(GIVEN) == {"home", *(key for module in modules for key in module.SETTINGS.values())}


@pytest.mark.parametrize("key", GIVEN)
def test_an_argument_reaches_its_setting(key: str, here: Path) -> None:
    words, wanted = GIVEN[key]
    loaded = loaded_for(build_parser().parse_args(words))

    value: object = loaded.settings
    for part in key.split("."):
        value = getattr(value, part)
    assert (value, loaded.origins[key]) == (wanted, "argument")


@pytest.mark.usefixtures("here")
def test_an_index_without_dense_does_not_look_for_the_embedder(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("HYDRAGRAPH_EMBEDDER", "sentence-transformers:nowhere")
    assert main(["index", "corpus", "--no-dense"]) == 0
    captured = capsys.readouterr()
    assert "No dense vectors" not in captured.err
    assert "dense 0% ready" in captured.out


def test_collections_as_json(indexed: Path, capsys: Captured) -> None:
    assert main(["collections", "--json"]) == 0
    [described] = json.loads(capsys.readouterr().out)
    assert (described["name"], described["roots"]) == ("default", [str(indexed / "corpus")])
    assert (described["files"], described["quarantined"], described["dense_ready"]) == (2, 0, 0.0)
    assert described["chunks"] >= 2
