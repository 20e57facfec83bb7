"""`hydragraph search`. On the cold path: nothing of LangChain, of pydantic or of a parser is imported."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping

from ...domain import LEGS, Embedder, Hit, SearchResult
from ...errors import UsageError
from ...retrieval.search.searcher import LocalSearcher
from ...retrieval.stores.engines import Engines
from ...settings import Settings
from .arguments import settings_for_reading
from .options import NAME, add_json, add_name, text
from .terminal import clean, clean_line, err, out, plural, shown_path

SNIPPET = 110

EXAMPLE = """\
  hydragraph search "where are sessions opened?"
  hydragraph search SecureCookieSessionInterface --limit 3 --json"""
SETTINGS = {**NAME, "limit": "search.limit"}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", type=text)
    add_name(parser)
    parser.add_argument("--limit", type=int, metavar="N", help="how many (default: search.limit)")
    add_json(parser, "a list of hits")


def run(arguments: Namespace) -> int:
    if not arguments.query.strip():
        raise UsageError("expected something to search for, got an empty query")
    settings = settings_for_reading(arguments)
    searcher = LocalSearcher(
        settings.home, settings.collection, lambda: _embedder(settings), engines=Engines.of(settings)
    )
    try:
        result = searcher.search_now(arguments.query, limit=settings.search.limit)
        if arguments.json:
            out(json.dumps([hit_json(hit) for hit in result.hits], indent=2))
        else:
            texts = {item.id: item.text for item in searcher.evidence_now([hit.chunk_id for hit in result.hits])}
            out(_shown(result, texts, arguments.query))
    finally:
        searcher.close()
    for note in notes(result, searcher.trouble):
        (err if arguments.json else out)(note)
    return 0


def _embedder(settings: Settings) -> Embedder | None:
    from ...models.embedders.open import open_embedder

    return open_embedder(settings.embedder, settings.model_cache)


def hit_json(hit: Hit) -> dict[str, object]:
    described: dict[str, object] = {
        "path": hit.path,
        "start_line": hit.start_line,
        "end_line": hit.end_line,
        "symbol": hit.symbol,
        "score": hit.score,
        "legs": {leg: {"rank": place.rank, "score": place.score} for leg, place in hit.legs.items()},
    }
    return {**described, "place": hit.place} if hit.place else described


def notes(result: SearchResult, trouble: str = "") -> list[str]:
    """What a reader should know about the list as a whole."""
    found = []
    if trouble:
        found.append(clean(trouble))
    elif result.dense_ready < 1:
        classes = ", ".join(f"{kind} {share:.0%} embedded" for kind, share in result.dense_by_class.items())
        found.append(f"dense {result.dense_ready:.0%} ready" + (f": {classes}" if classes else ""))
    if result.changed_files:
        found.append(f"{plural(result.changed_files, 'file')} changed since the index")
    return found


def _shown(result: SearchResult, texts: Mapping[str, str], query: str) -> str:
    if not result.hits:
        return "Nothing found."
    return "\n".join(
        _lines(rank, hit, texts.get(hit.chunk_id, ""), query, result) for rank, hit in enumerate(result.hits, 1)
    )


def _lines(rank: int, hit: Hit, text: str, query: str, result: SearchResult) -> str:
    place = f" ({clean_line(hit.place)})" if hit.place else ""
    symbol = f"  {clean_line(hit.symbol)}" if hit.symbol else ""
    legs = "  ".join(_leg(leg, hit, result) for leg in LEGS)
    head = f"{rank:2}. {shown_path(hit.path)}:{hit.start_line}-{hit.end_line}{place}{symbol}"
    return f"{head}\n      {_snippet(text, query)}\n      {hit.score:.3f}  {legs}"


def _leg(leg: str, hit: Hit, result: SearchResult) -> str:
    if leg in result.absent:
        return f"{leg} n/a"
    place = next((place for name, place in hit.legs.items() if name == leg), None)
    return f"{leg} #{place.rank} ({place.score:.3g})" if place else f"{leg} -"


def _snippet(text: str, query: str) -> str:
    """The line with most of the query's words, else the first that says something."""
    words = {word.lower() for word in re.findall(r"\w+", query) if len(word) > 2}
    lines = [line.strip() for line in text.split("\n") if re.search(r"\w", line)] or [text.strip()]
    best = max(lines, key=lambda line: sum(word in line.lower() for word in words))
    return clean_line(best if len(best) <= SNIPPET else best[: SNIPPET - 1] + "…")
