"""What a state keeps changes what is read from the disk, never what is found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hydragraph.domain import Chunk
from hydragraph.retrieval.search.search_state import SearchState
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


def ids_of(store: Store) -> list[str]:
    return sorted(store.chunk_ids())


def search(state: SearchState, word: str, ids: Sequence[str]) -> tuple[dict[int, int], list[Candidate]]:
    frequencies = state.document_frequencies([term_key(word), term_key("stone"), term_key("nowhere")])
    return frequencies, state.candidates(ids)


@pytest.mark.parametrize("limit", [100, 2])
def test_each_search_finds_the_same(store: CountingStore, limit: int) -> None:
    with store:
        state = SearchState(store, remembered=limit, known_words=limit)
        ids = ids_of(store)[:3]
        found = [search(state, word, ids) for word in WORDS]
        assert [frequencies for frequencies, _ in found] == [
            {term_key(word): 1, term_key("stone"): 5} for word in WORDS
        ]
        assert [[it.chunk_id for it in candidates] for _, candidates in found] == [ids] * len(WORDS)
        assert state.candidates(["gone"]) == []
        assert [place.chunk_id for place in state.places(["gone", *ids, ids[0]]).values()] == ids


def test_what_was_asked_for_once_is_not_read_again(store: CountingStore) -> None:
    with store:
        state = SearchState(store)
        ids = ids_of(store)
        search(state, WORDS[0], ids[:3])
        assert store.reads == 2
        search(state, WORDS[0], ids[:2])
        assert store.reads == 2
        search(state, WORDS[1], ids[3:])
        assert store.reads == 4


def test_a_state_begins_with_nothing_of_any_one_chunk(store: CountingStore) -> None:
    with store:
        SearchState(store)
        assert store.reads == 0
