"""The figures of a request: how they are printed, and that the floor does as much as it is told to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hydragraph.evals.requests import Seen, as_json, as_table, listening, main
from hydragraph.evals.requests_child import Shape

FIGURES = {"request_cpu_ms": 15.0004, "floor_cpu_ms": 11.25, "request_over_floor_ms": 3.75, "rss_growth_mb": 0.5}


def test_json_carries_every_figure() -> None:
    metrics = json.loads(as_json(FIGURES))["metrics"]

    assert {name: value["value"] for name, value in metrics.items()} == {**FIGURES, "request_cpu_ms": 15.0}


def test_the_table_has_a_line_a_figure() -> None:
    assert [line.split() for line in as_table(FIGURES).split("\n")][1] == ["floor_cpu_ms", "11.25"]


def test_the_events_of_the_floor_are_shared_by_its_nodes() -> None:
    shape = Shape(nodes=3, events=8)

    assert [shape.share(node) for node in range(3)] == [3, 3, 2]


def test_the_floor_writes_what_it_is_told_to(tmp_path: Path) -> None:
    with listening(tmp_path, "--floor", "3", "8") as floor:
        seen = floor.ask()
        usage = floor.usage()

    assert seen == Seen(nodes=3, written=8, status="")
    assert usage["cpu_s"] > 0
    assert usage["rss_mb"] > 0


def test_too_few_requests_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--requests", "3"])
    assert "--requests: expected at least 26, found 3" in capsys.readouterr().err
