"""Look on the web, where a person allowed it and the corpus has nothing."""

from __future__ import annotations

import logging
import time
from typing import Any

from typing_extensions import TypedDict

from ...domain import EvidenceStore, WebSearch
from ...errors import HydragraphError
from ..channels import spending
from ..evidence.evidence_reader import from_evidence

log = logging.getLogger(__name__)


class Slice(TypedDict):
    question: str


async def search_web(state: Slice, *, web: WebSearch | None, store: EvidenceStore, limit: int) -> dict[str, Any]:
    started = time.monotonic()
    items = []
    if web is not None:
        try:
            items = await web.search(state["question"], limit=limit)
        except HydragraphError as error:
            log.warning("web_search_failed detail=%s", error)
    await store.put(items)
    found = [from_evidence(item, rank) for rank, item in enumerate(items, start=1)]
    spent = spending(seconds=time.monotonic() - started, steps=1)
    grade = "enough" if found else "nothing"
    return {"found": found, "has_searched_web": True, "grade": grade, "spent": spent}
