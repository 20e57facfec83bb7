"""The benchmark of starting: what its figures are called, what they are held to, and what does not count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hydragraph.evals.measuring import CommandFailedError, hydragraph, own_environment, run_once
from hydragraph.evals.startup import Bench, Figure, as_json, as_table, main, require_all_legs, writing


def test_figure_of_an_even_number_of_runs() -> None:
    assert Figure.of([4.0, 1.0, 2.0, 3.0]) == Figure(2.5, 1.0, 4.0)


def test_json_carries_every_figure() -> None:
    found = json.loads(as_json({"search_cpu_ratio/10000": Figure(1.25, 1.0, 1.50001)}))
    assert found == {"metrics": {"search_cpu_ratio/10000": {"value": 1.25, "low": 1.0, "high": 1.5}}}


def test_table_sets_wall_times_beside_their_bars() -> None:
    figures = {
        "help_wall_s": Figure(0.1, 0.05, 0.2),
        "search_wall_s": Figure(1.6, 1.0, 2.0),
        "search_cpu_s/10": Figure(1.2, 1.0, 1.5),
    }
    header, help_line, search_line, cpu_line = as_table(figures, runs=2).splitlines()
    assert header.split() == ["of", "2", "runs", "median", "min", "max"]
    assert " ".join(help_line.split()) == "help_wall_s 0.100 0.050 0.200 bar 0.3: within"
    assert " ".join(search_line.split()) == "search_wall_s 1.600 1.000 2.000 bar 1.5: OVER"
    assert " ".join(cpu_line.split()) == "search_cpu_s/10 1.200 1.000 1.500"


def test_a_search_without_a_leg_does_not_count() -> None:
    found = [{"legs": {"dense": {}, "bm25": {}}}, {"legs": {"graph": {}}}]
    require_all_legs(json.dumps(found), "small")
    with pytest.raises(CommandFailedError, match=r"'small': expected hits of every leg, found none of graph"):
        require_all_legs(json.dumps(found[:1]), "small")


def test_a_drawn_collection_is_searched_at_rest_and_while_it_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--runs", "1", "--chunks", "40", "--keep", str(tmp_path), "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)["metrics"]
    searches = ("12files", "40", "40/indexing")
    expected = {f"search_{kind}/{label}" for kind in ("cpu_s", "rss_mb") for label in searches}
    expected |= {"search_cpu_ratio/40", "search_cpu_ratio/40/indexing"}
    assert set(metrics) == expected | {"help_wall_s", "version_wall_s", "search_wall_s"}
    assert all(metric["value"] > 0 for metric in metrics.values())
    search = hydragraph("search", "lantern", "--name", "drawn-40")
    assert run_once(search, own_environment(tmp_path / "home"), tmp_path).cpu > 0  # kept, and usable


def test_a_writer_that_ends_is_no_measurement(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with (
        pytest.raises(CommandFailedError, match="expected it to write, it ended with 1"),
        writing(Bench(tmp_path, 1), 7),
    ):
        raise AssertionError("not reached")


def test_no_runs_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--runs", "0"])
    assert ended.value.code == 2
    assert "--runs: expected at least 1, found 0" in capsys.readouterr().err
