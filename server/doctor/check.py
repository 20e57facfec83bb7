"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Health = Literal["ok", "warning", "broken"]


@dataclass(frozen=True, slots=True)
class Check:
    """A part, its health, what was found, and how to repair what is wrong."""

    part: str
    health: Health
    found: str
    mend: str = ""
