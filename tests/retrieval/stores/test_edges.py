from __future__ import annotations

import pytest

from hydragraph.domain import ReferenceKind
from hydragraph.retrieval.stores.edges import (
    WEIGHTS,
    edges_of,
    key_hash,
    keys,
    mask_of,
    pack_edges,
    unpack_edges,
)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("defines", "pkg.Session.execute", ["execute", "session execute"]),
        ("imports", "./lib/parser", ["parser", "lib parser"]),
        ("links", "docs/guide.md#install", ["guide md", "docs guide md"]),
        ("defines", "The Ritz (film)", ["ritz", "ritz film"]),
        ("mentions", "jane doe", ["jane doe"]),
        ("calls", "...", []),
    ],
)
def test_keys_are_what_references_meet_under(kind: ReferenceKind, name: str, expected: list[str]) -> None:
    assert list(keys(kind, name)) == expected


def test_an_edge_says_in_which_ways_a_chunk_refers_to_a_name() -> None:
    edges = edges_of([("calls", "session.send"), ("defines", "pkg.Session.send"), ("calls", "send")])
    both = mask_of(["defines", "calls"])
    assert edges == {"send": both, "session send": both}
    assert WEIGHTS[both] == 4
    assert WEIGHTS[mask_of(["calls", "mentions"])] == 1
    assert WEIGHTS[0] == 0


def test_packed_edges_are_in_the_order_of_their_hashes() -> None:
    names = [f"name {number}" for number in range(50)]
    packed = unpack_edges(pack_edges([("mentions", name) for name in names]))
    assert packed["key"].tolist() == sorted(key_hash(name) for name in names)
    assert set(packed["kinds"].tolist()) == {mask_of(["mentions"])}
    assert pack_edges([]) == b""


def test_hashes_stay_what_they_are_for_they_are_stored() -> None:
    hashes = [1215634786765231936, -5319330471138740662, 7497787021708494914]
    assert [key_hash(name) for name in ("send", "session send", "\ud800")] == hashes
