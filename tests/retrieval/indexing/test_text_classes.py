"""The order in which texts are embedded, what is not embedded, and how far each class is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from hydragraph.evals.kill_child import HashingEmbedder
from hydragraph.retrieval.indexing.progress import Progress
from hydragraph.retrieval.indexing.run import IndexOptions, index
from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection

PO = 'msgid "zebra crossing"\nmsgstr "Zebrastreifen"\n'


class RecordingEmbedder(HashingEmbedder):
    """Keeps the first lines of the texts that it embeds, and stops as Ctrl-C would before text number `stop_at`."""

    def __init__(self, stop_at: int = 1_000_000) -> None:
        super().__init__("recording")
        self.texts: list[str] = []
        self._stop_at = stop_at

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        if len(self.texts) >= self._stop_at:
            raise KeyboardInterrupt
        self.texts += [text.splitlines()[0] for text in texts]
        return super().embed(texts)


@pytest.fixture
def mixed(tmp_path: Path, write: Callable[[Path, str], Path]) -> Path:
    folder = tmp_path / "mixed"
    write(folder / "CHANGELOG.md", "# Changes\n\nThe zebra was added.\n")
    write(folder / "a_guide.md", "# Guide\n\nHow the zebra is used.\n")
    write(folder / "locale" / "de.po", PO)
    write(folder / "tests" / "test_zebra.py", "def test_zebra():\n    assert zebra() == 1\n")
    write(folder / "zebra.py", "def zebra():\n    return 1\n")
    return folder


def test_source_is_embedded_first_and_data_not_at_all(docs: Collection, mixed: Path) -> None:
    embedder = RecordingEmbedder()
    report = index(docs, [mixed], embedder)
    assert [name.rpartition("/")[2] for name in embedder.texts] == [
        "zebra.py",
        "a_guide.md",
        "test_zebra.py",
        "CHANGELOG.md",
    ]
    assert report.classes == {"source": (1, 1), "documentation": (1, 1), "tests": (1, 1), "other": (1, 1)}
    assert (report.chunks, report.embedded, report.dense_ready) == (5, 4, 1.0)


def test_data_is_found_by_its_words(docs: Collection, mixed: Path) -> None:
    index(docs, [mixed], RecordingEmbedder())
    searcher = LocalSearcher(docs.home, docs.name)
    assert Path(searcher.search_now("Zebrastreifen").hits[0].path).name == "de.po"
    searcher.close()


def test_data_is_embedded_last_where_a_setting_says_so_and_owed_no_more_where_it_does_not(
    docs: Collection, mixed: Path, write: Callable[[Path, str], Path]
) -> None:
    index(docs, [mixed], RecordingEmbedder())
    embedder = RecordingEmbedder()
    report = index(docs, [mixed], embedder, options=IndexOptions(embed_data=True))
    assert [name.rpartition("/")[2] for name in embedder.texts] == ["de.po"]
    assert (report.classes["data"], report.dense_ready) == ((1, 1), 1.0)
    write(mixed / "locale" / "fr.po", PO.replace("Zebrastreifen", "passage"))
    with pytest.raises(KeyboardInterrupt):
        index(docs, [mixed], RecordingEmbedder(stop_at=0), options=IndexOptions(embed_data=True))
    report = index(docs, [mixed], RecordingEmbedder(stop_at=0))
    assert (report.embedded, report.dense_ready, "data" in report.classes) == (0, 1.0, False)


def test_progress_says_how_far_each_class_is(docs: Collection, mixed: Path) -> None:
    heard: list[Progress] = []
    index(docs, [mixed], RecordingEmbedder(), heard.append)
    first, *_, last = [progress for progress in heard if progress.stage == "dense"]
    assert [(one.text_class, one.done, one.total) for one in first.classes] == [
        ("source", 0, 1),
        ("documentation", 0, 1),
        ("tests", 0, 1),
        ("other", 0, 1),
    ]
    assert [(one.text_class, one.done) for one in last.classes] == [
        ("source", 1),
        ("documentation", 1),
        ("tests", 1),
        ("other", 1),
    ]


def test_search_says_which_class_of_its_hits_is_not_ready(docs: Collection, mixed: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        index(docs, [mixed], RecordingEmbedder(stop_at=0))
    searcher = LocalSearcher(docs.home, docs.name)
    result = searcher.search_now("how the zebra is used", limit=10)
    assert result.dense_by_class == {"source": 0.0, "documentation": 0.0, "tests": 0.0, "other": 0.0}
    assert searcher.search_now("Zebrastreifen", limit=1).dense_by_class == {}
    searcher.close()
    index(docs, [mixed], RecordingEmbedder())
    searcher = LocalSearcher(docs.home, docs.name)
    assert searcher.search_now("how the zebra is used").dense_by_class == {}
    searcher.close()
