"""What code says by name: definitions, calls, imports and bases, from single syntax nodes of the eight languages.

Names are dotted whatever the language writes between their parts (`a::b`, `a->b`, `a?.b` are `a.b`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from ...domain import ReferenceKind
from ..reading.languages import Grammar

if TYPE_CHECKING:
    from tree_sitter import Node

Named = tuple[ReferenceKind, str]
MAX_NAME: Final = 200
_JOINT = re.compile(r"\s*(?:(?:::|->|\?\.|\.)\s*)+")
_GENERIC = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
_DOTTED = re.compile(r"[\w$~@#]+(?:\.[\w$~@#]+)*")
_LAST_FIELDS = ("attribute", "property", "field", "name", "function", "constructor", "type")
_CALLEES: Final[dict[str, str]] = {
    "call": "function",
    "call_expression": "function",
    "new_expression": "constructor",
    "macro_invocation": "macro",
    "object_creation_expression": "type",
    "decorator": "",
}
_BASES: Final = frozenset({
    "superclass", "super_interfaces", "extends_interfaces", "extends_clause", "implements_clause",
    "extends_type_clause", "class_heritage", "base_class_clause", "type_list",
})  # fmt: skip

_BASE_FIELDS: Final = {"class_definition": "superclasses", "trait_item": "bounds"}


@dataclass(frozen=True, slots=True)
class Unit:
    """The file that a node stands in: its path from the root's parent and its language."""

    relative: str
    grammar: Grammar

    @property
    def module(self) -> str:
        """The name under which a file is imported: dotted for Python, else the path without suffix and index."""
        path = PurePosixPath(self.relative)
        parts = [*path.parts[:-1], path.stem]
        if self.grammar == "python":
            if "src" in parts[:-1]:
                parts = parts[len(parts) - parts[::-1].index("src") :]
            return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        return "/".join(parts[:-1] if parts[-1] in ("index", "mod") and len(parts) > 1 else parts)


def text_of(node: Node | None) -> str:
    if node is None or node.end_byte - node.start_byte > 4 * MAX_NAME or node.text is None:
        return ""
    return node.text.decode("utf-8", "replace")


def first_child(node: Node | None) -> Node | None:
    """The first named child, None where there is none (`named_child` raises)."""
    return node.named_child(0) if node is not None and node.named_child_count else None


def dotted(text: str) -> str:
    """A name as written, its parts joined by dots, without type arguments; empty where it is not a name."""
    text = text.strip().lstrip("*&")
    for _ in range(4):
        text, count = _GENERIC.subn("", text)
        if not count:
            break
    name = _JOINT.sub(".", text).strip(".")
    return name if len(name) <= MAX_NAME and _DOTTED.fullmatch(name) else ""


def references_of(node: Node, unit: Unit) -> Iterator[Named]:
    """What one node refers to; nothing for most."""
    kind = node.type
    if kind in _CALLEES:
        yield from _call(node, kind, unit)
    elif kind == "method_invocation":
        yield from _names("calls", _java_call(node))
    elif kind in _IMPORTS:
        yield from (("imports", name) for name in _IMPORTS[kind](node, unit))
    elif kind in _BASES:
        yield from _bases(node)
    elif kind in _BASE_FIELDS and (bases := node.child_by_field_name(_BASE_FIELDS[kind])) is not None:
        yield from _bases(bases)
    elif kind == "impl_item":
        yield from _names("inherits", text_of(node.child_by_field_name("trait")), last=False)
    elif kind == "field_declaration" and unit.grammar == "go" and node.child_by_field_name("name") is None:
        yield from _names("inherits", text_of(node.child_by_field_name("type")), last=False)


def _names(kind: ReferenceKind, text: str, *, last: bool = True) -> Iterator[Named]:
    name = dotted(text)
    if name:
        yield kind, name
        if last and "." in name:
            yield kind, name.rsplit(".", 1)[-1]


def _call(node: Node, kind: str, unit: Unit) -> Iterator[Named]:
    callee = node.child_by_field_name(_CALLEES[kind]) if _CALLEES[kind] else first_child(node)
    callee = callee or node.child_by_field_name("type")  # C++ names no constructor
    if callee is None or (kind == "decorator" and callee.type in _CALLEES):
        return
    text = text_of(callee)
    if text in ("require", "import"):
        yield from (("imports", name) for name in _required(node, unit))
        return
    name = dotted(text)
    if name:
        yield from _names("calls", name)
    elif last := _last_name(callee):
        yield "calls", last


