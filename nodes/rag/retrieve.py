"""Search the corpus for each query of the slice."""

from __future__ import annotations

import time
from typing import Any

from typing_extensions import TypedDict

from ...domain import Caveat
from ..channels import Found, spending
from ..evidence.evidence_reader import Library


class Slice(TypedDict):
    queries: list[str]


async def retrieve(state: Slice, *, library: Library, limit: int) -> dict[str, Any]:
    started = time.monotonic()
    found: list[Found] = []
    caveats: list[Caveat] = []
    for query in state["queries"]:
        findings = await library.find(query, limit=limit)
        found += findings.found
        caveats += findings.caveats
    spent = spending(seconds=time.monotonic() - started, steps=len(state["queries"]))
    return {"found": found, "tried": state["queries"], "caveats": caveats, "spent": spent}
