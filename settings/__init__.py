"""One frozen `Settings`, from defaults < hydragraph.yaml < environment (and .env) < arguments.

The layers are merged here rather than by pydantic-settings, whose import alone (0.5 s of CPU time with its models)
would cost a third of what a cold `hydragraph search` may take. Nothing is coerced: a value has the type that its
field is annotated with, or it is refused with the key's name, what was expected and what came. Only `server/` and
`graphs/` (studio.py, retriever.py) call `load_settings`; everything else is handed values.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from ..domain import Budget
from ..errors import SettingsError
from .urls import HTTP_URL, hide_secrets, hide_until_host

CONFIG_NAME = "hydragraph.yaml"
PREFIX = "HYDRAGRAPH_"
TEST_PREFIX = "HYDRAGRAPH_TEST_"
CONFIG_VARIABLE = "HYDRAGRAPH_CONFIG"
TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
SettingsTier = Literal["local_fast", "local_quality"]
SettingsApi = Literal["ollama", "openai"]
T = TypeVar("T")

# The form of a text, and how it is called where a text does not have it.
URL = {
    "form": HTTP_URL,
    "expected": "a URL that starts with http:// or https:// and names a host (/ ? # in a password are %2F %3F %23)",
    "url": True,
}
KEY = {"form": "[!-~]*", "expected": "a text in quotes, of ASCII characters without blanks", "secret": True}
NAMES = {
    "form": r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    "expected": "a collection's name of 1 to 64 letters, digits, '.', '_' or '-' that starts with a letter or digit",
}
EMBEDDERS = {
    "form": r"minilm|none|sentence-transformers:\S.*",
    "expected": "minilm, none or sentence-transformers:NAME",
}


def _default_home() -> Path:
    from platformdirs import user_data_path

    return user_data_path("hydragraph", appauthor=False)


@dataclass(frozen=True, slots=True)
class OllamaSettings:
    base_url: str = field(default="http://127.0.0.1:11434", metadata=URL, repr=False)


@dataclass(frozen=True, slots=True)
class TierSettings:
    """One model on one server; an empty `model` turns the tier off, no `base_url` means ollama.base_url."""

    model: str = ""
    base_url: str | None = field(default=None, metadata=URL, repr=False)
    api: SettingsApi = "ollama"
    api_key: str = field(default="", metadata=KEY, repr=False)
    num_ctx: int = field(default=8192, metadata={"low": 512})
    num_predict: int = field(default=1024, metadata={"low": 16})
    temperature: float = 0.0
    connect_timeout: float = field(default=5.0, metadata={"low": 0.1})
    first_token_timeout: float = field(default=120.0, metadata={"low": 0.1})
    inter_token_timeout: float = field(default=30.0, metadata={"low": 0.1})
    total_timeout: float = field(default=300.0, metadata={"low": 0.1})
    keep_alive: str = "10m"
    think: bool | None = None


@dataclass(frozen=True, slots=True)
class TiersSettings:
    local_fast: TierSettings = TierSettings(model="qwen3:1.7b")
    local_quality: TierSettings = TierSettings(model="qwen3:14b", num_predict=2048, total_timeout=600.0)


@dataclass(frozen=True, slots=True)
class RolesSettings:
    """The tier on which each role starts; a run may climb from there."""

    classify: SettingsTier = "local_fast"
    grade: SettingsTier = "local_fast"
    rewrite: SettingsTier = "local_fast"
    decompose: SettingsTier = "local_quality"
    generate: SettingsTier = "local_quality"
    reflect: SettingsTier = "local_quality"
    code: SettingsTier = "local_quality"


@dataclass(frozen=True, slots=True)
class IndexSettings:
    max_bytes: int = field(default=2_000_000, metadata={"low": 1})
    include_secrets: bool = False


@dataclass(frozen=True, slots=True)
class SearchSettings:
    limit: int = field(default=10, metadata={"low": 1, "high": 1000})


@dataclass(frozen=True, slots=True)
class WebSettings:
    enabled: bool = False


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`allowed_hosts` are further names that a request's Host header may carry; localhost and `host` always may."""

    host: str = "127.0.0.1"
    port: int = field(default=8765, metadata={"high": 65535})
    allowed_hosts: tuple[str, ...] = ()
    max_runs: int = field(default=4, metadata={"low": 1})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a person may configure. Keys are dotted paths of these fields, as in `hydragraph config`."""

    home: Path = field(default_factory=_default_home)
    collection: str = field(default="default", metadata=NAMES)
    embedder: str = field(default="minilm", metadata=EMBEDDERS)
    ollama: OllamaSettings = OllamaSettings()
    tiers: TiersSettings = TiersSettings()
    roles: RolesSettings = RolesSettings()
    budget: Budget = field(default_factory=Budget)
    index: IndexSettings = IndexSettings()
    search: SearchSettings = SearchSettings()
    web: WebSettings = WebSettings()
    server: ServerSettings = ServerSettings()

    @property
    def model_cache(self) -> Path:
        """Where files made from model weights are kept."""
        return self.home / "models"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force and, for each key, where its value came from."""

    settings: Settings
    origins: Mapping[str, str]

    def rows(self) -> Iterator[tuple[str, object, str]]:
        """(key, value with secrets hidden, origin) of every key, in the order of the file."""
        for key in _leaves():
            value: object = self.settings
            for part in key.split("."):
                value = getattr(value, part)
            if _is_secret(key):
                value = "***" if value else ""
            yield key, hide_secrets(value) if isinstance(value, str) else value, self.origins[key]


