import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from hydragraph.domain import Chunk
from hydragraph.retrieval.stores.edge_vectors import EdgeVectors
from hydragraph.retrieval.stores.lexical import (
    FEW_WORDS,
    GRID,
    Candidate,
    CorpusStats,
    LexicalQuery,
    SparseVector,
    document_vector,
    grid_length,
    idf,
    pack_terms,
    rank_small,
    search_bm25,
    stats_of,
    term_key,
)
from hydragraph.retrieval.stores.manifest import ChunkerStamp, ChunkRow, FileEntry, FileRow, Manifest
from hydragraph.retrieval.stores.texts import Store
from hydragraph.text.tokenizer import tokenize

VOCABULARY = [f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"] + ["the", "session", "getUserName", "3.11.2"]

RARE = ["word" + first + second for first in "abcdefghij" for second in "abcdefghijklmnopqrstuvwxyz"]


class MemoryCorpus:
    """Both sides of the lexical leg in memory: what the store says, and a brute-force sparse search."""

    def __init__(self, texts: Sequence[str], average: float | None = None) -> None:
        tokens = [tokenize(text) for text in texts]
        self._frequencies = Counter(term_key(word) for words in tokens for word in set(words))
        self._stats = stats_of(self._frequencies.values(), len(texts), sum(map(len, tokens)))
        self._average = average or grid_length(self._stats.average_length)
        self.ids = [f"{number:032x}" for number in range(len(texts))]
        rows = zip(self.ids, tokens, strict=True)
        self._rows = {key: Candidate(key, f"/{key}", 1, len(words), pack_terms(words)) for key, words in rows}

    def stats(self) -> CorpusStats:
        return self._stats

    def grid_length(self) -> float:
        return self._average

    def document_frequencies(self, keys: Iterable[int]) -> dict[int, int]:
        return {key: self._frequencies[key] for key in keys if key in self._frequencies}

    def candidates(self, chunk_ids: Sequence[str]) -> list[Candidate]:
        return [self._rows[chunk_id] for chunk_id in chunk_ids]

    def search_sparse(self, vector: SparseVector, limit: int) -> list[tuple[str, float]]:
        query = dict(zip(*vector, strict=True))
        found = []
        for row in self._rows.values():
            ids, values = document_vector(row.terms, row.length, self._average)
            score = sum(query.get(term, 0.0) * value for term, value in zip(ids, values, strict=True))
            if query.keys() & set(ids):
                found.append((row.chunk_id, score))
        return sorted(found, key=lambda pair: -pair[1])[:limit]


def okapi(texts: Sequence[str], query: str) -> list[tuple[int, float]]:
    """The definition: rank_bm25 over the same tokens; ties in the order of the texts."""
    scores = BM25Okapi([tokenize(text) for text in texts]).get_scores(tokenize(query))
    found = [(number, float(score)) for number, score in enumerate(scores) if score > 0]
    return sorted(found, key=lambda pair: (-round(pair[1], 9), pair[0]))


def degenerates(texts: Sequence[str]) -> bool:
    """Where BM25Okapi gives zero or negative idf: its average is not positive, or a word is in half the texts."""
    model = BM25Okapi([tokenize(text) for text in texts])
    return bool(model.average_idf <= 0 or 0 in model.idf.values())


def search(source: Any, shard: Any, text: str, limit: int) -> list[tuple[str, float]]:
    return search_bm25(source, shard, LexicalQuery.read(text, source), limit)


def assert_same(found: list[tuple[str, float]], expected: list[tuple[int, float]], ids: Sequence[str]) -> None:
    assert [chunk_id for chunk_id, _ in found] == [ids[number] for number, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-5)


corpora = st.lists(
    st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=30).map(" ".join), min_size=8, max_size=40
)
queries = st.lists(st.sampled_from([*VOCABULARY, "unknown"]), min_size=1, max_size=6).map(" ".join)


@settings(deadline=None, max_examples=30)
@given(corpora.filter(lambda texts: not degenerates(texts)), queries)
def test_scores_and_order_are_those_of_rank_bm25(texts: list[str], query: str) -> None:
    corpus = MemoryCorpus(texts)
    found = search(corpus, corpus, query, 10)
    expected = okapi(texts, query)
    assert [score for _, score in found] == pytest.approx([score for _, score in expected[:10]], abs=1e-5)
    assert dict(found).keys() <= {corpus.ids[number] for number, _ in expected}
    small = rank_small(texts, query)
    assert [score for _, score in small] == pytest.approx([score for _, score in expected], abs=1e-5)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_stored_index_ranks_as_rank_bm25_does(home: Path, seed: int) -> None:
    chance = random.Random(seed)
    weights = [1 / (number + 1) for number in range(len(RARE))]
    texts = [" ".join(chance.choices(RARE, weights, k=chance.randint(3, 60))) for _ in range(250)]
    texts += texts[:40]  # exact ties
    assert not degenerates(texts)
    chunks = [Chunk(f"/t/{n:04d}", 1, 1, text, "", "text") for n, text in enumerate(texts)]
    with Store(home / "index.db", create=True) as store, EdgeVectors.create(home / "v") as shard:
        rows = [ChunkRow.of(chunk, "source") for chunk in chunks]
        files = [FileRow(chunk.path, "/t", 1, 1, 1, 1, 1, "h", ChunkerStamp(1, False, "none")) for chunk in chunks]
        Manifest(store).commit([FileEntry(file, (row,)) for file, row in zip(files, rows, strict=True)])
        shard.add([(row.id, document_vector(row.terms, row.length, store.grid_length())) for row in rows])
        for _ in range(15):
            query = " ".join(chance.choices(RARE, weights, k=chance.randint(1, 5)))
            assert_same(search(store, shard, query, 10), okapi(texts, query)[:10], [row.id for row in rows])


