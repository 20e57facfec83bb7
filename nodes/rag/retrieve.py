"""Search the corpus for each query of the slice."""

from __future__ import annotations

import time
from typing import Any, NotRequired

from typing_extensions import TypedDict

from ...domain import Caveat
from ..channels import Found, spending
from ..evidence.evidence_reader import EvidenceReader


class Slice(TypedDict):
    queries: list[str]
    collections: NotRequired[list[str]]  # the default one where an earlier release sent the search


async def retrieve(state: Slice, *, reader: EvidenceReader) -> dict[str, Any]:
    started = time.monotonic()
    found: list[Found] = []
    caveats: list[Caveat] = []
    for query in state["queries"]:
        findings = await reader.find(query, state.get("collections", ()))
        found += findings.found
        caveats += findings.caveats
    spent = spending(seconds=time.monotonic() - started, steps=len(state["queries"]))
    return {"found": found, "tried": state["queries"], "caveats": caveats, "spent": spent}
