"""Reading a structured reply from whatever a small model wrote around it: the last object that validates."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .lenient_json import find_values
from .thoughts import without_thoughts

if TYPE_CHECKING:
    from pydantic import ValidationError

    from ...domain import MODEL

MAX_MENDS = 3
_CHOICE = re.compile(r"'((?:[^'\\]|\\.)*)'")
_YES_NO = {True: ("yes", "true"), False: ("no", "false")}


class ParseError(ValueError):
    """No object in a reply validates; the message is what the model is told in the repair turn."""


def parse_reply(text: str, schema: type[MODEL]) -> MODEL:
    """The last object in `text` that validates as `schema`, thoughts left out; raises ParseError."""
    visible = without_thoughts(text.lstrip("\ufeff"))
    wrong: ParseError | None = None
    for candidate in reversed(_candidates(find_values(visible), schema)):
        try:
            return _validated(candidate, schema)
        except ParseError as error:
            wrong = wrong or error
    if wrong is not None:
        raise wrong
    expected = ", ".join(schema.model_fields)
    came = f"the reply was {visible.strip()[:80]!r}" if visible.strip() else "the reply was empty"
    raise ParseError(f"Expected one complete JSON object with the keys {expected}; {came}.")


def _candidates(values: list[Any], schema: type[MODEL]) -> list[dict[str, Any]]:
    """The objects that have to do with the schema, in order, the ones wrapped in another object or list before it."""
    found: list[dict[str, Any]] = []
    for value in values:
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, dict) and _concerns(item, schema)]
            if len(schema.model_fields) == 1:  # a bare list where an object with one list was asked for
                found.append({next(iter(schema.model_fields)): value})
        elif isinstance(value, dict):
            found += [item for item in value.values() if isinstance(item, dict) and _concerns(item, schema)]
            if _concerns(value, schema):
                found.append(value)
    return found


def _concerns(value: dict[str, Any], schema: type[MODEL]) -> bool:
    """It has at least one of the keys: an unrelated object would pass where every field has a default."""
    names = {_plain(name) for name in schema.model_fields}
    return any(_plain(key) in names for key in value)


def _validated(value: dict[str, Any], schema: type[MODEL]) -> MODEL:
    """`value` as `schema`; where it does not validate, the mends that its errors name are tried."""
    from pydantic import ValidationError

    value = _respelt(copy.deepcopy(value), schema)
    for mends_left in range(MAX_MENDS, -1, -1):
        try:
            return schema.model_validate(value)
        except ValidationError as error:
            if not (mends_left and _mend(value, error)):
                raise ParseError(_said(error)) from None
    raise AssertionError("unreachable")


def _respelt(value: dict[str, Any], schema: type[MODEL]) -> dict[str, Any]:
    """Keys in another spelling ("Is-Relevant") under the names of the schema."""
    names = {_plain(name): name for name in schema.model_fields if name not in value}
    return {names.get(_plain(key), key): item for key, item in value.items()}


def _mend(value: dict[str, Any], error: ValidationError) -> bool:
    """Apply the mend of each error that has one; True when something changed."""
    changed = False
    for item in error.errors(include_url=False):
        parent, key = _place(value, item["loc"])
        mend = _MENDS.get(item["type"])
        if mend is not None and parent is not None:
            changed = mend(parent, key, item) or changed
    return changed


def _place(value: Any, location: tuple[int | str, ...]) -> tuple[Any, Any]:
    """The container and key that an error speaks of; (None, None) where the path leads nowhere."""
    for step in location[:-1]:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None, None
    return (value, location[-1]) if location and isinstance(value, dict | list) else (None, None)


def _mend_choice(parent: Any, key: Any, error: Mapping[str, Any]) -> bool:
    """The choice that was meant: another case, a full stop, blanks for underscores, true for yes, a list of one."""
    came = error["input"]
    if isinstance(came, list) and len(came) == 1:
        came = came[0]
    wanted = _YES_NO[came] if isinstance(came, bool) else (_plain(str(came)),)
    for choice in _CHOICE.findall(error.get("ctx", {}).get("expected", "")):
        if _plain(choice) in wanted and choice != parent[key]:
            parent[key] = choice
            return True
    return _drop_null(parent, key, error)


def _mend_text(parent: Any, key: Any, error: Mapping[str, Any]) -> bool:
    came = error["input"]
    if isinstance(came, list) and len(came) == 1:
        parent[key] = came[0]
        return True
    if isinstance(came, list) and came and all(isinstance(part, str) for part in came):
        parent[key] = " ".join(came)
        return True
    if isinstance(came, int | float):
        parent[key] = str(came).lower() if isinstance(came, bool) else str(came)
        return True
    return _drop_null(parent, key, error)


def _mend_number(parent: Any, key: Any, error: Mapping[str, Any]) -> bool:
    came = error["input"]
    if isinstance(came, list) and len(came) == 1:
        parent[key] = came[0]
        return True
    return _drop_null(parent, key, error)


def _mend_list(parent: Any, key: Any, error: Mapping[str, Any]) -> bool:
    came = error["input"]
    if came is None or isinstance(came, dict):
        return _drop_null(parent, key, error)
    parent[key] = [came]
    return True


def _drop(parent: Any, key: Any, _error: Mapping[str, Any]) -> bool:
    return isinstance(parent, dict) and parent.pop(key, _drop) is not _drop


def _drop_null(parent: Any, key: Any, error: Mapping[str, Any]) -> bool:
    """null for a field that has a default: the default."""
    return error["input"] is None and _drop(parent, key, error)


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.strip(" \t\r\n.,;:!?*'\"`")).casefold()


_MENDS: dict[str, Callable[[Any, Any, Mapping[str, Any]], bool]] = {
    "literal_error": _mend_choice,
    "enum": _mend_choice,
    "string_type": _mend_text,
    "list_type": _mend_list,
    "tuple_type": _mend_list,
    "set_type": _mend_list,
    "extra_forbidden": _drop,
    "bool_type": _mend_number,
    "bool_parsing": _mend_number,
    "int_type": _mend_number,
    "int_parsing": _mend_number,
    "float_type": _mend_number,
    "float_parsing": _mend_number,
}


def _said(error: ValidationError) -> str:
    """The errors in a few short lines, fit to be shown to a small model."""
    lines = []
    for item in error.errors(include_url=False)[:5]:
        where = ".".join(str(step) for step in item["loc"]) or "the object"
        came = "" if item["type"] == "missing" else f" (it was {str(item['input'])[:60]!r})"
        lines.append(f"{where}: {item['msg']}{came}")
    return "\n".join(lines)
