from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from hydragraph.domain import LEGS
from hydragraph.evals import retrieval
from hydragraph.evals.corpora import read_corpus
from hydragraph.evals.corpus_index import indexed
from hydragraph.evals.kill_child import HashingEmbedder
from hydragraph.evals.weight_grid import (
    Scored,
    best_point,
    cross_validated,
    folds_of,
    make_grid,
    mean_by_point,
    score_all,
)
from hydragraph.evals.weights import KINDS, as_table, main, summarise
from hydragraph.retrieval.search.fusion import WEIGHTS, Kind

WriteCorpus = Callable[..., Path]
LINKED = (
    {"id": "river", "title": "River Thames", "text": "The River Thames flows through the old garden."},
    {"id": "regatta", "title": "Henley Regatta", "text": "Rowers race on the River Thames in July."},
    {"id": "bank", "title": "Bank", "text": "A long bench in July. The bank of the River Thames."},
    {"id": "open", "title": "open_session", "text": "def open_session(path):\n    return Session(path)"},
)
ASKED = (
    {"id": "1", "text": "Who races on the River Thames?"},
    {"id": "2", "text": "open a session by its path"},
    {"id": "3", "text": "benches in july"},
    {"id": "4", "text": ""},
)
JUDGED = (("1", "regatta", 1), ("2", "open", 1), ("3", "bank", 1), ("4", "open", 1))


@pytest.fixture
def folder(tmp_path: Path, write_corpus: WriteCorpus) -> Path:
    return write_corpus(tmp_path / "boats", LINKED, ASKED, JUDGED)


def scored(name: str, kinds: Sequence[Kind], points: Sequence[Sequence[float]]) -> Scored:
    """As if search were right half the time, and as if dense alone were never right."""
    half = np.full(len(kinds), 0.5)
    return Scored(name, tuple(kinds), half, {"dense": half * 0, "bm25": half, "graph": None}, np.array(points))


def all_of(data: Sequence[Scored]) -> list[np.ndarray]:
    return [np.ones(len(it.kinds), dtype=bool) for it in data]


def test_the_grid_is_every_sharing_of_one_the_even_ones_first() -> None:
    grid = make_grid()
    assert len(grid) == len({tuple(point.values()) for point in grid}) == 231
    assert all(sum(point.values()) == pytest.approx(1) and tuple(point) == LEGS for point in grid)
    assert make_grid(3)[0] == dict.fromkeys(LEGS, 1 / 3)
    assert [sorted(point.values()) for point in make_grid(3)[-3:]] == [[0, 0, 1]] * 3
    assert make_grid() == grid


def test_the_weights_in_force_give_what_search_gives(folder: Path, tmp_path: Path) -> None:
    with indexed(read_corpus(folder), HashingEmbedder(), tmp_path / "work") as index:
        result = score_all("boats", index, [WEIGHTS[kind] for kind in KINDS])
    own = [result.points[at, KINDS.index(kind)] for at, kind in enumerate(result.kinds)]
    assert own == result.in_force.tolist()
    assert len(set(result.kinds)) > 1
    assert (result.in_force[3], set(result.points[3])) == (0, {0})  # a query with no words finds nothing


def test_a_leg_that_never_finds_anything_is_absent(folder: Path, tmp_path: Path) -> None:
    with indexed(read_corpus(folder), None, tmp_path / "work") as index:
        result = score_all("boats", index, make_grid(1))
    assert result.legs["dense"] is None
    assert [leg for leg in LEGS if result.legs[leg] is not None] == ["bm25", "graph"]


def test_each_data_set_counts_the_same_whatever_its_size() -> None:
    large = scored("large", ["code"] * 8, [[0.4, 0.5]] * 8)
    small = scored("small", ["code"] * 2, [[0.8, 0.3]] * 2)
    assert mean_by_point([large, small], "code", all_of([large, small])) == pytest.approx([0.6, 0.4])
    assert mean_by_point([large, small], "prose", all_of([large, small])) is None


def test_the_first_of_equals_is_chosen_however_they_were_added_up() -> None:
    assert best_point(np.array([0.1, 0.1 + 0.2, 0.3, 0.3])) == 1
    assert best_point(np.array([0.3, 0.1 + 0.2])) == 0


def test_folds_have_some_of_each_kind() -> None:
    mixed = scored("mixed", ["code", "prose"] * 6, [[0.0]] * 12)
    dealt = folds_of(mixed, 3)
    for kind in ("code", "prose"):
        assert sorted(dealt[mixed.of_kind(kind)]) == [0, 0, 1, 1, 2, 2]


def test_a_query_never_helps_to_choose_its_own_weights() -> None:
    """Each is best served by the point that all others are served worst by."""
    data = [scored("odd", ["code"] * 2, [[1.0, 0.0], [0.0, 1.0]])]
    [values] = cross_validated(data, KINDS, folds=2)
    assert values.tolist() == [0.0, 0.0]


def test_each_kind_chooses_for_itself_and_sets_help_each_other() -> None:
    first = scored("first", ["code", "code", "prose", "prose"], [[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.2, 0.8]])
    second = scored("second", ["code"], [[0.7, 0.6]])
    values = cross_validated([first, second], KINDS, folds=2)
    assert [them.tolist() for them in values] == [[0.9, 0.9, 0.8, 0.8], [0.7]]


