"""What every VectorIndex does, and that all of them do the same: Edge, Qdrant's local mode, and Qdrant over HTTP."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from rank_bm25 import BM25Okapi

from hydragraph.errors import IndexCorruptError
from hydragraph.retrieval.stores.edge_config import optimize_shard
from hydragraph.retrieval.stores.edge_vectors import EdgeStores
from hydragraph.retrieval.stores.lexical import (
    Candidate,
    CorpusStats,
    LexicalQuery,
    document_vector,
    pack_terms,
    search_bm25,
    stats_of,
    term_key,
)
from hydragraph.retrieval.stores.protocols import VectorIndex, VectorStores
from hydragraph.retrieval.stores.qdrant_stores import QdrantFolderStores, QdrantServerStores
from hydragraph.settings import QdrantConfig
from hydragraph.text.tokenizer import tokenize
from qdrant_http import qdrant_server

A, B, C, D = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)
MODEL = "model:3"
ENGINES = ("edge", "folder", "server")


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


OpenStores = Callable[[str], VectorStores]


@pytest.fixture
def open_stores(home: Path) -> Iterator[OpenStores]:
    """By the name of an engine; the server is started once."""
    with ExitStack() as stack:
        servers = []

        def opened(engine: str) -> VectorStores:
            if engine == "edge":
                return EdgeStores(home)
            if engine == "folder":
                return QdrantFolderStores(home / "qdrant", "uid1", "docs")
            if not servers:
                servers.append(stack.enter_context(qdrant_server()))
            return QdrantServerStores(QdrantConfig(url=servers[0].url), "uid1", "docs")

        yield opened


@pytest.fixture(params=ENGINES)
def stores(request: pytest.FixtureRequest, open_stores: OpenStores) -> VectorStores:
    return open_stores(request.param)


def test_sparse_and_dense_live_in_one_point_and_survive_reopening(stores: VectorStores) -> None:
    with stores.create(1) as index:
        index.add([(A, ([1, 4294967295], [1.5, 0.25])), (B, ([1], [0.5])), (C, ([], []))])
        index.set_dense(MODEL, [(A, unit(1, 0, 0)), (B, unit(1, 1, 0))])
        assert (index.count(), index.count(MODEL), index.count("other:3")) == (3, 2, 0)
        index.flush()
    with stores.load(1) as index:
        assert index.search_sparse(([1], [2.0]), 10) == [(A, 3.0), (B, 1.0)]
        assert [chunk_id for chunk_id, _ in index.search_dense(MODEL, unit(0, 1, 0), 1)] == [B]
        points = {chunk_id: (sparse, dense) for chunk_id, sparse, dense in index.points(MODEL)}
        assert points[A] == (([1, 4294967295], [1.5, 0.25]), [1.0, 0.0, 0.0])
        assert points[C] == (([], []), None)
        assert [dense for _, _, dense in index.points()] == [None, None, None]


def test_a_search_finds_only_points_that_share_a_term_and_no_more_than_asked_for(stores: VectorStores) -> None:
    with stores.create(1) as index:
        index.add([(A, ([1], [1.0])), (B, ([2], [1.0])), (C, ([1, 2], [2.0, 2.0]))])
        assert index.search_sparse(([1], [1.0]), 5) == [(C, 2.0), (A, 1.0)]
        assert index.search_sparse(([1], [1.0]), 1) == [(C, 2.0)]
        assert index.search_sparse(([9], [1.0]), 5) == []
        assert index.search_sparse(([], []), 5) == []


def test_new_weights_keep_the_dense_vector_and_a_new_point_drops_it(stores: VectorStores) -> None:
    with stores.create(1) as index:
        index.add([(A, ([1], [1.0]))])
        index.set_dense(MODEL, [(A, unit(0, 0, 1))])
        index.set_sparse([(A, ([2], [3.0]))])
        assert index.search_sparse(([1], [1.0]), 5) == []
        assert index.search_sparse(([2], [1.0]), 5) == [(A, 3.0)]
        assert index.count(MODEL) == 1
        index.add([(A, ([2], [3.0]))])
        assert index.count(MODEL) == 0
        assert index.search_dense(MODEL, unit(0, 0, 1), 5) == []


def test_ids_that_are_not_there_are_no_error(stores: VectorStores) -> None:
    with stores.create(1) as index:
        index.add([(A, ([1], [1.0])), (B, ([1], [2.0])), (C, ([1], [0.5]))])
        index.delete([A])
        index.delete([A, D])
        index.set_sparse([(B, ([1], [3.0])), (D, ([1], [9.0])), (C, ([1], [1.5]))])
        index.set_dense(MODEL, [(D, unit(0, 0, 1)), (C, unit(0, 1, 0))])
        index.set_sparse([(D, ([1], [9.0]))])
        assert index.search_sparse(([1], [1.0]), 5) == [(B, 3.0), (C, 1.5)]
        assert index.search_dense(MODEL, unit(0, 1, 0), 5) == [(C, 1.0)]
        assert (index.count(), index.count(MODEL)) == (2, 1)


def test_vectors_of_two_embedders_stand_beside_each_other_until_one_is_dropped(stores: VectorStores) -> None:
    with stores.create(1) as index:
        index.add([(A, ([1], [1.0])), (B, ([1], [1.0]))])
        index.set_dense("old:2", [(A, unit(1, 0)), (B, unit(0, 1))])
        index.set_dense(MODEL, [(A, unit(1, 0, 0))])
        assert [chunk_id for chunk_id, _ in index.search_dense("old:2", unit(0, 1), 1)] == [B]
        index.drop_dense_but(MODEL)
        assert index.search_dense("old:2", unit(0, 1), 1) == []
        assert [chunk_id for chunk_id, _ in index.search_dense(MODEL, unit(1, 0, 0), 5)] == [A]
    with stores.load(1) as index:
        assert (index.count("old:2"), index.count(MODEL)) == (0, 1)


def test_points_come_in_the_order_of_ids_over_several_pages(stores: VectorStores) -> None:
    ids = [f"{number:032x}" for number in range(1, 2204)]
    with stores.create(1) as index:
        index.add([(chunk_id, ([7], [1.0])) for chunk_id in reversed(ids)])
        assert [chunk_id for chunk_id, _, _ in index.points()] == ids


def test_indexes_of_one_collection_stand_beside_each_other_under_their_numbers(stores: VectorStores) -> None:
    for number in (1, 2, 12):
        with stores.create(number) as index:
            index.add([(A, ([1], [float(number)]))])
    assert stores.numbers() == [1, 2, 12]
    stores.drop_but(12)
    stores.drop_but(12)
    assert stores.numbers() == [12]
    with stores.load(12) as index:
        assert index.search_sparse(([1], [1.0]), 5) == [(A, 12.0)]
    stores.drop_but(None)
    assert stores.numbers() == []


def test_an_index_that_is_gone_says_how_to_make_it_again(stores: VectorStores) -> None:
    with pytest.raises(IndexCorruptError, match=r"it is gone\. Run `hydragraph index PATH --name "):
        stores.load(1)


def test_what_is_exclusive_knows_no_host_and_the_other_way_round(stores: VectorStores) -> None:
    with stores.create(1) as index:
        assert index.is_exclusive == stores.is_exclusive == (stores.host == "")


# --- all engines alike


class Steps:
    """Random operations from a seed, the same on every index."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._ids = [f"{number:032x}" for number in range(1, 41)]

    def __iter__(self) -> Iterator[Callable[[VectorIndex], object]]:
        for _ in range(60):
            yield self._random.choice((self._add, self._add, self._set_sparse, self._dense, self._delete, self._drop))()

    def _some(self) -> list[str]:
        return self._random.sample(self._ids, self._random.randint(1, 12))

    def _sparse(self) -> tuple[list[int], list[float]]:
        ids = sorted(self._random.sample(range(12), self._random.randint(0, 6)))
        return ids, [self._random.uniform(0.1, 3.0) for _ in ids]

    def _add(self) -> Callable[[VectorIndex], object]:
        items = [(chunk_id, self._sparse()) for chunk_id in self._some()]
        return lambda index: index.add(items)

    def _set_sparse(self) -> Callable[[VectorIndex], object]:
        items = [(chunk_id, self._sparse()) for chunk_id in self._some()]
        return lambda index: index.set_sparse(items)

    def _dense(self) -> Callable[[VectorIndex], object]:
        stamp = self._random.choice(("one:4", "two:4"))
        items = [(chunk_id, unit(*(self._random.gauss(0, 1) for _ in range(4)))) for chunk_id in self._some()]
        return lambda index: index.set_dense(stamp, items)

    def _delete(self) -> Callable[[VectorIndex], object]:
        ids = self._some()[:4]
        return lambda index: index.delete(ids)

    def _drop(self) -> Callable[[VectorIndex], object]:
        return (lambda index: index.drop_dense_but("one:4")) if self._random.random() < 0.2 else self._add()