def _last_name(callee: Node) -> str:
    """The method's name where what stands before it is not a name: `f(x).close` is `close`."""
    for field in _LAST_FIELDS:
        child = callee.child_by_field_name(field)
        if child is not None:
            name = dotted(text_of(child))
            return name.rsplit(".", 1)[-1]
    return ""


def _java_call(node: Node) -> str:
    name = text_of(node.child_by_field_name("name"))
    owner = dotted(text_of(node.child_by_field_name("object")))
    return f"{owner}.{name}" if owner else name


def _bases(node: Node) -> Iterator[Named]:
    for child in node.named_children:
        if child.type in _BASES or child.type in ("keyword_argument", "comment", "access_specifier", "type_arguments"):
            continue
        if child.type == "subscript":
            child = child.child_by_field_name("value") or child
        yield from _names("inherits", text_of(child), last=False)


def _python_import(node: Node, unit: Unit) -> Iterator[str]:
    for child in node.children_by_field_name("name"):
        yield dotted(text_of(child.child_by_field_name("name") or child))


def _python_from(node: Node, unit: Unit) -> Iterator[str]:
    module = _absolute(text_of(node.child_by_field_name("module_name")), unit)
    if module:
        yield module
    for child in node.children_by_field_name("name"):
        name = dotted(text_of(child.child_by_field_name("name") or child))
        if name:
            yield f"{module}.{name}" if module else name


def _absolute(module: str, unit: Unit) -> str:
    """`..errors` as it is called from outside."""
    module = re.sub(r"\s", "", module)
    dots = len(module) - len(module.lstrip("."))
    if not dots:
        return module
    parts = unit.module.split(".")
    is_package = PurePosixPath(unit.relative).stem == "__init__"
    parts = parts[: max(0, len(parts) - dots + (1 if is_package else 0))]
    return ".".join([*parts, *filter(None, [module[dots:]])])


def _script_import(node: Node, unit: Unit) -> Iterator[str]:
    source = node.child_by_field_name("source")
    if source is None:
        return
    yield _script_path(text_of(source), unit)
    stack = [child for child in node.named_children if child.type in ("import_clause", "export_clause")]
    while stack:
        child = stack.pop()
        if child.type in ("import_specifier", "export_specifier"):
            yield dotted(text_of(child.child_by_field_name("name")))
        elif child.type == "identifier":
            yield dotted(text_of(child))
        else:
            stack.extend(child.named_children)


def _required(node: Node, unit: Unit) -> Iterator[str]:
    first = first_child(node.child_by_field_name("arguments"))
    if first is not None and first.type == "string":
        yield _script_path(text_of(first), unit)


def _script_path(text: str, unit: Unit) -> str:
    path = text.strip("\"'`")
    if not path.startswith("."):
        return path
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(unit.relative), path))
    return re.sub(r"/index$", "", re.sub(r"\.[mc]?[jt]sx?$", "", joined))


def _path_import(node: Node, unit: Unit) -> Iterator[str]:
    yield text_of(node.child_by_field_name("path")).strip('"`<> ')


def _java_import(node: Node, unit: Unit) -> Iterator[str]:
    yield dotted(re.sub(r"^\s*import\s+(?:static\s+)?|\.\*|;\s*$", "", text_of(node)))


def _rust_use(node: Node, unit: Unit) -> Iterator[str]:
    stack = [("", node.child_by_field_name("argument"))]
    while stack:
        prefix, item = stack.pop()
        if item is None:
            continue
        if item.type == "use_as_clause":
            stack.append((prefix, item.child_by_field_name("path")))
        elif item.type == "scoped_use_list":
            path = dotted(text_of(item.child_by_field_name("path")))
            stack.append((f"{prefix}{path}." if path else prefix, item.child_by_field_name("list")))
        elif item.type in ("use_list", "use_wildcard"):
            stack.extend((prefix, child) for child in item.named_children)
        else:
            name = dotted(text_of(item))
            yield prefix.rstrip(".") if name == "self" else prefix + name


_IMPORTS = {
    "import_statement": lambda node, unit: (
        _python_import(node, unit) if unit.grammar == "python" else _script_import(node, unit)
    ),
    "export_statement": _script_import,
    "import_from_statement": _python_from,
    "future_import_statement": lambda node, unit: iter(()),
    "import_spec": _path_import,
    "preproc_include": _path_import,
    "import_declaration": lambda node, unit: _java_import(node, unit) if unit.grammar == "java" else iter(()),
    "use_declaration": _rust_use,
}
