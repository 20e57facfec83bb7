"""The sample of a tree: which files, by what rule, and how much of the tree they are."""

from __future__ import annotations

from pathlib import Path

from hydragraph.evals.tree_sample import Sample, TextFile, sample_of, texts_of


def test_every_file_that_an_index_reads_has_its_class_and_length(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "store.py").write_text("x = 1")
    (tmp_path / "tests" / "test_store.py").write_text("assert 1")
    (tmp_path / "guide.md").write_text("# Guide")
    (tmp_path / "terms.po").write_text('msgid "one"')
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "picture.py").write_bytes(b"\0\1\2")

    assert sorted(texts_of(tmp_path), key=lambda file: file.path) == [
        TextFile("guide.md", "documentation", 7),
        TextFile("store.py", "source", 5),
        TextFile("terms.po", "data", 11),
        TextFile("tests/test_store.py", "tests", 8),
    ]


def test_a_sample_takes_every_nth_file_of_a_class_by_size() -> None:
    source = [TextFile(f"{number}.py", "source", 10 * number) for number in range(1, 8)]
    other = [TextFile("LICENSE", "other", 40)]

    sample = sample_of([*reversed(source), *other], 3)

    assert [file.path for file in sample.files] == ["2.py", "5.py", "LICENSE"]
    assert sample.ratios == {"source": 280 / 70, "other": 1.0}
    assert sample.ratio == 320 / 110


def test_files_keep_their_place_in_the_copy(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "tests").mkdir(parents=True)
    (tree / "tests" / "a.py").write_text("a = 1")
    (tree / "b.py").write_text("b = 1")
    sample = Sample((TextFile("tests/a.py", "tests", 5),), {"tests": 1.0}, 2.0)

    folder = sample.copy(tree, tmp_path / "sample")

    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*.py")] == ["tests/a.py"]
    assert (folder / "tests" / "a.py").read_text() == "a = 1"
