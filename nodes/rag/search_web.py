"""Look on the web, where a person allowed it and the corpus has nothing."""

from __future__ import annotations

import logging
import time
from typing import Any

from typing_extensions import TypedDict

from ...domain import Evidence, WebSearch
from ...errors import HydragraphError
from ..channels import spending
from ..evidence.evidence_reader import EvidenceReader

log = logging.getLogger(__name__)


class Slice(TypedDict):
    question: str
    collections: list[str]


async def search_web(state: Slice, *, web: WebSearch | None, reader: EvidenceReader) -> dict[str, Any]:
    started = time.monotonic()
    items: list[Evidence] = []
    if web is not None:
        try:
            items = await web.search(state["question"], limit=reader.limit)
        except HydragraphError as error:
            log.warning("web_search_failed detail=%s", error)
    found = await reader.keep(items, state["collections"])
    spent = spending(seconds=time.monotonic() - started, steps=1)
    grade = "enough" if found else "nothing"
    return {"found": found, "has_searched_web": True, "grade": grade, "spent": spent}
