"""What a snapshot keeps changes what is read from the disk, never what is found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hydragraph.domain import Chunk
from hydragraph.retrieval.search.search_state import Snapshot
from hydragraph.retrieval.stores.lexical import Candidate, term_key
from hydragraph.retrieval.stores.manifest import ChunkerStamp, ChunkRow, FileEntry, FileRow, Manifest
from hydragraph.retrieval.stores.texts import Store

STAMP = ChunkerStamp(1, False, "none")
WORDS = ("amber", "birch", "cedar", "delta", "ember")


class CountingStore(Store):
    """Counts how often the words of chunks are read."""

    reads = 0

    def candidates(self, chunk_ids: Sequence[str]) -> list[Candidate]:
        self.reads += 1
        return super().candidates(chunk_ids)

    def document_frequencies(self, keys: object) -> dict[int, int]:
        self.reads += 1
        return super().document_frequencies(keys)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> CountingStore:
    store = CountingStore(tmp_path / "index.db", create=True)
    chunks = [Chunk(f"/t/{n}", 1, 1, f"{word} stone", "", "text") for n, word in enumerate(WORDS)]
    files = [
        FileEntry(FileRow(it.path, "/t", 1, 1, 1, 1, 1, "h", STAMP), (ChunkRow.of(it, "source"),)) for it in chunks
    ]
    Manifest(store).commit(files)
    return store


def search(snapshot: Snapshot, word: str) -> tuple[dict[int, int], list[Candidate]]:
    frequencies = snapshot.document_frequencies([term_key(word), term_key("stone"), term_key("nowhere")])
    return frequencies, snapshot.candidates([place.chunk_id for place in snapshot.places[:3]])


@pytest.mark.parametrize("limit", [100, 2])
def test_each_search_finds_the_same(store: CountingStore, limit: int) -> None:
    with store:
        snapshot = Snapshot(store, remembered=limit, known_words=limit)
        found = [search(snapshot, word) for word in WORDS]
        ids = [place.chunk_id for place in snapshot.places[:3]]
        assert [frequencies for frequencies, _ in found] == [
            {term_key(word): 1, term_key("stone"): 5} for word in WORDS
        ]
        assert [[it.chunk_id for it in candidates] for _, candidates in found] == [ids] * len(WORDS)
        assert snapshot.candidates(["gone"]) == []


def test_from_the_third_search_on_nothing_is_read(store: CountingStore) -> None:
    with store:
        snapshot = Snapshot(store)
        search(snapshot, WORDS[0])
        assert store.reads == 2
        search(snapshot, WORDS[1])
        snapshot.candidates([place.chunk_id for place in snapshot.places])
        before = store.reads
        for word in WORDS:
            snapshot.document_frequencies([term_key(word)])
            snapshot.candidates([place.chunk_id for place in snapshot.places])
        assert store.reads == before
