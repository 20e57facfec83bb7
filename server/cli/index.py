"""`hydragraph index`."""

from __future__ import annotations

import json
import shlex
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from itertools import groupby

from ...domain import Embedder
from ...errors import EmbedderError
from ...models.embedders.open import open_embedder
from ...retrieval.indexing.run import IndexOptions, IndexReport, index
from ...retrieval.stores.collection import Collection
from ...retrieval.stores.engines import Engines
from ...settings import Settings
from .arguments import settings_for
from .main import INTERRUPTED
from .options import NAME, add_json, add_name, path
from .progress import progress_for_this_terminal
from .terminal import clean, clean_line, err, out, plural, shortened

SHOWN_QUARANTINED = 20
SHOWN_SKIPPED = 10  # of each reason

EXAMPLE = """\
  hydragraph index ~/src/flask ~/notes
  hydragraph index . --name this

A second run reads only what changed; a run that was stopped is picked up where it was. Text, BM25 and graph can be
searched within seconds, while dense vectors are still being made."""
SETTINGS = {**NAME, "include_secrets": "index.include_secrets"}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", type=path, help="a file or a folder")
    add_name(parser)
    secrets = "also read .env files, keys and credentials, which are left out otherwise"
    parser.add_argument("--include-secrets", action="store_true", default=None, help=secrets)
    parser.add_argument("--no-dense", action="store_true", help="text, BM25 and graph only")
    add_json(parser, "the counts")


def run(arguments: Namespace) -> int:
    settings = settings_for(arguments)
    collection = Collection(settings.home, settings.collection, Engines.of(settings))
    embedder = None if arguments.no_dense else _embedder(settings)
    options = IndexOptions(
        include_secrets=settings.index.include_secrets,
        embed_data=settings.index.embed_data,
        max_bytes=settings.index.max_bytes,
    )
    roots = [path.expanduser() for path in arguments.paths]
    try:
        with progress_for_this_terminal() as progress:
            report = index(collection, roots, embedder, progress, options)
    except KeyboardInterrupt:
        again = shlex.join(["hydragraph", "index", *map(str, arguments.paths), "--name", collection.name])
        err(f"Interrupted. What is finished is kept; go on with: {clean_line(again)}")
        return INTERRUPTED
    if report.wiped:
        _say_threads(collection, report)
    if arguments.json:
        out(json.dumps(asdict(report), indent=2))
    else:
        out(described(report, whole=bool(arguments.verbose)))
    return 0


def _embedder(settings: Settings) -> Embedder | None:
    """Without the weights everything else is indexed, and a later run adds the vectors."""
    try:
        return open_embedder(settings.embedder, settings.model_cache)
    except EmbedderError as error:
        err(f"No dense vectors this time. {clean(str(error))}")
        return None


def _say_threads(collection: Collection, report: IndexReport) -> None:
    """A conversation is kept, although it may quote what the index no longer has: the person is told."""
    from ...graphs.threads.kept import threads_with

    for thread in threads_with(collection.home, collection.name, report.wiped):
        command = shlex.join(["hydragraph", "forget", "--thread", thread.name, "--name", collection.name])
        err(f"A conversation may still quote a credential that the index no longer has. Drop it: {clean_line(command)}")


def described(report: IndexReport, *, whole: bool = False) -> str:
    """What a person is told; `whole` names every file that was left out."""
    lines = [
        f"Collection {report.collection!r}: {plural(report.files, 'file')}, {plural(report.chunks, 'chunk')}, "
        f"{plural(report.references, 'reference')} in the graph, dense {report.dense_ready:.0%} ready"
        f"{_unready(report)}.",
        f"This run: {report.read:,} read, {report.unchanged:,} unchanged, {report.removed:,} removed, "
        f"{report.embedded:,} embedded, {report.truncated:,} truncated, in {report.seconds:.1f} s.",
    ]
    for root in report.missing:
        command = clean_line(shlex.join(["hydragraph", "forget", root, "--name", report.collection]))
        lines.append(
            f"Gone: {clean_line(root)} was indexed before and is not there; it is still found. Drop it: {command}"
        )
    if report.skipped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(report.skipped.items()))
        lines.append(f"Skipped: {clean_line(reasons)}.")
        lines += _left_out(report, whole)
    if report.withheld:
        lines += _withheld(report, whole)
    if report.quarantined:
        lines.append(f"Quarantined: {plural(len(report.quarantined), 'file')}.")
        shown = report.quarantined[:SHOWN_QUARANTINED]
        lines += [f"    {shortened(path)}: {clean_line(reason)}" for path, reason in shown]
        if len(report.quarantined) > len(shown):
            lines.append(f"    and {len(report.quarantined) - len(shown):,} more (--json lists all)")
    return "\n".join(lines)


def _unready(report: IndexReport) -> str:
    """The classes of texts that are not embedded whole, in the order of embedding."""
    some = [f"{kind} {done / total:.0%}" for kind, (done, total) in report.classes.items() if done < total]
    return f" ({', '.join(some)})" if some and report.dense_ready else ""


def _left_out(report: IndexReport, whole: bool) -> list[str]:
    """The files behind the counts that somebody may have expected to be read, reason by reason."""
    lines = []
    for reason, group in groupby(report.left_out, key=lambda item: item.reason):
        files = [f"{reason}: {shortened(item.path)} ({clean_line(item.detail)})" for item in group]
        lines += _first(files, None if whole else SHOWN_SKIPPED)
    return lines


def _withheld(report: IndexReport, whole: bool) -> list[str]:
    chunks = plural(sum(count for _, count in report.withheld), "chunk")
    files = [f"{shortened(path)}: {plural(count, 'chunk')}" for path, count in report.withheld]
    head = f"Left out: {chunks} with a credential, in {plural(len(files), 'file')} (--include-secrets indexes all)."
    return [head, *_first(files, None if whole else SHOWN_SKIPPED)]


def _first(lines: list[str], most: int | None) -> list[str]:
    shown = [f"    {line}" for line in lines[:most]]
    more = len(lines) - len(shown)
    return [*shown, f"    and {more:,} more (-v or --json names all)"] if more else shown
