"""`hydragraph doctor`."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from ..doctor.check import Check
from ..doctor.checks import all_checks
from .arguments import loaded_for
from .options import NO_SETTINGS, add_json
from .terminal import clean_line, out

SIGNS = {"ok": "ok     ", "warning": "warning", "broken": "BROKEN "}

EXAMPLE = "  hydragraph doctor\n\nEnds with 1 where something that Hydragraph needs is broken."
SETTINGS = NO_SETTINGS


def add_arguments(parser: ArgumentParser) -> None:
    add_json(parser, "the checks")


def run(arguments: Namespace) -> int:
    checks = list(all_checks(loaded_for(arguments).settings))
    if arguments.json:
        out(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            out(_shown(check))
    return 1 if any(check.health == "broken" for check in checks) else 0


def _shown(check: Check) -> str:
    mend = f"\n         -> {clean_line(check.mend)}" if check.mend else ""
    return f"{SIGNS[check.health]}  {clean_line(check.part)}: {clean_line(check.found)}{mend}"
