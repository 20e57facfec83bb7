"""Prompts from their Markdown files. A variable that is missing raises; what comes from outside is fenced."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from string import Template

from ...domain import Message

_SECTION = re.compile(r"^## (system|user)\n", re.MULTILINE)


@cache
def _sections(name: str) -> tuple[Template, Template]:
    text = resources.files(__package__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    _, first, system, second, user = _SECTION.split(text)
    if (first, second) != ("system", "user"):
        raise ValueError(f"prompts/{name}.md: expected '## system' then '## user', came '{first}' then '{second}'")
    return Template(system.strip()), Template(user.strip())


def render(name: str, **values: str) -> list[Message]:
    """The system and the user message; KeyError where the file names a variable that is not given."""
    system, user = _sections(name)
    return [Message("system", system.substitute(values)), Message("user", user.substitute(values).strip())]


def fenced(text: str, info: str = "") -> str:
    """The text between fences longer than any run of backticks in it, so that it cannot close them."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{info}\n{text}\n{fence}"
