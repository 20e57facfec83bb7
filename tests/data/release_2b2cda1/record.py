"""What the old program says about the fixture's home: `record.py FIXTURE HYDRAGRAPH`, JSON to standard output."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
from hydragraph.graphs.compose import embedder_of
from hydragraph.graphs.kept_threads import list_threads
from hydragraph.retrieval.search import LocalSearcher
from hydragraph.settings import load_settings

QUERIES = [
    "where is the retry policy set",
    "ShelfFullError",
    "How long is the gate open on weekdays?",
    "who keeps the list of lost parcels",
    "share of shelf places that are taken",
]


def said(command: list[str]) -> object:
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main(fixture: Path, hydragraph: str) -> dict[str, object]:
    settings = load_settings().settings
    embedder = embedder_of(settings)
    assert embedder is not None
    np.save(fixture / "queries.npy", embedder.embed(QUERIES))
    searches = []
    for query in QUERIES:
        hits = said([hydragraph, "search", query, "--name", "old", "--json"])
        searcher = LocalSearcher(settings.home, "old", lambda: embedder_of(settings))
        result = searcher.search_now(query, limit=settings.search.limit)
        searcher.close()
        assert len(hits) == len(result.hits)
        for hit, found in zip(hits, result.hits, strict=True):  # --json has no chunk id
            assert (hit["path"], hit["start_line"], hit["score"]) == (found.path, found.start_line, found.score)
            hit["chunk_id"] = found.chunk_id
        searches.append({"query": query, "absent": list(result.absent), "dense_ready": result.dense_ready,
                         "changed_files": result.changed_files, "hits": hits})  # fmt: skip
    database = sqlite3.connect(f"file:{settings.home}/collections/old/index.db?mode=ro", uri=True)
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    chunks = database.execute("SELECT id, path, start_line, end_line, symbol, language, place FROM chunks ORDER BY path, start_line, id")
    names = ["id", "path", "start_line", "end_line", "symbol", "language", "place"]
    files = sorted(path for path in (fixture / "tree").rglob("*") if path.is_file())
    return {
        "commit": "2b2cda1",
        "tree": "/tmp/hydragraph-fixture/tree",
        "mtime": "2025-01-01T00:00:00Z",
        "files": {str(path.relative_to(fixture / "tree")): hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
        "schema_version": database.execute("PRAGMA user_version").fetchone()[0],
        "meta": dict(database.execute("SELECT key, value FROM meta ORDER BY key")),
        "rows": {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables},
        "collections": said([hydragraph, "collections", "--json"]),
        "index": {k: v for k, v in json.loads((fixture / "raw/index.json").read_text()).items() if k != "seconds"},
        "chunks": [dict(zip(names, row, strict=True)) for row in chunks],
        "searches": searches,
        "threads": [{"id": t.id, "questions": t.questions} for t in list_threads(settings.home)],
        "talk": [json.loads((fixture / f"raw/ask{n}.json").read_text()) for n in (1, 2)],
        "halfway": said([sys.executable, str(fixture / "halfway.py"), "resume"]),
        "reindex": said([hydragraph, "index", "/tmp/hydragraph-fixture/tree", "--name", "old", "--json"]),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2]), indent=1))
