from __future__ import annotations

import json

import numpy as np
import pytest

from hydragraph.evals.speed import (
    DIMENSION,
    WARM_UP,
    DrawnEmbedder,
    Speed,
    as_text,
    draw,
    main,
    measure,
    open_ensemble,
)


def test_what_is_drawn_comes_from_the_seed_alone() -> None:
    drawn = draw(20, 5, seed=3)
    assert (len(drawn.texts), len(drawn.questions)) == (20, 5)
    assert drawn == draw(20, 5, seed=3)
    assert drawn != draw(20, 5, seed=4)
    assert len(set(drawn.texts)) == 20
    assert all(question.endswith("?") for question in drawn.questions)


def test_a_texts_vector_is_its_own_and_of_length_one() -> None:
    embedder, kept = DrawnEmbedder(), DrawnEmbedder()
    kept.keep(["one", "two"])
    vectors = embedder.embed(["one", "two", "one"])
    assert vectors.shape == (3, DIMENSION)
    assert np.array_equal(vectors[0], vectors[2])
    assert not np.allclose(vectors[0], vectors[1])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.array_equal(kept.embed(["one", "two", "one"]), vectors)


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


def test_a_small_run_prints_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("faiss", reason="the extra 'evals' is not installed")
    assert main(["--chunks", "30", "--queries", "2", "--json"]) == 0
    speed = json.loads(capsys.readouterr().out)
    assert set(speed) == set(Speed.__slots__)
    assert (speed["chunks"], speed["queries"]) == (30, 2)
    assert speed["ratio"] == pytest.approx(speed["hydragraph_ms"] / speed["ensemble_ms"])
    assert min(speed.values()) > 0


def test_the_text_sets_both_side_by_side() -> None:
    lines = as_text(Speed(10_000, 100, 6.0, 40.0, 0.15, 5.5, 39.0)).splitlines()
    assert lines[0] == "CPU time a query at 10000 chunks, mean of 100 (median)"
    assert [line.split()[-3:] for line in lines[1:3]] == [["6.00", "ms", "(5.50)"], ["40.00", "ms", "(39.00)"]]
    assert lines[3].split() == ["ratio", "0.150"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--chunks", "0"], "--chunks and --queries: expected 1 or more"),
        (["--queries", "-1"], "--chunks and --queries: expected 1 or more"),
        (["--seed", "-1"], "--seed: expected 0 or more, got -1"),
    ],
)
def test_wrong_numbers_are_usage_errors(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
