"""Reading a structured reply from whatever a small model wrote around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .thoughts import without_thoughts

if TYPE_CHECKING:
    from ..domain import MODEL


class ParseError(ValueError):
    """No object in a reply validates; the message is what the model is told in the repair turn."""


def parse_reply(text: str, schema: type[MODEL]) -> MODEL:
    """The last object in `text` that validates as `schema`; raises ParseError."""
    from pydantic import ValidationError

    try:
        return schema.model_validate_json(without_thoughts(text))
    except ValidationError as error:
        raise ParseError(str(error)) from None
