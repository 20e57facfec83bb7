"""The benchmark of indexing: what is counted to which stage and class, that it adds up, and what a sample says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hydragraph.evals.indexing import Costs, StageClock, main
from hydragraph.evals.tree_sample import Sample
from hydragraph.evals.trees import make_tree
from hydragraph.retrieval.indexing.progress import ClassProgress, Progress, Stage
from hydragraph.retrieval.reading.text_class import TextClass

STAGES = ("scan", "read", "lexical", "dense", "optimize")
CLASSES = ("source", "documentation", "tests", "data")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Source, documentation, tests and data."""
    folder = tmp_path / "tree"
    make_tree(folder, 40, seed=1)
    for part in ("tests", "locale"):
        (folder / part).mkdir()
    (folder / "tests" / "test_store.py").write_text("def test_store():\n    assert True\n")
    (folder / "locale" / "terms.po").write_text('msgid "one"\nmsgstr "eins"\n')
    return folder


def said(stage: Stage, *classes: tuple[TextClass, int, int]) -> Progress:
    return Progress(stage, 0, None, 0.0, None, tuple(ClassProgress(*one, eta_seconds=None) for one in classes))


def clock_of(times: list[float]) -> StageClock:
    left: Iterator[float] = iter(times)
    return StageClock(lambda: next(left))


def test_what_is_spent_belongs_to_the_stage_that_was_announced() -> None:
    clock = clock_of([0, 1, 3, 6, 10, 15])
    for stage in ("scan", "read", "lexical", "optimize"):
        clock(said(stage))
    clock.end()

    assert clock.stages == {"scan": 3.0, "read": 3.0, "lexical": 4.0, "dense": 0.0, "optimize": 5.0}
    assert clock.dense == {}
    assert clock.until_source is None


def test_dense_is_shared_by_the_vectors_of_each_class() -> None:
    clock = clock_of([0, 2, 10, 18, 19, 25, 26])
    clock(said("dense", ("source", 0, 12), ("tests", 0, 2)))
    clock(said("dense", ("source", 8, 12), ("tests", 0, 2)))
    clock(said("dense", ("source", 12, 12), ("tests", 2, 2)))  # 4 and 2 of 8 seconds' 6
    clock(said("dense", ("source", 12, 12), ("tests", 2, 2)))  # written down
    clock(said("optimize"))
    clock.end()

    assert clock.dense == {"source": 8 + 8 * 4 / 6, "tests": pytest.approx(8 * 2 / 6 + 1 + 6)}
    assert clock.stages["dense"] == 23
    assert clock.until_source == 18
    assert clock.stages["optimize"] == 1


def test_a_sample_is_scaled_by_class_and_what_is_spent_once_is_not() -> None:
    sample = Sample((), {"source": 10.0, "data": 4.0}, 8.0)
    stages: dict[Stage, float] = {"scan": 1, "read": 2, "lexical": 0, "dense": 3, "optimize": 1}
    costs = Costs({"source": 7, "data": 2}, 5.0, stages, {"source": 3.0}, 11.0)

    assert costs.scaled(sample).figures() == {
        "chunks/source": 70,
        "chunks/data": 8,
        "cpu_s/start": 5,
        "cpu_s/scan": 8,
        "cpu_s/read": 16,
        "cpu_s/lexical": 0,
        "cpu_s/dense": 30,
        "cpu_s/optimize": 8,
        "cpu_s/dense/source": 30,
        "cpu_s/until_source": 59,
        "cpu_s/until_all": 59,
    }


def test_the_figures_of_a_tree_add_up(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, str(tree), "--embedder", "hashing")

    assert {name for name in found if name.startswith("chunks/")} == {f"chunks/{kind}" for kind in CLASSES}
    assert (found["chunks/tests"], found["chunks/data"]) == (1, 1)
    dense = [f"cpu_s/dense/{kind}" for kind in CLASSES if kind != "data"]
    assert sum(found[name] for name in dense) == pytest.approx(found["cpu_s/dense"], abs=0.001)
    until_dense = [found[f"cpu_s/{stage}"] for stage in ("start", *STAGES[:3])]
    assert found["cpu_s/until_all"] == pytest.approx(sum(until_dense) + found["cpu_s/dense"], abs=0.001)
    assert sum(until_dense) < found["cpu_s/until_source"] <= found["cpu_s/until_all"]
    assert not any(name.startswith(("scaled/", "ratio/")) for name in found)


def test_a_sample_says_what_the_tree_would_take(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, str(tree), "--embedder", "hashing", "--sample", "4")

    assert (found["chunks/tests"], found["chunks/data"]) == (1, 1)
    assert found["ratio/tests"] == 1
    assert found["ratio/source"] > 2
    scaled = found["cpu_s/dense/source"] * found["ratio/source"]
    assert found["scaled/cpu_s/dense/source"] == pytest.approx(scaled, abs=0.002)
    assert found["scaled/cpu_s/start"] == found["cpu_s/start"]
    assert found["scaled/cpu_s/until_all"] > found["cpu_s/until_all"]


def test_the_text_says_that_it_is_of_a_sample(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tree), "--embedder", "hashing", "--sample", "4"]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "a sample: 1 file of 4 of each class; scaled/... is reckoned from it for the whole tree"
    assert second.split()[0] == "chunks/source"


def test_an_index_that_was_kept_is_not_measured_again(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = [str(tree), "--embedder", "hashing", "--keep", str(tmp_path / "kept")]
    assert main(line) == 0
    assert main(line) == 2
    assert "is an index already: expected a folder without one" in capsys.readouterr().err


def test_wrong_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere"), "--embedder", "hashing"]) == 2
    assert "TREE: expected a folder, got" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--sample", "0"])
    assert "--sample: expected 1 or more, got 0" in capsys.readouterr().err


def figures(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, float]:
    assert main([*arguments, "--json"]) == 0
    return {name: metric["value"] for name, metric in json.loads(capsys.readouterr().out)["metrics"].items()}
