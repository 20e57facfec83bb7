"""A collection's texts and outbox in memory: what the contract of both means, in the plainest form."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...domain import Chunk, Reference
from ...text.tokenizer import tokenize
from .lexical import Candidate, CorpusStats, grid_length, stats_of, term_key, unpack_terms
from .manifest import ChunkRow, FileEntry, FileRow
from .owed import DENSE, DENSE_PRIORITY, SPARSE, SPARSE_PRIORITY, Action, Owed
from .texts import Place


class MemoryOutbox:
    """See `protocols.Outbox`."""

    def __init__(self) -> None:
        self._owed: defaultdict[str, dict[str, Owed]] = defaultdict(dict)

    def owe(self, store: str, owed: Iterable[Owed]) -> None:
        for one in owed:
            if one.action != "reweigh" or one.item not in self._owed[store]:
                self._owed[store][one.item] = one

    def owed(self, store: str, limit: int) -> list[Owed]:
        return sorted(self._owed[store].values(), key=lambda one: (one.priority, one.item))[:limit]

    def done(self, store: str, owed: Iterable[Owed]) -> None:
        for one in owed:
            there = self._owed[store].get(one.item)
            if there is not None and there.action == one.action:
                del self._owed[store][one.item]

    def drop(self, store: str, items: Iterable[str] | None = None) -> None:
        for item in list(self._owed[store]) if items is None else items:
            self._owed[store].pop(item, None)

    def counts(self, store: str) -> dict[Action, int]:
        return dict(Counter(one.action for one in self._owed[store].values()))

    def count(self, store: str) -> int:
        return len(self._owed[store])


class MemoryTexts:
    """See `protocols.TextStore` and `TextWriter`: everything is derived anew from the files that are there."""

    def __init__(self) -> None:
        self.outbox = MemoryOutbox()
        self._files: dict[str, FileEntry] = {}

    # --- writing

    def rows(self, roots: Iterable[str]) -> dict[str, FileRow]:
        wanted = set(roots)
        return {path: entry.row for path, entry in self._files.items() if entry.row.root in wanted}

    def commit(self, entries: Sequence[FileEntry], gone: Iterable[str] = (), gone_roots: Iterable[str] = ()) -> None:
        for entry in entries:
            known = {row.id: row for row in entry.chunks}
            [known[reference.chunk_id] for reference in entry.references]  # KeyError before anything changes
        for path in gone:
            self._owe(self._chunks(self._files.pop(path, None)), {})
        for entry in entries:
            before = self._files.get(entry.row.path)
            self._files[entry.row.path] = entry
            self._owe(self._chunks(before), self._chunks(entry))

    def touch(self, rows: Iterable[FileRow]) -> None:
        for row in rows:
            self._files[row.path] = replace(self._files.get(row.path, FileEntry(row)), row=row)

    @staticmethod
    def _chunks(entry: FileEntry | None) -> dict[str, ChunkRow]:
        return {row.id: row for row in entry.chunks} if entry else {}

    def _owe(self, before: dict[str, ChunkRow], after: dict[str, ChunkRow]) -> None:
        same = {key for key, row in after.items() if key in before and before[key].key() == row.key()}
        dropped = before.keys() - same
        self.outbox.owe(SPARSE, [Owed(key, "delete", SPARSE_PRIORITY["delete"]) for key in dropped])
        self.outbox.drop(DENSE, dropped)
        for key in after.keys() - same:
            kind = after[key].text_class
            self.outbox.owe(SPARSE, [Owed(key, "put", SPARSE_PRIORITY["put"])])
            self.outbox.owe(DENSE, [Owed(key, "put", DENSE_PRIORITY[kind])] if kind != "data" else [])

    # --- reading

    def _all(self) -> dict[str, ChunkRow]:
        return {key: row for entry in self._files.values() for key, row in self._chunks(entry).items()}

    def has_chunks(self) -> bool:
        return bool(self._all())

    def chunks(self, chunk_ids: Sequence[str]) -> dict[str, Chunk]:
        rows = self._all()
        return {key: rows[key].chunk for key in chunk_ids if key in rows}

    def places(self, chunk_ids: Sequence[str]) -> dict[str, Place]:
        chunks = self.chunks(chunk_ids).items()
        return {
            key: Place(key, it.path, it.start_line, it.end_line, it.symbol, it.language, it.place) for key, it in chunks
        }

    def chunks_at(self, path_suffix: str, line: int) -> list[str]:
        found = [
            (row.chunk.path, row.chunk.start_line, key)
            for key, row in self._all().items()
            if row.chunk.start_line <= line <= row.chunk.end_line
            and f"/{row.chunk.path}".endswith(f"/{path_suffix.removeprefix('/')}")
            and (not path_suffix.startswith("/") or row.chunk.path == path_suffix)
        ]
        return [key for _, _, key in sorted(found)]

    def extract(self, path: str) -> str | None:
        return self._files[path].extract if path in self._files else None

    def references(self, chunk_ids: Sequence[str]) -> list[Reference]:
        wanted = set(chunk_ids)
        every = {reference for entry in self._files.values() for reference in entry.references}
        return sorted(reference for reference in every if reference.chunk_id in wanted)

    # --- words

    def _frequencies(self) -> Counter[int]:
        return Counter(key for row in self._all().values() for key in unpack_terms(row.terms)["key"].tolist())

    def stats(self) -> CorpusStats:
        rows = self._all()
        return stats_of(self._frequencies().values(), len(rows), sum(row.length for row in rows.values()))

    def grid_length(self) -> float:
        return grid_length(self.stats().average_length)

    def document_frequencies(self, keys: Iterable[int]) -> dict[int, int]:
        frequencies = self._frequencies()
        return {key: frequencies[key] for key in keys if key in frequencies}

    def candidates(self, chunk_ids: Sequence[str]) -> list[Candidate]:
        rows = self._all()
        found = [(key, rows[key]) for key in dict.fromkeys(chunk_ids) if key in rows]
        return [Candidate(key, row.chunk.path, row.chunk.start_line, row.length, row.terms) for key, row in found]

    def has_word(self, word: str) -> bool:
        return bool(self.document_frequencies([term_key(token) for token in tokenize(word)]))
