from __future__ import annotations

import json
from pathlib import Path

import pytest

from hydragraph.evals.drawn import DrawnEmbedder
from hydragraph.evals.recall import recall_of_tree
from hydragraph.evals.speed import WARM_UP, as_text, main, measure, open_ensemble
from hydragraph.evals.trees import make_tree


def test_both_are_asked_every_question_and_the_first_are_not_counted() -> None:
    asked: list[tuple[str, str]] = []

    def ours(question: str) -> None:
        asked.append(("ours", question))

    def theirs(question: str) -> None:
        asked.append(("theirs", question))

    questions = [str(number) for number in range(WARM_UP + 2)]
    mine, other = measure(ours, theirs, questions)
    assert (len(mine), len(other)) == (2, 2)
    assert asked == [(who, question) for question in questions for who in ("ours", "theirs")]


def test_the_ensemble_finds_by_words_and_by_vectors() -> None:
    pytest.importorskip("faiss", reason="the extra 'evals' is not installed")
    texts = [f"lantern{number} window" for number in range(40)]
    ask = open_ensemble(texts, DrawnEmbedder())
    found = [document.page_content for document in ask("lantern7")]  # type: ignore[attr-defined]
    assert "lantern7 window" in found
    assert ask(texts[9])[0].page_content == texts[9]  # type: ignore[index]


def test_a_small_run_prints_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("faiss", reason="the extra 'evals' is not installed")
    arguments = ["--chunks", "30", "--queries", "2", "--keep", str(tmp_path), "--json"]
    assert main(arguments) == 0
    metrics = {name: metric["value"] for name, metric in json.loads(capsys.readouterr().out)["metrics"].items()}
    names = ("hydragraph_ms", "ensemble_ms", "ratio", "recall@10", "memory_mb", "disk_mb", "index_chunks_per_s")
    assert set(metrics) == {f"{name}/30" for name in names}
    assert metrics["ratio/30"] == pytest.approx(metrics["hydragraph_ms/30"] / metrics["ensemble_ms/30"], abs=1e-3)
    assert metrics["recall@10/30"] == 1.0
    assert min(metrics.values()) > 0

    assert main(arguments) == 0
    assert "index_chunks_per_s/30" not in capsys.readouterr().out  # nothing was indexed this time


def test_the_recall_of_a_tree_is_asked_by_its_definitions(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    make_tree(tree, 12, seed=1)
    found = recall_of_tree(tmp_path / "home", tree, queries=5)
    assert found["recall@10/real"] == 1.0
    assert found["vectors/real"] >= 12


def test_the_text_is_a_line_a_figure() -> None:
    assert as_text({"ratio/10": 0.15}).split() == ["ratio/10", "0.150"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--chunks", "0"], "argument --chunks: expected numbers of chunks such as 10000,100000, got '0'"),
        (["--queries", "-1"], "--queries: expected 1 or more, got -1"),
        (["--seed", "-1"], "--seed: expected 0 or more, got -1"),
    ],
)
def test_wrong_numbers_are_usage_errors(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
