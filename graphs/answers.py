"""The machine's result as the domain's `Answer`, and as the JSON that programs read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..domain import Answer, Citation, Spent


def answer_of(result: Mapping[str, Any]) -> Answer:
    """From the result channel of a finished run."""
    return Answer(
        answer=result["answer"],
        status=result["status"],
        caveats=tuple(result.get("caveats", ())),
        citations=tuple(Citation(**cited) for cited in result.get("citations", ())),
        spent=Spent(**result["spent"]),
        tier=result.get("tier", "none"),
        tried=tuple(result.get("tried", ())),
        nearest=tuple(result.get("nearest", ())),
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
