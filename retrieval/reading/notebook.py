"""Notebooks: the source of each cell; outputs are left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from ...domain import Language
from .text import UnreadableError, storable

_KERNELS: Final[dict[str, Language]] = {
    "python": "python", "ipython": "python", "javascript": "javascript", "typescript": "typescript", "go": "go",
    "rust": "rust", "java": "java", "c": "c", "c++": "cpp", "cpp": "cpp",
}  # fmt: skip


def notebook_cells(text: str) -> Iterator[tuple[int, Language, str]]:
    """Number (from 1), language and source of each cell that has any; raises UnreadableError."""
    try:
        notebook = json.loads(text)
    except RecursionError as error:
        raise UnreadableError("too deep", "JSON nested beyond what can be followed") from error
    except ValueError as error:
        raise UnreadableError("broken", f"not JSON: {error}") from error
    language = _kernel(notebook)
    for number, cell in enumerate(_cells(notebook), 1):
        source = _source(cell)
        if source.strip():
            yield number, _language(cell, language), storable(source)


def _cells(notebook: object) -> list[object]:
    """The cells of format 4, or those of format 3's worksheets."""
    if isinstance(notebook, dict):
        cells = notebook.get("cells")
        worksheets = notebook.get("worksheets")
        if cells is None and isinstance(worksheets, list):
            cells = [cell for sheet in worksheets if isinstance(sheet, dict) for cell in _listed(sheet.get("cells"))]
        if isinstance(cells, list):
            return cells
    raise UnreadableError("broken", "a notebook holds a list of cells")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _source(cell: object) -> str:
    if not isinstance(cell, dict):
        return ""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _language(cell: object, kernel: Language) -> Language:
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    if kind == "code":
        return kernel
    return "markdown" if kind in ("markdown", "heading") else "text"


def _kernel(notebook: object) -> Language:
    """The language of the code cells: Python where the notebook does not say."""
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    if not isinstance(metadata, dict):
        return "python"
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        found = metadata.get(key)
        if isinstance(found, dict) and isinstance(found.get(name), str):
            return _KERNELS.get(found[name].lower(), "text")
    return "python"
