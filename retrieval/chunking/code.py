"""The outline of source code, from one pass over its syntax tree."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..reading.document import Document
from ..reading.languages import Grammar, parser
from .outline import Draft, Mention, Outline, Section
from .packing import DEEP
from .references_code import Unit, dotted, first_child, references_of, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_NESTING: Final = 8
_FUNCTIONS = frozenset({"arrow_function", "function_expression", "generator_function", "class"})
_COMMENTS = frozenset({"comment", "line_comment", "block_comment", "attribute_item", "inner_attribute_item"})
_WRAPPERS = frozenset({
    "decorated_definition", "export_statement", "template_declaration", "type_declaration", "lexical_declaration",
    "variable_declaration", "expression_statement", "declaration", "type_alias_declaration", "ambient_declaration",
})  # fmt: skip
_PLAIN_NAMES = frozenset({
    "function_declaration", "generator_function_declaration", "class_declaration", "abstract_class_declaration",
    "method_definition", "interface_declaration", "enum_declaration", "record_declaration",
    "annotation_type_declaration", "method_declaration", "constructor_declaration", "internal_module", "module",
    "type_alias_declaration", "type_spec", "class_definition", "function_item", "struct_item", "enum_item",
    "union_item", "trait_item", "mod_item", "macro_definition", "type_item", "const_item", "static_item",
    "function_signature_item", "namespace_definition", "class_specifier", "struct_specifier", "union_specifier",
    "enum_specifier", "concept_definition", "preproc_function_def", "preproc_def", "function_signature",
    "abstract_method_signature", "method_signature", "alias_declaration", "const_spec", "var_spec",
})  # fmt: skip
_MEMBERS = (_PLAIN_NAMES | _WRAPPERS | {"function_definition"}) - {"expression_statement", "lexical_declaration"}
_RULE = re.compile(r"([-=*#~_])\1{7}")  # a comment that only divides a file
_BODY_NEEDED = frozenset({"class_specifier", "struct_specifier", "union_specifier", "enum_specifier", "mod_item"})


@dataclass(slots=True)
class _Walk:
    """What is known at a point of the pass: the definitions that enclose it and the prefix of qualified names."""

    draft: Draft
    unit: Unit
    prefix: str
    enclosing: list[tuple[int, str]] = field(default_factory=list)
    comments: set[int] = field(default_factory=set)
    glued: set[int] = field(default_factory=set)

    def symbol(self, name: str) -> str:
        return f"{self.enclosing[-1][1]}.{name}" if self.enclosing else name


def outline(document: Document, grammar: Grammar, *, cell: bool = False) -> Outline:
    """Levels are depths in the tree; sections are definitions with the comments and decorators above them.

    A notebook's `cell` is no module."""
    source = document.text.encode("utf-8", "replace")
    tree = parser(grammar).parse(source)
    unit = Unit(document.relative, grammar)
    draft = Draft.of(document.lines)
    if not cell:
        draft.mentions.append(Mention(0, "defines", unit.module))
    _visit(tree.root_node, _Walk(draft, unit, f"{unit.module}." if grammar == "python" and not cell else ""))
    return draft.finished()


def _visit(root: Node, walk: _Walk) -> None:
    """Preorder with a cursor: trees may be nested deeper than Python's stack."""
    cursor = root.walk()
    depth = 0
    while True:
        node = cursor.node
        if node is not None and node.is_named and depth:
            _enter(node, depth, walk)
        if cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            depth -= 1
        while walk.enclosing and walk.enclosing[-1][0] >= depth:
            walk.enclosing.pop()


def _enter(node: Node, depth: int, walk: _Walk) -> None:
    row = node.start_point[0]
    levels = walk.draft.levels
    if levels[row] == DEEP and row not in walk.glued:
        levels[row] = min(depth, DEEP - 1)
    kind = node.type
    if kind in _COMMENTS:
        walk.comments.update(range(row, node.end_point[0] + 1))
        if _RULE.search(text := text_of(node)) and walk.draft.lines[row].strip() == text:
            walk.draft.faint.add(row)
        return
    if kind == "package_declaration" or kind == "package_clause":
        _package(node, walk)
    walk.draft.mentions.extend(Mention(row, kind, name) for kind, name in references_of(node, walk.unit) if name)
    name = _definition(node, walk.unit.grammar)
    if name:
        _define(node, name, depth, walk)


