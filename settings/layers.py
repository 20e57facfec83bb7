"""Settings from defaults < hydragraph.yaml < .env < environment < arguments, each key with its origin.

The layers are merged here because no library says where a value came from, suggests the key that a misspelt one is
close to, and hides secrets. Only `server/` and `graphs/` (studio.py, hosting/) call `load_settings`; everything else
receives values.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ..errors import SettingsError
from .explain import Loaded
from .leaves import Leaf, Raw, built, keys_of, parsed, taken
from .refusals import came, unknown
from .schema import Settings

CONFIG_NAME = "hydragraph.yaml"
PREFIX = "HYDRAGRAPH_"
TEST_PREFIX = "HYDRAGRAPH_TEST_"
CONFIG_VARIABLE = "HYDRAGRAPH_CONFIG"
T = TypeVar("T")


def load_settings(
    arguments: Mapping[str, object] | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Loaded[Settings]:
    """The settings in force here. `arguments` are dotted keys from a command line; None there means "not given"."""
    return load(Settings(), arguments or {}, config, os.environ if environ is None else environ, cwd or Path.cwd())


def load(
    defaults: T, arguments: Mapping[str, object], config: Path | None, environ: Mapping[str, str], cwd: Path
) -> Loaded[T]:
    """The same for any tree of sections."""
    root, leaves = type(defaults), keys_of(type(defaults))[0]
    dotenv = _read_dotenv(cwd / ".env")
    chosen = config or environ.get(CONFIG_VARIABLE) or dotenv.get(CONFIG_VARIABLE)
    path = (cwd / Path(chosen).expanduser()) if chosen else cwd / CONFIG_NAME
    merged = {
        **_from_yaml(root, path, required=bool(chosen)),
        **_from_variables(leaves, dotenv, ".env", cwd),
        **_from_variables(leaves, environ, "environment", cwd),
        **{key: Raw(value, "argument", cwd) for key, value in arguments.items() if value is not None},
    }
    for key, raw in merged.items():
        if key not in leaves:
            raise unknown("key", key, leaves, raw.origin)
    values = {key: taken(key, leaves[key], raw) for key, raw in merged.items()}
    return Loaded(built(defaults, values), {key: merged[key].origin if key in merged else "default" for key in leaves})


# --- the file


def _from_yaml(root: type[Any], path: Path, *, required: bool) -> dict[str, Raw]:
    if not required and not os.path.lexists(path):
        return {}
    import yaml

    try:
        text = path.read_text("utf-8")
        _refuse_repeated(yaml.compose(text, yaml.SafeLoader), str(path))
        tree = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:  # its own text quotes the line, which may hold a secret
        mark = error.problem_mark or error.context_mark
        place = f" in line {mark.line + 1}" if mark else ""
        raise SettingsError(f"{path}: expected a readable YAML file, got: {error.problem}{place}") from None
    except OSError as error:
        raise SettingsError(f"{path}: expected a readable YAML file, got: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: expected a readable YAML file, got: {error}") from error
    return dict(_flatten(root, tree, "", str(path), path.parent))


def _refuse_repeated(node: Any, origin: str, prefix: str = "", above: tuple[int, ...] = ()) -> None:
    """YAML itself lets the last one of several equal keys win, in silence. An alias may name what it stands in."""
    if node is None or id(node) in above:
        return
    above = (*above, id(node))
    if node.id == "sequence":
        for place, item in enumerate(node.value):
            _refuse_repeated(item, origin, f"{prefix.rstrip('.')}[{place}].", above)
    if node.id != "mapping":
        return
    seen: dict[str, int] = {}
    for name, value in node.value:
        key, line = f"{prefix}{name.value}", name.start_mark.line + 1
        if key in seen:
            raise SettingsError(f"{key}: expected once, got it in the lines {seen[key]} and {line} ({origin})")
        seen[key] = line
        _refuse_repeated(value, origin, f"{key}.", above)


def _flatten(root: type[Any], tree: object, prefix: str, origin: str, base: Path) -> Iterator[tuple[str, Raw]]:
    """The values of a section. An empty section or value says nothing: the default stays."""
    if tree is None:
        return
    if not isinstance(tree, dict):
        name = prefix.rstrip(".") or "the file"
        raise SettingsError(f"{name}: expected a section of keys, got {came(tree)} ({origin})")
    leaves, sections = keys_of(root)
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if key in sections:
            yield from _flatten(root, value, f"{key}.", origin, base)
        elif key not in leaves:
            raise unknown("key", key, [*leaves, *sections], origin)
        elif value is not None:
            yield key, Raw(value, origin, base)


# --- variables


def _from_variables(leaves: Mapping[str, Leaf], variables: Mapping[str, str], source: str, cwd: Path) -> dict[str, Raw]:
    known = {PREFIX + key.upper().replace(".", "__"): key for key in leaves}
    values = {}
    for name, text in sorted(variables.items()):
        if not name.startswith(PREFIX) or name.startswith(TEST_PREFIX) or name == CONFIG_VARIABLE:
            continue
        if name not in known:
            raise unknown("variable", name, [*known, CONFIG_VARIABLE], source)
        if text != "":
            key = known[name]
            values[key] = Raw(parsed(leaves[key], text), f"{source} {name}", cwd)
    return values


def _read_dotenv(path: Path) -> dict[str, str]:
    """As python-dotenv reads it, but `${NAME}` stays as it is: a key may contain it."""
    if not path.is_file():
        return {}
    from io import StringIO

    from dotenv.parser import parse_stream

    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: expected a readable text file, got: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: expected a readable text file, got: {error}") from error
    found: dict[str, str] = {}
    for binding in parse_stream(StringIO(text)):
        if binding.error and PREFIX in binding.original.string:  # what is said of other programs is theirs
            raise SettingsError(f"{path}: expected NAME=VALUE in line {binding.original.line}, got something else")
        if binding.key:
            found[binding.key] = binding.value or ""
    return found
