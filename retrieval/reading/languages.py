"""Which language a file is written in, and the tree-sitter parser for it."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, Literal

from ...domain import Language

if TYPE_CHECKING:
    from tree_sitter import Parser

Grammar = Literal["python", "javascript", "typescript", "tsx", "go", "rust", "java", "c", "cpp"]

_SUFFIXES: Final[dict[Language, str]] = {
    "python": ".py .pyi .pyw .pyx .pxd",
    "javascript": ".js .mjs .cjs .jsx",
    "typescript": ".ts .mts .cts .tsx",
    "go": ".go",
    "rust": ".rs",
    "java": ".java",
    "c": ".c .h",
    "cpp": ".cc .cpp .cxx .c++ .hh .hpp .hxx .h++ .ipp .inl .tpp .cu .cuh .ino",
    "markdown": ".md .markdown .mdown .mkd .mdx",
    "rst": ".rst .rest",
    "html": ".html .htm .xhtml",
    "pdf": ".pdf",
    "notebook": ".ipynb",
}
_LANGUAGES: Final[dict[str, Language]] = {
    suffix: language for language, suffixes in _SUFFIXES.items() for suffix in suffixes.split()
}
_DATA: Final = frozenset({
    ".json", ".jsonl", ".ndjson", ".geojson", ".csv", ".tsv", ".xml", ".svg", ".log", ".sql", ".po", ".pot",
    ".plist", ".har", ".out",
})  # fmt: skip
_SHEBANG = re.compile(r"#!\s*\S*?(?:env\s+(?:-S\s+)?)?(python|node|deno|bun)[\d.]*(?:\s|$)")
_CPP_HEADER = re.compile(
    r"^\s*(?:class\s+\w|namespace\b|template\s*<|using\s+\w|(?:public|private|protected)\s*:)", re.M
)
_GRAMMARS: Final[dict[Grammar, tuple[str, str]]] = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "java": ("tree_sitter_java", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
}


def language_of(path: str, head: str = "") -> Language:
    """The language by suffix; `head`, the start of the text, tells C++ headers and scripts without a suffix."""
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == ".h" and _CPP_HEADER.search(head):
        return "cpp"
    if found := _LANGUAGES.get(suffix):
        return found
    if not suffix and (match := _SHEBANG.match(head)):
        return "python" if match[1] == "python" else "javascript"
    return "text"


def is_data(path: str) -> bool:
    """Formats that hold records more often than prose or code."""
    return PurePosixPath(path).suffix.lower() in _DATA


def grammar_of(language: Language, path: str) -> Grammar | None:
    """The grammar that parses a file of this language, None for documents."""
    if language == "typescript":
        return "tsx" if path.lower().endswith(".tsx") else "typescript"
    for grammar in _GRAMMARS:
        if grammar == language:
            return grammar
    return None


@cache
def _language(grammar: Grammar) -> object:
    from tree_sitter import Language as TreeSitterLanguage

    module, function = _GRAMMARS[grammar]
    return TreeSitterLanguage(getattr(importlib.import_module(module), function)())


def parser(grammar: Grammar) -> Parser:
    """A new parser (parsers are not shared between threads, their grammars are)."""
    from tree_sitter import Language as TreeSitterLanguage
    from tree_sitter import Parser

    language = _language(grammar)
    assert isinstance(language, TreeSitterLanguage)
    return Parser(language)
