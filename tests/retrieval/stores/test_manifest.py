from collections import Counter
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hydragraph.domain import Chunk, Reference
from hydragraph.retrieval.stores.lexical import stats_of, term_key
from hydragraph.retrieval.stores.manifest import ChunkerStamp, ChunkRow, FileEntry, FileRow, Manifest
from hydragraph.retrieval.stores.owed import Owed
from hydragraph.retrieval.stores.texts import Store
from hydragraph.text.tokenizer import tokenize

SOME_TEXTS = ["alpha beta", "beta gamma gamma", "getName()", "delta", ""]
edits = st.lists(
    st.tuples(st.sampled_from(["/t/a", "/t/b", "/t/c"]), st.lists(st.sampled_from(SOME_TEXTS), max_size=4)),
    min_size=1,
    max_size=12,
)


def entry(path: str, *texts: str, header: str = "head", references: tuple[Reference, ...] = ()) -> FileEntry:
    chunks = [Chunk(path, line, line, text, header, "text") for line, text in enumerate(texts, 1)]
    row = FileRow(path, "/t", 1, 2, 3, 4, 5, "hash", ChunkerStamp(1, False, "none"))
    return FileEntry(row, tuple(ChunkRow.of(chunk, "source") for chunk in chunks), references)


def chunk_ids(store: Store, path: str) -> set[str]:
    return {row[0] for row in store.execute("SELECT id FROM chunks WHERE path = ?", (path,))}


def carry_all(store: Store) -> None:
    store.outbox.drop("sparse")
    store.outbox.drop("dense")


@settings(deadline=None, max_examples=15)
@given(edits)
def test_after_any_edits_the_statistics_are_those_of_what_is_there(
    tmp_path_factory: object, history: list[tuple[str, list[str]]]
) -> None:
    with Store(Path(tmp_path_factory.mktemp("db")) / "index.db", create=True) as store:  # type: ignore[attr-defined]
        manifest = Manifest(store)
        for path, texts in history:
            manifest.commit([entry(path, *texts)] if texts else [], [] if texts else [path])
        now = {path: texts for path, texts in history}
        lexical = [tokenize(f"head\n{text}") for texts in now.values() for text in texts]
        expected = Counter(term_key(word) for words in lexical for word in set(words))
        assert dict(store.execute("SELECT term, n FROM terms")) == expected
        assert store.stats() == stats_of(expected.values(), len(lexical), sum(map(len, lexical)))
        leftovers = "SELECT (SELECT COUNT(*) FROM texts) - (SELECT COUNT(*) FROM chunks)"
        assert store.execute(leftovers).fetchone() == (0,)


def test_chunks_that_did_not_change_keep_their_vectors(tmp_path: Path) -> None:
    with Store(tmp_path / "index.db", create=True) as store:
        manifest = Manifest(store)
        manifest.commit([entry("/t/a", "first", "second")])
        first, second = store.chunk_ids()
        carry_all(store)
        manifest.commit([entry("/t/a", "first", "changed")])
        [changed] = set(store.chunk_ids()) - {first}
        assert store.outbox.owed("sparse", 9) == [Owed(second, "delete", 0), Owed(changed, "put", 1)]
        assert store.outbox.owed("dense", 9) == [Owed(changed, "put", 0)]


def test_another_header_is_another_vector(tmp_path: Path) -> None:
    with Store(tmp_path / "index.db", create=True) as store:
        manifest = Manifest(store)
        manifest.commit([entry("/t/a", "same")])
        carry_all(store)
        manifest.commit([entry("/t/a", "same", header="moved")])
        [same] = store.chunk_ids()
        assert store.outbox.owed("sparse", 9) == [Owed(same, "put", 1)]
        assert store.outbox.owed("dense", 9) == [Owed(same, "put", 0)]
        [chunk] = store.chunks(chunk_ids(store, "/t/a")).values()
        assert chunk.header == "moved"


def test_a_transaction_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    good = entry("/t/a", "alpha")
    bad = FileEntry(good.row, good.chunks, (Reference("0" * 32, "calls", "f"),))  # of a chunk that is not there
    with Store(tmp_path / "index.db", create=True) as store:
        manifest = Manifest(store)
        try:
            manifest.commit([bad])
        except KeyError:
            pass
        else:
            raise AssertionError("a reference of no chunk was taken")
        assert store.counts().chunks == 0
        manifest.commit([good])
        assert store.document_frequencies([term_key("alpha")]) == {term_key("alpha"): 1}


def test_references_are_found_by_chunk_and_go_with_their_file(tmp_path: Path) -> None:
    first, second = (
        ChunkRow.of(Chunk("/t/a", line, line, f"text {line}", "", "python"), "source").id for line in (1, 2)
    )
    references = (
        Reference(first, "defines", "pkg.Session.commit"),
        Reference(second, "calls", "self.commit"),
        Reference(second, "calls", "self.commit"),
        Reference(second, "links", "docs/guide.md#top"),
        Reference(second, "mentions", "Blue Harbor"),
    )
    with Store(tmp_path / "index.db", create=True) as store:
        Manifest(store).commit([entry("/t/a", "text 1", "text 2", header="", references=references)])
        assert store.references([first]) == [references[0]]
        assert store.references([second]) == sorted(set(references[1:]))
        assert store.counts().references == 4
        Manifest(store).commit([], ["/t/a"])
        assert store.counts().references == 0


def test_the_text_that_was_extracted_from_a_file_is_kept_as_long_as_the_file(tmp_path: Path) -> None:
    with Store(tmp_path / "index.db", create=True) as store:
        manifest = Manifest(store)
        manifest.commit([replace(entry("/t/a.pdf", "page"), extract="page\n"), entry("/t/b.py", "text")])
        assert (store.extract("/t/a.pdf"), store.extract("/t/b.py")) == ("page\n", None)
        manifest.commit([], ["/t/a.pdf"])
        assert store.extract("/t/a.pdf") is None


def test_places_and_texts_of_chunks(tmp_path: Path) -> None:
    with Store(tmp_path / "index.db", create=True) as store:
        Manifest(store).commit([entry("/t/a", *(f"text {number}" for number in range(1200)))])
        ids = sorted(chunk_ids(store, "/t/a"))
        assert len(store.places([*ids, "0" * 32])) == len(store.chunks(ids)) == 1200
        chunk = store.chunks(ids[:1])[ids[0]]
        assert chunk.id == ids[0]


def test_a_server_is_owed_what_changed_in_the_graph_and_the_embedded_one_nothing(tmp_path: Path) -> None:
    first, second = (Chunk("/t/a", line, line, f"text {line}", "", "python").id for line in (1, 2))
    before, after = Reference(first, "calls", "f"), Reference(first, "calls", "g")
    with Store(tmp_path / "index.db", create=True) as store:
        manifest = Manifest(store)
        manifest.commit([entry("/t/a", "text 1", "text 2", header="", references=(before,))])
        assert store.outbox.count("graph") == 0
        store.set_meta("graph_engine", "neo4j")
        manifest.commit([entry("/t/a", "text 1", "text 2", header="", references=(before,))])
        assert store.outbox.count("graph") == 0
        manifest.commit([entry("/t/a", "text 1", "text 2", header="", references=(after,))])
        assert store.outbox.owed("graph", 9) == [Owed(first, "put", 1)]
        manifest.commit([], ["/t/a"])
        assert {(one.item, one.action) for one in store.outbox.owed("graph", 9)} == {
            (first, "delete"),
            (second, "delete"),
        }
