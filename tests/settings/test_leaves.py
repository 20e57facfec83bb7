"""Keys that hold lists and maps of sections."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from hydragraph.errors import SettingsError
from hydragraph.settings import Loaded
from hydragraph.settings.layers import load
from hydragraph.settings.schema import Key, Seconds, Url


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: Url
    slots: Annotated[int, Meta(ge=1)] = 2
    api_key: Key = ""


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prompt: float
    reply: float = 0.0


@dataclass(frozen=True, slots=True)
class Pool:
    nodes: tuple[Node, ...] = ()
    wait: Seconds | None = None
    retries: int | bool = 3


@dataclass(frozen=True, slots=True)
class Root:
    pool: Pool = Pool()
    prices: dict[str, Price] = field(default_factory=dict)
    folder: Path = Path("/nowhere")


def loaded(cwd: Path, yaml: str = "", env: dict[str, str] | None = None) -> Loaded[Root]:
    (cwd / "hydragraph.yaml").write_text(yaml)
    return load(Root(), {}, None, env or {}, cwd)


def test_lists_and_maps_of_sections_are_read_and_their_secrets_hidden(tmp_path: Path) -> None:
    yaml = """
pool:
  nodes:
    - {url: 'http://me:p@ss@a:1', api_key: sk-one}
    - {url: 'http://b:2', slots: 4}
  wait: 5
prices: {small: {prompt: 1}}
"""
    found = loaded(tmp_path, yaml)
    nodes = (Node("http://me:p@ss@a:1", 2, "sk-one"), Node("http://b:2", 4))
    assert found.settings == Root(Pool(nodes, 5.0), {"small": Price(1.0)}, Path("/nowhere"))
    rows = {key: value for key, value, _ in found.rows()}
    first = {"url": "http://***@a:1", "slots": 2, "api_key": "***"}
    assert rows["pool.nodes"] == (first, {"url": "http://b:2", "slots": 4, "api_key": ""})
    assert rows["prices"] == {"small": {"prompt": 1.0, "reply": 0.0}}
    assert found.origins["pool.nodes"] == str(tmp_path / "hydragraph.yaml")


def test_a_variable_gives_them_as_json(tmp_path: Path) -> None:
    found = loaded(tmp_path, "pool: {nodes: [{url: 'http://a'}]}", {"HYDRAGRAPH_POOL__NODES": '[{"url": "http://b"}]'})
    assert found.settings.pool.nodes == (Node("http://b"),)
    assert found.origins["pool.nodes"] == "environment HYDRAGRAPH_POOL__NODES"
    with pytest.raises(SettingsError, match=r"^pool\.nodes: expected a list of sections, got 'x' \(text\) \(env"):
        loaded(tmp_path, "", {"HYDRAGRAPH_POOL__NODES": "x"})


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("pool: {nodes: [{url: 'http://a', slot: 1}]}", "pool.nodes[0]: object contains unknown field slot"),
        ("pool: {nodes: [{url: 'http://a'}, {slots: 1}]}", "pool.nodes[1]: object missing required field url"),
        ("pool: {nodes: [{url: 'http://a', slots: 0}]}", "pool.nodes[0].slots: expected int >= 1"),
        ("pool: {nodes: 3}", "pool.nodes: expected a list of sections, got 3 (whole number)"),
        ("prices: [1]", "prices: expected object, got array"),
        ("prices: {small: {prompt: '1'}}", "prices[...].prompt: expected float, got str"),
        (
            "pool: {nodes: [{url: 'http://a', url: 'http://b'}]}",
            "pool.nodes[0].url: expected once, got it in",
        ),
        ("pool: {wait: 0}", "pool.wait: expected a number, at least 0.1, got 0 (whole number)"),
        ("pool: &x {nodes: [*x]}", "pool.nodes[0]: object contains unknown field nodes"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(yaml: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, yaml)
    assert str(caught.value).startswith(message)
    assert str(tmp_path / "hydragraph.yaml") in str(caught.value)


def test_a_key_in_a_list_that_is_none_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, "pool: {nodes: [{url: 'http://a', api_key: 'sk hidden'}]}")
    assert str(caught.value).startswith("pool.nodes[0].api_key: expected str matching")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("raw", ["true", "5"])
def test_each_member_of_a_union_is_taken(raw: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, f"pool: {{retries: {raw}}}").settings.pool.retries == {"true": True, "5": 5}[raw]
