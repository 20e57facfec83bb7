from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from hydragraph.evals.startup import (
    CommandFailedError,
    Measured,
    Spread,
    as_json,
    as_table,
    main,
    measure,
    own_environment,
    spread,
)

FAST = Measured(Spread(0.05, 0.1, 0.2), Spread(0.04, 0.08, 0.1), bar=0.3)
SLOW = Measured(Spread(1.0, 1.6, 2.0), Spread(0.9, 1.2, 1.5), bar=1.5)


def test_spread_of_an_even_number_of_runs() -> None:
    assert spread([4.0, 1.0, 2.0, 3.0]) == Spread(1.0, 2.5, 4.0)


def test_bar_holds_for_the_median_of_the_wall_time() -> None:
    assert (FAST.within, SLOW.within) == (True, False)


def test_whole_process_is_measured_and_run_as_often_as_asked(tmp_path: Path) -> None:
    program = "open('ran', 'a').write('x')\nimport time\nwhile time.process_time() < 0.05: pass"
    started = time.perf_counter()
    measured = measure([sys.executable, "-c", program], bar=1.0, runs=3, environment=os.environ, folder=tmp_path)
    elapsed = time.perf_counter() - started
    assert (tmp_path / "ran").read_text() == "xxx"
    assert measured.cpu.minimum >= 0.05
    assert 0.05 <= measured.wall.minimum <= measured.wall.median <= measured.wall.maximum <= elapsed


def test_failed_command_says_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such collection')"]
    with pytest.raises(CommandFailedError, match=r"expected exit code 0, found 1: no such collection"):
        measure(command, bar=1.0, runs=1, environment=os.environ, folder=tmp_path)


def test_nobodys_settings_take_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HYDRAGRAPH_EMBEDDER", "none")
    environment = own_environment(tmp_path)
    assert [name for name in environment if name.startswith("HYDRAGRAPH_")] == ["HYDRAGRAPH_HOME"]
    assert environment["HYDRAGRAPH_HOME"] == str(tmp_path)
    assert environment["PATH"] == os.environ["PATH"]


def test_json_carries_every_figure() -> None:
    assert json.loads(as_json({"search": SLOW}, runs=4)) == {
        "runs": 4,
        "commands": {
            "search": {
                "wall": {"minimum": 1.0, "median": 1.6, "maximum": 2.0},
                "cpu": {"minimum": 0.9, "median": 1.2, "maximum": 1.5},
                "bar": 1.5,
                "within": False,
            }
        },
    }


def test_table_sets_each_figure_beside_its_bar() -> None:
    header, help_line, search_line = as_table({"--help": FAST, "search": SLOW}, runs=2).splitlines()
    assert header.startswith("seconds over 2 runs")
    assert " ".join(help_line.split()) == "hydragraph --help 0.050 0.100 0.200 0.040 0.080 0.100 0.30 within"
    assert " ".join(search_line.split()) == "hydragraph search 1.000 1.600 2.000 0.900 1.200 1.500 1.50 OVER"


def test_no_runs_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--runs", "0"])
    assert ended.value.code == 2
    assert "--runs: expected at least 1, found 0" in capsys.readouterr().err