def test_where_no_other_query_is_of_the_kind_the_table_in_force_stays() -> None:
    [values] = cross_validated([scored("one", ["code", "prose"], [[0.9, 0.1], [0.2, 0.8]])], KINDS, folds=5)
    assert values.tolist() == [0.5, 0.5]


def test_the_report_by_hand() -> None:
    grid = make_grid(1)  # each leg alone
    data = [
        scored("a", ["code"] * 4, [[0.9, 0.896, 0.1]] * 4),
        scored("b", ["prose", "code"], [[0.3, 0.2, 0.4], [0.9, 0.9, 0.5]]),
    ]
    report = summarise(data, grid, folds=2)
    assert (report.folds, report.points, list(report.sets), list(report.kinds)) == (2, 3, ["a", "b"], ["code", "prose"])
    a = report.sets["a"]
    assert (a.queries, a.in_force, a.cross_validated) == (4, 0.5, pytest.approx(0.9))
    assert (a.legs, a.best_leg) == ({"dense": 0.0, "bm25": 0.5, "graph": None}, "bm25")
    assert (a.less_best_leg.value, a.less_cross_validated.value) == (0, pytest.approx(-0.4))
    code = report.kinds["code"]
    assert (code.queries, code.in_force, code.best) == ({"a": 4, "b": 1}, WEIGHTS["code"], grid[0])
    assert code.best_less_in_force.value == pytest.approx(0.4)
    free = [leg for leg in LEGS if grid[0][leg] or grid[1][leg]]
    assert code.flat == {leg: (0, 1) if leg in free else (0, 0) for leg in LEGS}
    assert report.kinds["prose"].best == grid[2]


def test_the_table_names_what_it_compares() -> None:
    data = [scored("a", ["code"] * 4, [[0.9, 0.8, 0.1]] * 4)]
    lines = as_table(summarise(data, make_grid(1), folds=2)).splitlines()
    assert lines[2].split() == [
        *("a", "4", "50.0", "90.0", "0.0", "50.0", "n/a"),
        *("-40.0", "[-40.0,", "-40.0]", "bm25", "+0.0", "[+0.0,", "+0.0]"),
    ]
    assert lines[3].split() == ["mean", "50.0", "90.0", "0.0", "50.0", "n/a"]
    assert lines[6].split()[:8] == [
        "code",
        "4",
        "0.87",
        "0.13",
        "0.00",
        *(f"{it:.2f}" for it in make_grid(1)[0].values()),
    ]


def test_a_run_prints_every_figure_and_the_same_each_time(
    folder: Path, tmp_path: Path, write_corpus: WriteCorpus, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_corpus(tmp_path / "zebras")
    arguments = [str(folder), str(other), "--embedder", "none", "--work", str(tmp_path / "work"), "--folds", "2"]
    assert main([*arguments, "--json"]) == 0
    out = capsys.readouterr().out
    report = json.loads(out)
    assert (report["folds"], report["points"], list(report["sets"])) == (2, 231, ["boats", "zebras"])
    assert report["sets"]["zebras"]["in_force"] == 1.0
    assert report["sets"]["zebras"]["legs"]["dense"] is None
    assert set(report["sets"]["boats"]["less_best_leg"]) == {"value", "low", "high"}
    assert sum(sum(kind["queries"].values()) for kind in report["kinds"].values()) == 7
    assert main([*arguments, "--json"]) == 0
    assert capsys.readouterr().out == out
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("nDCG@10 in per cent; 2 folds, a grid of 231 weights")


def test_an_index_of_the_other_eval_is_used_again(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "work"
    assert retrieval.main([str(folder), "--embedder", "none", "--json", "--work", str(work / "boats")]) == 0
    before = json.loads(capsys.readouterr().out)["metrics"]["ndcg@10/final"]["value"]
    written = (work / "boats" / "corpus" / "000000.md").stat().st_mtime_ns
    assert main([str(folder), "--embedder", "none", "--json", "--work", str(work)]) == 0
    assert json.loads(capsys.readouterr().out)["sets"]["boats"]["in_force"] == before
    assert (work / "boats" / "corpus" / "000000.md").stat().st_mtime_ns == written


def test_folders_are_told_apart_by_name_and_read_before_any_is_indexed(
    folder: Path, tmp_path: Path, write_corpus: WriteCorpus, capsys: pytest.CaptureFixture[str]
) -> None:
    namesake = write_corpus(tmp_path / "elsewhere" / "boats")
    for arguments, message in (
        ([str(folder), str(namesake)], f"expected folders of different names, got {folder} and {namesake}."),
        ([str(folder), str(folder)], "expected folders of different names"),
        ([str(folder), str(tmp_path / "nowhere")], "corpus.jsonl cannot be read"),
    ):
        assert main([*arguments, "--embedder", "none", "--work", str(tmp_path / "work")]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert message in line
    assert not (tmp_path / "work").exists()


def test_one_fold_is_a_usage_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(folder), "--folds", "1"])
    assert ended.value.code == 2
    assert "--folds: expected 2 or more, got 1" in capsys.readouterr().err