def _package(node: Node, walk: _Walk) -> None:
    name = dotted(text_of(node.named_children[-1])) if node.named_child_count else ""
    walk.prefix = f"{name}." if name else ""


def _define(node: Node, name: str, depth: int, walk: _Walk) -> None:
    symbol = walk.symbol(name)
    row = node.start_point[0]
    if node.type != "impl_item":
        walk.draft.mentions.append(Mention(row, "defines", walk.prefix + symbol))
    if node.type in ("preproc_def", "const_spec", "var_spec", "assignment", "const_item", "static_item"):
        return
    if len(walk.enclosing) < MAX_NESTING:
        _section(node, symbol, walk)
    if node.type != "type_definition":  # `typedef struct node {...} Node` names one thing twice
        walk.enclosing.append((depth, symbol))


def _section(node: Node, symbol: str, walk: _Walk) -> None:
    """The definition with what stands above it; its signature is not cut from its first statement."""
    outer = node
    while (parent := outer.parent) is not None and parent.type in _WRAPPERS:
        outer = parent
    start, end = outer.start_point[0], _last_row(outer)
    while start - 1 in walk.comments:
        start -= 1
    levels = walk.draft.levels
    levels[start] = min(levels[start : outer.start_point[0] + 1])
    body = node.child_by_field_name("body")
    first = first_child(body)
    last = first.start_point[0] if first is not None else node.start_point[0]
    if first is not None and (first.type in _MEMBERS or first.type in _COMMENTS):
        last -= 1
    for glued in range(start + 1, last + 1):
        levels[glued] = DEEP
        walk.glued.add(glued)
    walk.draft.sections.append(Section(start, end, symbol))


def _last_row(node: Node) -> int:
    row, column = node.end_point
    return row - 1 if column == 0 and row > node.start_point[0] else row


def _definition(node: Node, grammar: Grammar) -> str:
    """The name that a node defines, or nothing."""
    kind = node.type
    if kind in _PLAIN_NAMES:
        if kind in _BODY_NEEDED and node.child_by_field_name("body") is None:
            return ""
        name = dotted(text_of(node.child_by_field_name("name")))
        return _receiver(node) + name if kind == "method_declaration" and grammar == "go" and name else name
    if kind == "function_definition":
        return dotted(text_of(node.child_by_field_name("name"))) if grammar == "python" else _declared(node)
    if kind in ("impl_item", "type_definition"):
        return dotted(text_of(node.child_by_field_name("type"))) if kind == "impl_item" else _declared(node)
    if kind == "assignment" and grammar == "python":
        return _constant(node)
    return _assigned(node, kind)


def _receiver(node: Node) -> str:
    """`(s *Server)` as `Server.`."""
    parameter = first_child(node.child_by_field_name("receiver"))
    name = dotted(text_of(parameter.child_by_field_name("type"))) if parameter is not None else ""
    return f"{name}." if name else ""


def _declared(node: Node) -> str:
    """The name inside C's nested declarators."""
    inner = node.child_by_field_name("declarator")
    while inner is not None and (deeper := inner.child_by_field_name("declarator")) is not None:
        inner = deeper
    if inner is not None and inner.type == "reference_declarator":
        inner = next((child for child in inner.named_children if "declarator" in child.type), None)
        inner = inner.child_by_field_name("declarator") if inner is not None else None
    return dotted(text_of(inner))


def _constant(node: Node) -> str:
    """A name that a Python module binds at its top level."""
    statement = node.parent
    module = statement.parent if statement is not None else None
    left = node.child_by_field_name("left")
    if module is None or module.type != "module" or left is None or left.type != "identifier":
        return ""
    return text_of(left)


def _assigned(node: Node, kind: str) -> str:
    """`const f = () => ...`, `exports.f = function ...` and arrow functions that are fields of a class."""
    if kind in ("variable_declarator", "public_field_definition", "field_definition"):
        value, name = node.child_by_field_name("value"), node.child_by_field_name("name")
        name = name or node.child_by_field_name("property")
    elif kind == "assignment_expression":
        value, name = node.child_by_field_name("right"), node.child_by_field_name("left")
    else:
        return ""
    return dotted(text_of(name)) if value is not None and value.type in _FUNCTIONS else ""
