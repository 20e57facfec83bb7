"""The machine's output as the domain's `Answer`, and as the JSON that programs read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..domain import Answer, Citation, Spent


def answer_from_state(values: Mapping[str, Any]) -> Answer:
    """From the output (or the whole state) of a finished run."""
    return Answer(
        answer=values["answer"],
        status=values["status"],
        caveats=tuple(values.get("caveats", ())),
        citations=tuple(Citation(**cited) for cited in values.get("citations", ())),
        spent=Spent(**values["spent"]),
        tier=values.get("tier", "none"),
        tried=tuple(values.get("tried", ())),
        nearest=tuple(values.get("nearest", ())),
    )


def answer_json(answer: Answer) -> dict[str, Any]:
    """{answer, status, caveats, citations, spent, tier}, and what was tried and came nearest."""
    return {
        "answer": answer.answer,
        "status": answer.status,
        "caveats": list(answer.caveats),
        "citations": [asdict(citation) for citation in answer.citations],
        "spent": asdict(answer.spent),
        "tier": answer.tier,
        "tried": list(answer.tried),
        "nearest": list(answer.nearest),
    }
