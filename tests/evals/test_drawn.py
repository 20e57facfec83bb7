"""Drawn collections: the same for a seed, with vectors that lie near where texts share words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hydragraph.errors import UsageError
from hydragraph.evals.drawn import DrawnEmbedder, draw, index_drawn, write_texts
from hydragraph.models.embedders.minilm import MiniLM


def test_what_is_drawn_comes_from_the_seed_alone() -> None:
    drawn = draw(20, 5, seed=3)
    assert (len(drawn.texts), len(drawn.questions)) == (20, 5)
    assert drawn == draw(20, 5, seed=3)
    assert drawn != draw(20, 5, seed=4)
    assert len(set(drawn.texts)) == 20
    assert all(question.endswith("?") for question in drawn.questions)


def test_a_larger_draw_begins_with_the_smaller_one_and_asks_the_same() -> None:
    small, large = draw(5, 3, seed=3), draw(9, 3, seed=3)
    assert large.texts[:5] == small.texts
    assert large.questions == small.questions


def test_a_texts_vector_is_its_own_and_of_length_one() -> None:
    embedder, kept = DrawnEmbedder(), DrawnEmbedder()
    kept.keep(["one", "two"])
    vectors = embedder.embed(["one", "two", "one"])
    assert vectors.shape == (3, 384)
    assert np.array_equal(vectors[0], vectors[2])
    assert not np.allclose(vectors[0], vectors[1])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.array_equal(kept.embed(["one", "two", "one"]), vectors)


def test_texts_that_share_words_are_nearer_than_others() -> None:
    words = " ".join(draw(1, 0, seed=1).texts).lower().split()[:40]
    first, second, other = " ".join(words[:30]), " ".join(words[5:35]), draw(1, 0, seed=9).texts[0]
    vectors = DrawnEmbedder().embed([first, second, other])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.1


def test_drawn_vectors_can_carry_another_embedders_stamp() -> None:
    like = DrawnEmbedder(like=MiniLM(Path("nowhere")))
    assert (like.name, like.dimension) == ("all-MiniLM-L6-v2", 384)


def test_a_file_that_says_it_already_is_left_alone(tmp_path: Path) -> None:
    texts = draw(12, 0, seed=1).texts
    write_texts(texts, tmp_path)
    first, second = sorted(tmp_path.rglob("*.md"))
    assert first.read_text().split("\n\n")[-1].strip() == texts[9]
    before = first.stat().st_mtime_ns
    second.write_text("changed")
    write_texts(texts, tmp_path)
    assert first.stat().st_mtime_ns == before
    assert second.read_text() == "\n\n".join(texts[10:]) + "\n"


def test_every_text_is_a_chunk_and_a_second_run_reads_nothing(tmp_path: Path) -> None:
    texts = draw(25, 0, seed=1).texts
    report = index_drawn(texts, DrawnEmbedder(), tmp_path / "home", "small")
    assert (report.chunks, report.read, report.embedded) == (25, 3, 25)
    assert index_drawn(texts, DrawnEmbedder(), tmp_path / "home", "small").read == 0
    with pytest.raises(UsageError, match=r"Expected a chunk for each of 20 texts in .*small-texts, got 25"):
        index_drawn(texts[:20], DrawnEmbedder(), tmp_path / "home", "small")
