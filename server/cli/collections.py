"""`hydragraph collections`."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from ...retrieval.stores.collection import CollectionInfo, list_collections
from .arguments import settings_for
from .options import NO_SETTINGS, add_json
from .terminal import clean_line, err, out, plural

EXAMPLE = "  hydragraph collections"
SETTINGS = NO_SETTINGS


def add_arguments(parser: ArgumentParser) -> None:
    add_json(parser, "a list")


def run(arguments: Namespace) -> int:
    found = list_collections(settings_for(arguments).home)
    if arguments.json:
        out(json.dumps([_described(info) for info in found], indent=2))
    elif not found:
        err("There is no collection yet. Make one: hydragraph index PATH")
    else:
        for info in found:
            out(_line(info))
            for root in info.roots:
                out(f"    {clean_line(root)}")
            if info.trouble:
                out(f"    BROKEN: {clean_line(info.trouble)}")
    return 1 if any(info.trouble for info in found) else 0


def _line(info: CollectionInfo) -> str:
    counts = info.counts
    if info.trouble and not counts.files:
        return f"{info.name}  cannot be read"
    dense = f"dense {counts.dense_ready:.0%} ready" if counts.embedder else "no dense vectors"
    quarantined = f", {plural(counts.quarantined, 'file')} quarantined" if counts.quarantined else ""
    return f"{info.name}  {plural(counts.files, 'file')}, {plural(counts.chunks, 'chunk')}, {dense}{quarantined}"


def _described(info: CollectionInfo) -> dict[str, object]:
    counts = info.counts
    return {
        "name": info.name,
        "roots": list(info.roots),
        "files": counts.files,
        "quarantined": counts.quarantined,
        "chunks": counts.chunks,
        "references": counts.references,
        "embedder": counts.embedder,
        "dense_ready": counts.dense_ready,
        "trouble": info.trouble,
    }