def seen(index: VectorIndex, seed: int) -> list[list[tuple[str, float]]]:
    """What an index answers to random queries, equal scores in the order of ids."""
    draw = random.Random(seed)
    lists = []
    for _ in range(10):
        ids = sorted(draw.sample(range(12), 3))
        lists.append(index.search_sparse((ids, [draw.uniform(0.1, 5) for _ in ids]), 100))
        query = unit(*(draw.gauss(0, 1) for _ in range(4)))
        lists += [index.search_dense(stamp, query, 100) for stamp in ("one:4", "two:4")]
    return [sorted(found, key=lambda pair: (-round(pair[1], 4), pair[0])) for found in lists]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("other", ENGINES[1:])
def test_random_operations_leave_the_same_index(seed: int, other: str, open_stores: OpenStores) -> None:
    with open_stores("edge").create(1) as edge, open_stores(other).create(1) as qdrant:
        for step in Steps(seed):
            step(edge)
            step(qdrant)
        assert_alike(edge, qdrant, seed)


def assert_alike(one: VectorIndex, two: VectorIndex, seed: int) -> None:
    for stamp in (None, "one:4", "two:4"):
        assert one.count(stamp) == two.count(stamp)
    for left, right in zip(seen(one, seed), seen(two, seed), strict=True):
        assert [chunk_id for chunk_id, _ in left] == [chunk_id for chunk_id, _ in right]
        assert [score for _, score in left] == pytest.approx([score for _, score in right], abs=1e-5)
    for first, second in zip(one.points("one:4"), two.points("one:4"), strict=True):
        assert (first[0], first[1][0], first[2] is None) == (second[0], second[1][0], second[2] is None)
        assert first[1][1] == pytest.approx(second[1][1], abs=1e-6)
        assert (first[2] or []) == pytest.approx(second[2] or [], abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_an_optimized_shard_is_the_same_index_and_goes_on_as_one(seed: int, home: Path) -> None:
    for folder in ("plain", "optimized"):
        (home / folder).mkdir()
    plain, optimized = EdgeStores(home / "plain"), EdgeStores(home / "optimized")
    with plain.create(1) as one, optimized.create(1) as two:
        for step in Steps(seed):
            step(one)
            step(two)
    optimize_shard(optimized.place(1))
    with plain.load(1) as one, optimized.load(1) as two:
        assert_alike(one, two, seed)
        for step in Steps(seed + 100):
            step(one)
            step(two)
        assert_alike(one, two, seed + 1)


def test_a_search_over_codes_finds_what_an_exact_one_finds(home: Path) -> None:
    """Vectors with structure, as texts have them: sums of the vectors of frequent and rare words, and noise."""
    draw = np.random.default_rng(3)
    words = draw.standard_normal((2000, 384))
    share = 1 / np.arange(1, 2001)
    texts = draw.choice(2000, (3000, 20), p=share / share.sum())
    vectors = words[texts].sum(axis=1) + draw.standard_normal((3000, 384))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    ids = [f"{number:032x}" for number in range(1, 3001)]
    stores = EdgeStores(home)
    with stores.create(1) as index:
        index.add([(chunk_id, ([1], [1.0])) for chunk_id in ids])
        index.set_dense("m:384", list(zip(ids, vectors, strict=True)))
        exact = [index.search_dense("m:384", query, 30) for query in vectors[::60]]
    optimize_shard(stores.place(1))
    with stores.load(1) as index:
        found = [index.search_dense("m:384", query, 30) for query in vectors[::60]]
    pairs = list(zip(exact, found, strict=True))
    same = [len({key for key, _ in left[:10]} & {key for key, _ in right[:10]}) / 10 for left, right in pairs]
    assert sum(same) / len(same) >= 0.98
    for left, right in pairs:
        assert [score for _, score in left[:5]] == pytest.approx([score for _, score in right[:5]], abs=1e-5)


class Words:
    """A corpus in memory as BM25 reads it."""

    def __init__(self, texts: dict[str, list[str]]) -> None:
        self._texts = texts
        self.frequencies: dict[int, int] = {}
        for words in texts.values():
            for word in set(words):
                self.frequencies[term_key(word)] = self.frequencies.get(term_key(word), 0) + 1
        self._stats = stats_of(self.frequencies.values(), len(texts), sum(map(len, texts.values())))

    def stats(self) -> CorpusStats:
        return self._stats

    def grid_length(self) -> float:
        return self._stats.average_length

    def document_frequencies(self, keys: Iterable[int]) -> dict[int, int]:
        return {key: self.frequencies[key] for key in keys if key in self.frequencies}

    def candidates(self, chunk_ids: Sequence[str]) -> list[Candidate]:
        return [
            Candidate(chunk_id, chunk_id, 1, len(self._texts[chunk_id]), pack_terms(self._texts[chunk_id]))
            for chunk_id in chunk_ids
        ]


def test_the_scores_are_those_of_rank_bm25(stores: VectorStores) -> None:
    draw = random.Random(11)
    vocabulary = sorted({tokenize(a + b)[0] for a in "bcdfghjk" for b in ("amp", "ent", "irk", "old", "urn")})
    texts = {f"{n:032x}": draw.choices(vocabulary, k=draw.randint(3, 20)) for n in range(1, 301)}
    source = Words(texts)
    oracle = BM25Okapi(list(texts.values()))
    with stores.create(1) as index:
        average = source.grid_length()
        index.add([(key, document_vector(pack_terms(words), len(words), average)) for key, words in texts.items()])
        for _ in range(20):
            query = draw.choices(vocabulary, k=3)
            scores = dict(zip(texts, oracle.get_scores(tokenize(" ".join(query))).tolist(), strict=True))
            found = search_bm25(source, index, LexicalQuery.read(" ".join(query), source), 10)
            best = sorted((score for score in scores.values() if score > 0), reverse=True)[:10]
            assert [score for _, score in found] == pytest.approx(best, abs=1e-5)
            assert [score for _, score in found] == pytest.approx([scores[key] for key, _ in found], abs=1e-5)
            raw = index.search_sparse(LexicalQuery.read(" ".join(query), source).vector, 10)
            assert [score for _, score in raw] == pytest.approx(best, abs=1e-4)