def test_the_grid_is_a_function_of_the_average_alone_and_close_to_it() -> None:
    for average in (0.5, 1, 17.3, 64, 812.25):
        assert grid_length(average) == grid_length(grid_length(average))
        assert abs(math.log(grid_length(average) / average)) <= math.log(GRID) / 2 + 1e-9


def test_a_query_of_many_words_scores_as_one_of_few() -> None:
    chance = random.Random(6)
    texts = [" ".join(chance.choices(RARE, k=40)) for _ in range(60)]
    corpus = MemoryCorpus(texts)
    long = " ".join(RARE[: FEW_WORDS * 2])
    assert_same(search(corpus, corpus, long, 10), okapi(texts, long)[:10], corpus.ids)


def test_no_chunk_scores_more_than_the_most() -> None:
    corpus = MemoryCorpus(["alpha " * 500, "beta gamma", "gamma delta"])
    query = LexicalQuery.read("alpha gamma", corpus)
    assert 0 < search_bm25(corpus, corpus, query, 1)[0][1] < query.most


def test_weights_far_from_the_true_average_still_give_the_exact_ranking() -> None:
    chance = random.Random(5)
    texts = [" ".join(chance.choices(RARE, k=chance.randint(2, 50))) for _ in range(300)]
    corpus = MemoryCorpus(texts, average=60.0)
    for query in ("worda wordab", "wordaa wordba wordz", "wordcd"):
        assert_same(search(corpus, corpus, query, 5), okapi(texts, query)[:5], corpus.ids)


def test_ties_go_by_path_and_line_even_where_there_are_more_than_candidates() -> None:
    corpus = MemoryCorpus(["same words here"] * 150 + ["other text"] * 200)
    assert [chunk_id for chunk_id, _ in search(corpus, corpus, "same", 5)] == corpus.ids[:5]


def test_words_that_share_a_sparse_id_are_told_apart_by_the_exact_score() -> None:
    word, other = "cqrbp", "cfpcf"
    assert term_key(word) != term_key(other)
    assert term_key(word) & 0xFFFFFFFF == term_key(other) & 0xFFFFFFFF
    corpus = MemoryCorpus([word, other, *["filler text"] * 20])
    assert [chunk_id for chunk_id, _ in search(corpus, corpus, word, 5)] == corpus.ids[:1]
    assert [chunk_id for chunk_id, _ in search(corpus, corpus, other, 5)] == corpus.ids[1:2]


@pytest.mark.parametrize(
    ("n", "chunks", "expected"),
    [(1, 1, math.log1p(0.5 / 1.5)), (2, 4, math.log1p(2.5 / 2.5)), (2, 2, math.log1p(0.5 / 2.5))],
)
def test_where_okapi_degenerates_idf_stays_positive(n: int, chunks: int, expected: float) -> None:
    assert idf(n, stats_of([n], chunks, 10)) == pytest.approx(expected)


def test_a_word_in_most_chunks_gets_okapis_floor() -> None:
    stats = stats_of([9, *[1] * 50], 10, 100)
    model_average = (math.log(1.5 / 9.5) + 50 * math.log(9.5 / 1.5)) / 51
    assert idf(9, stats) == pytest.approx(0.25 * model_average)


@pytest.mark.parametrize("texts", [[], ["", ""], ["..."]])
def test_nothing_to_rank(texts: list[str]) -> None:
    assert rank_small(texts, "word") == []


def test_one_text_alone_is_found() -> None:
    assert [number for number, _ in rank_small(["alpha beta"], "alpha")] == [0]
    corpus = MemoryCorpus(["alpha beta"])
    score = rank_small(["alpha beta"], "alpha")[0][1]
    assert search(corpus, corpus, "alpha", 3) == [(corpus.ids[0], pytest.approx(score))]


def test_a_query_of_unknown_words_finds_nothing() -> None:
    corpus = MemoryCorpus(["alpha", "beta"])
    assert search(corpus, corpus, "gamma !?", 3) == []