@dataclass(frozen=True, slots=True)
class _Leaf:
    type: object
    field: Field[Any]


@dataclass(frozen=True, slots=True)
class _Value:
    """A raw value, who brought it, and the folder that a relative path in it starts from."""

    raw: object
    origin: str
    base: Path


def load_settings(
    arguments: Mapping[str, object] | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Loaded:
    """The settings in force here. `arguments` are dotted keys from a command line; None there means "not given"."""
    cwd = cwd or Path.cwd()
    process = os.environ if environ is None else environ
    dotenv = _read_dotenv(cwd / ".env")
    chosen = config or process.get(CONFIG_VARIABLE) or dotenv.get(CONFIG_VARIABLE)
    path = (cwd / Path(chosen).expanduser()) if chosen else cwd / CONFIG_NAME
    given = {key: _Value(raw, "argument", cwd) for key, raw in (arguments or {}).items() if raw is not None}
    merged = {
        **_from_yaml(path, required=bool(chosen)),
        **_from_environment(dotenv, ".env", cwd),
        **_from_environment(process, "environment", cwd),
        **given,
    }
    values = {key: _checked(key, value) for key, value in merged.items()}
    settings = _replaced(Settings(), "", values)
    _check_tiers(settings)
    return Loaded(settings, {key: merged[key].origin if key in merged else "default" for key in _leaves()})


# --- layers ------------------------------------------------------------------------------------------------------


def _from_yaml(path: Path, *, required: bool) -> dict[str, _Value]:
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
    return dict(_flatten(tree, "", str(path), path.parent))


def _refuse_repeated(node: Any, origin: str, prefix: str = "") -> None:
    """YAML itself lets the last one of several equal keys win, in silence."""
    seen: dict[str, int] = {}
    for name, value in node.value if node is not None and node.id == "mapping" else ():
        key, line = f"{prefix}{name.value}", name.start_mark.line + 1
        if key in seen:
            raise SettingsError(f"{key}: expected once, got it in the lines {seen[key]} and {line} ({origin})")
        seen[key] = line
        if key in _sections():
            _refuse_repeated(value, origin, f"{key}.")


def _flatten(tree: object, prefix: str, origin: str, base: Path) -> Iterator[tuple[str, _Value]]:
    """The leaves of a section. An empty section or value says nothing: the default stays."""
    if tree is None:
        return
    if not isinstance(tree, dict):
        name = prefix.rstrip(".") or "the file"
        raise SettingsError(f"{name}: expected a section of keys, got {_came(tree)} ({origin})")
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if key in _sections():
            yield from _flatten(value, f"{key}.", origin, base)
        elif key not in _leaves():
            raise _unknown("key", key, [*_leaves(), *_sections()], origin)
        elif value is not None:
            yield key, _Value(value, origin, base)


def _from_environment(environ: Mapping[str, str], source: str, cwd: Path) -> dict[str, _Value]:
    values = {}
    known = {PREFIX + key.upper().replace(".", "__"): key for key in _leaves()}
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name.startswith(TEST_PREFIX) or name == CONFIG_VARIABLE:
            continue
        if name not in known:
            raise _unknown("variable", name, [*known, CONFIG_VARIABLE], source)
        if text != "":
            origin = f"{source} {name}"
            values[known[name]] = _Value(_parse(known[name], text, origin), origin, cwd)
    return values


def _read_dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: expected a readable text file, got: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: expected a readable text file, got: {error}") from error
    pattern = r"""^\s*(?:export\s+)?(\w+)\s*=[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|((?:(?!\s\#)[^\n])*))"""
    found = re.finditer(pattern, text, re.MULTILINE)
    return {match[1]: (match[2] or match[3] or match[4] or "").strip() for match in found}


# --- types -------------------------------------------------------------------------------------------------------


@cache
def _walk() -> tuple[dict[str, _Leaf], tuple[str, ...]]:
    leaves: dict[str, _Leaf] = {}
    sections: list[str] = []

    def visit(cls: type[Any], prefix: str) -> None:
        hints = get_type_hints(cls)
        for item in fields(cls):
            key, hint = f"{prefix}{item.name}", hints[item.name]
            if is_dataclass(hint):
                sections.append(key)
                visit(cast("type[Any]", hint), f"{key}.")
            else:
                leaves[key] = _Leaf(hint, item)

    visit(Settings, "")
    return leaves, tuple(sections)


def _leaves() -> dict[str, _Leaf]:
    return _walk()[0]


def _sections() -> tuple[str, ...]:
    return _walk()[1]


def _bare(hint: object) -> object:
    """`X | None` without the None."""
    if isinstance(hint, UnionType):
        return next(part for part in get_args(hint) if part is not NoneType)
    return hint


def _parse(key: str, text: str, origin: str) -> object:
    """The text of a variable as a value of the key's type, or the text itself where it is none: `_checked` says so."""
    hint = _bare(_leaves()[key].type)
    if hint is bool:
        return True if text.lower() in TRUE else False if text.lower() in FALSE else text
    if hint in (int, float):
        try:
            return hint(text)
        except ValueError:
            return text
    if get_origin(hint) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _checked(key: str, value: _Value) -> object:
    if key not in _leaves():
        raise _unknown("key", key, list(_leaves()), value.origin)
    leaf = _leaves()[key]
    hint, raw = _bare(leaf.type), value.raw
    if get_origin(hint) is Literal:
        fits = isinstance(raw, str) and raw in get_args(hint)
    elif get_origin(hint) is tuple:
        fits = isinstance(raw, list | tuple) and all(isinstance(part, str) for part in raw)
    elif hint in (int, float):
        fits = _number_fits(raw, hint, leaf)
    elif hint is Path:
        fits = isinstance(raw, Path) or (isinstance(raw, str) and raw.strip() != "")
    elif "form" in leaf.field.metadata:
        fits = isinstance(raw, str) and re.fullmatch(leaf.field.metadata["form"], raw) is not None
    else:
        fits = type(raw) is hint
    if not fits:
        if leaf.field.metadata.get("url") and isinstance(raw, str):
            raw = hide_until_host(raw)
        came = f"another {_kind(raw)}" if _is_secret(key) else _came(raw)  # it may be the secret itself
        raise SettingsError(f"{key}: expected {_expected(leaf)}, got {came} ({value.origin})")
    return _converted(raw, hint, value.base)


def _is_secret(key: str) -> bool:
    return bool(_leaves()[key].field.metadata.get("secret"))


def _number_fits(raw: object, hint: object, leaf: _Leaf) -> bool:
    if isinstance(raw, bool) or not isinstance(raw, int if hint is int else int | float):
        return False
    low, high = leaf.field.metadata.get("low", 0), leaf.field.metadata.get("high", math.inf)
    return math.isfinite(raw) and low <= raw <= high


def _converted(raw: Any, hint: object, base: Path) -> object:
    if hint is Path:
        return Path(os.path.normpath(base / Path(raw).expanduser()))
    if hint is float:
        return float(raw)
    return tuple(raw) if isinstance(raw, list) else raw


def _expected(leaf: _Leaf) -> str:
    hint, limits = _bare(leaf.type), leaf.field.metadata
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(get_args(hint))
    if hint in (int, float):
        noun = "a whole number" if hint is int else "a number"
        high = f" and at most {limits['high']}" if "high" in limits else ""
        return f"{noun}, at least {limits.get('low', 0)}{high}"
    if "expected" in limits:
        return str(limits["expected"])
    if get_origin(hint) is tuple:
        return "a list of texts"
    return {bool: "true or false", Path: "a path"}.get(cast("type", hint), "a text")


def _came(raw: object) -> str:
    return f"{hide_secrets(repr(raw))} ({_kind(raw)})"


def _kind(raw: object) -> str:
    kinds = {str: "text", bool: "true/false", int: "whole number", float: "number", dict: "section", list: "list"}
    return kinds.get(type(raw), type(raw).__name__)


def _unknown(noun: str, name: str, known: list[str], origin: str) -> SettingsError:
    """Names the key only: the value of a misspelt key may be a secret."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3)
    expected = f"did you mean {' or '.join(near)}?" if near else "`hydragraph config` lists the known ones"
    return SettingsError(f"{name}: expected a known {noun}, got an unknown one ({origin}); {expected}")


def _replaced(node: T, prefix: str, values: Mapping[str, object]) -> T:
    """The tree of dataclasses with the given leaves; the others keep what they have."""
    changes: dict[str, object] = {}
    for item in fields(cast("Any", node)):
        key, old = f"{prefix}{item.name}", getattr(node, item.name)
        new = _replaced(old, f"{key}.", values) if is_dataclass(old) else values.get(key, old)
        if new is not old:
            changes[item.name] = new
    return replace(cast("Any", node), **changes) if changes else node


def _check_tiers(settings: Settings) -> None:
    for name in get_args(SettingsTier):
        tier: TierSettings = getattr(settings.tiers, name)
        if tier.num_predict >= tier.num_ctx:
            raise SettingsError(
                f"tiers.{name}.num_predict: expected less than num_ctx ({tier.num_ctx}), which prompt and reply share, "
                f"got {tier.num_predict}"
            )
        _check_api(f"tiers.{name}", tier)


def _check_api(key: str, tier: TierSettings) -> None:
    if tier.api == "openai" and tier.model and tier.base_url is None:
        raise SettingsError(
            f"{key}.base_url: expected the address of a server that speaks OpenAI's protocol, such as "
            f"http://127.0.0.1:8080/v1, because {key}.api is openai, got none"
        )
    if tier.api == "ollama" and tier.api_key:
        raise SettingsError(
            f"{key}.api_key: expected none, because {key}.api is ollama, which has no keys, got one; "
            "user and password of a proxy go into base_url (http://user:password@host)"
        )
