"""A document to chunks: cut along its outline, each fits the embedder and says in its header where it stands."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ...domain import Chunk, Embedder, Reference
from ..reading.document import Document, Place
from ..reading.languages import grammar_of
from ..secrets.credentials import MASK, MASKED
from .outline import Mention, Outline, Symbols
from .packing import DEEP, Packer, Rows, Span
from .references_prose import mentions

HEADER_SHARE: Final = 4  # the path, and the symbol, each get at most this part of the embedder's window
MAX_HEADER_LINE: Final = 200
_WIDE_LINE: Final = 40  # characters a token: a line this long is taken apart without asking the tokenizer
_ATOM: Final = 128
_SENTENCE = re.compile(r"[^.!?;。！？]*(?:[.!?;。！？]+[\"')\]]*\s*|$)")
_PIECE = re.compile(rf".{{1,{_ATOM}}}(?:\s+|$)|.{{1,{_ATOM}}}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Chunked:
    """A document's chunks in order and what they refer to. `truncated` counts chunks that the embedder would cut,
    `withheld` those that are left out because a credential stands in them."""

    chunks: tuple[Chunk, ...]
    references: tuple[Reference, ...]
    truncated: int = 0
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows `start`..`stop` - 1, or of the one row `start` the characters `left`..`right`."""

    start: int
    stop: int
    left: int = 0
    right: int | None = None
    fits: bool = True


def chunk_document(document: Document, embedder: Embedder) -> Chunked:
    """Cut a document. Pure: the same document and embedder give the same chunks."""
    outline = outline_of(document)
    headers = _Headers(document, outline, embedder)
    costs = _line_costs(document, outline, embedder)
    pieces: list[_Piece] = []
    for part in _undropped(len(costs), outline.dropped):
        pieces.extend(_pieces(part, Rows(costs, outline.levels, outline.firm), headers))
    pieces = [
        small
        for piece in pieces
        for small in (
            [piece] if piece.fits else _within_line(document.lines[piece.start], piece.start, headers, embedder)
        )
    ]
    chunks = [chunk for piece in pieces if (chunk := _chunk(document, headers, piece, outline.faint)) is not None]
    withheld = [chunk for chunk in chunks if MASK in chunk.text]
    sized, truncated = _checked([_unmasked(chunk) for chunk in chunks if MASK not in chunk.text], embedder)
    unique = tuple({chunk.id: chunk for chunk in reversed(sized)}.values())[::-1]
    mentions = _told(outline.mentions, unique, withheld)
    return Chunked(unique, _references(document, unique, mentions), truncated, len(withheld))


def _unmasked(chunk: Chunk) -> Chunk:
    """A chunk under a heading in which a credential stood."""
    if MASK not in chunk.header + chunk.symbol:
        return chunk
    return replace(chunk, header=MASKED.sub("…", chunk.header), symbol=MASKED.sub("…", chunk.symbol))


def _told(found: Sequence[Mention], kept: Sequence[Chunk], withheld: Sequence[Chunk]) -> list[Mention]:
    """What the kept chunks say; of those withheld only the name of the file itself."""
    rows = _rows(withheld) - _rows(kept)
    return [m for m in found if MASK not in m.name and (m.row not in rows or (m.row == 0 and m.kind == "defines"))]


def _rows(chunks: Sequence[Chunk]) -> set[int]:
    return {row for chunk in chunks for row in range(chunk.start_line - 1, chunk.end_line)}


def _undropped(total: int, dropped: frozenset[int]) -> Iterator[Span]:
    """The stretches of rows between those that get no chunk."""
    start = 0
    for row in (*sorted(dropped), total):
        if row > start:
            yield Span(start, row)
        start = row + 1


def _pieces(part: Span, rows: Rows, headers: _Headers) -> Iterator[_Piece]:
    packer = Packer(rows, headers.limit, headers.overhead, part)
    for span in packer.spans():
        yield _Piece(span.start, span.stop, fits=packer.cost(span.start, span.stop) <= headers.limit)


def outline_of(document: Document) -> Outline:
    from . import code as chunking_code
    from . import prose as chunking_prose

    grammar = grammar_of(document.language, document.path)
    if grammar is not None:
        return chunking_code.outline(document, grammar)
    return chunking_prose.outline(document)


class _Headers:
    """The header of each range of rows and what it costs."""

    def __init__(self, document: Document, outline: Outline, embedder: Embedder) -> None:
        self._symbols = Symbols(outline.sections, document.lines)
        window = embedder.max_tokens
        share = window // HEADER_SHARE
        paths = [_one_line(document.relative), _one_line(document.relative.rsplit("/", 1)[-1])[-32:], ""]
        names = list(dict.fromkeys(section.symbol for section in outline.sections))
        lines = [_one_line(name) for name in names]
        special, *counts = embedder.count_tokens(["", *paths, *lines])
        costs = [count - special for count in counts]
        self._path, path_cost = next(
            (path, cost) for path, cost in zip(paths, costs, strict=False) if cost <= share or not path
        )
        self._lines = {
            name: (line, cost)
            for name, line, cost in zip(names, lines, costs[len(paths) :], strict=True)
            if cost <= share
        }
        self.limit = window - special - path_cost - min(2, window // 8)

    def symbol(self, start: int, stop: int) -> str:
        return self._symbols.of(start, stop)

    def overhead(self, start: int, stop: int) -> int:
        return self._lines.get(self._symbols.of(start, stop), ("", 0))[1]

    def of(self, symbol: str) -> str:
        line = self._lines.get(symbol, ("", 0))[0]
        return f"{self._path}\n{line}" if line else self._path


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_HEADER_LINE else "…" + line[1 - MAX_HEADER_LINE :]


def _line_costs(document: Document, outline: Outline, embedder: Embedder) -> list[int]:
    """Tokens of each line, 0 for blank and dropped ones. Lines of a known excess are not shown to the tokenizer."""
    wide = _WIDE_LINE * embedder.max_tokens
    kept = ["" if row in outline.dropped or not line.strip() else line for row, line in enumerate(document.lines)]
    unique = [line for line in dict.fromkeys(kept) if line and len(line) <= wide]
    special, *counts = embedder.count_tokens(["", *unique])
    known = {line: max(1, count - special) for line, count in zip(unique, counts, strict=True)}
    known[""] = 0
    return [known.get(line, embedder.max_tokens + 1) for line in kept]


def _within_line(line: str, row: int, headers: _Headers, embedder: Embedder) -> Iterator[_Piece]:
    """A line that is too long, cut after sentences, else after words, else anywhere."""
    atoms, levels = _atoms(line)
    limit = headers.limit - headers.overhead(row, row + 1)
    atoms, levels, costs = _fitting(atoms, levels, limit, embedder)
    ends = [0]
    for atom in atoms:
        ends.append(ends[-1] + len(atom))
    for span in Packer(Rows(costs, levels), limit, _nothing, Span(0, len(costs))).spans():
        yield _Piece(row, row + 1, ends[span.start], ends[span.stop])


def _nothing(start: int, stop: int) -> int:
    return 0


def _atoms(line: str) -> tuple[list[str], list[int]]:
    atoms: list[str] = []
    levels: list[int] = []
    for sentence in _SENTENCE.findall(line):
        for index, piece in enumerate(_PIECE.findall(sentence)):
            atoms.append(piece)
            levels.append(1 if index == 0 else 2)
    return atoms, levels


def _fitting(
    atoms: list[str], levels: list[int], limit: int, embedder: Embedder
) -> tuple[list[str], list[int], list[int]]:
    """Atoms halved until each fits by itself, with their tokens."""
    special, *counts = embedder.count_tokens(["", *atoms])
    done: list[tuple[str, int, int]] = []
    todo = [(atom, level, count - special) for atom, level, count in zip(atoms, levels, counts, strict=True)][::-1]
    while todo:
        atom, level, cost = todo.pop()
        if cost <= limit or len(atom) == 1:
            done.append((atom, level, max(1, cost)))
            continue
        halves = [atom[: len(atom) // 2], atom[len(atom) // 2 :]]
        first, second = (count - special for count in embedder.count_tokens(halves))
        todo.extend([(halves[1], DEEP, second), (halves[0], level, first)])
    return [atom for atom, _, _ in done], [level for _, level, _ in done], [cost for _, _, cost in done]


def _chunk(document: Document, headers: _Headers, piece: _Piece, faint: frozenset[int]) -> Chunk | None:
    """The chunk of a piece without the rows at its ends that say nothing; None where nothing is left."""
    rows = [row for row in range(piece.start, piece.stop) if row not in faint and document.lines[row].strip()]
    if not rows:
        return None
    first, last = rows[0], rows[-1]
    text = "\n".join(document.lines[first : last + 1])
    if piece.right is not None:
        text = document.lines[first][piece.left : piece.right].strip()
        if not text:
            return None
    symbol = headers.symbol(piece.start, piece.stop)
    place = _place(document.places, first + 1, last + 1)
    header = headers.of(symbol)
    return Chunk(document.path, first + 1, last + 1, text, header, document.language, symbol, place)


def _place(places: Sequence[Place], start: int, end: int) -> str:
    touched = [place for place in places if place.start <= end and place.end >= start]
    if not touched:
        return ""
    first, last = touched[0], touched[-1]
    if first is last:
        return f"{first.kind} {first.number}"
    return f"{first.kind}s {first.number}-{last.number}"


def _checked(chunks: list[Chunk], embedder: Embedder) -> tuple[list[Chunk], int]:
    """Chunks counted as they are embedded: where a sum of lines was no upper bound, the chunk is halved."""
    todo, done, truncated = chunks, [], 0
    window = embedder.max_tokens
    counts = embedder.count_tokens([chunk.embedded_text for chunk in todo])
    pairs = list(zip(todo, counts, strict=True))[::-1]
    while pairs:
        chunk, count = pairs.pop()
        halves = _halves(chunk) if count > window else ()
        if halves:
            again = embedder.count_tokens([half.embedded_text for half in halves])
            pairs.extend(reversed(list(zip(halves, again, strict=True))))
            continue
        truncated += count > window
        done.append(chunk)
    return done, truncated


def _halves(chunk: Chunk) -> tuple[Chunk, ...]:
    """A chunk in two, by lines, else by characters; with no header where not even one character fits."""
    lines = chunk.text.split("\n")
    if len(lines) > 1:
        middle = len(lines) // 2
        parts = (
            replace(chunk, end_line=chunk.start_line + middle - 1, text="\n".join(lines[:middle])),
            replace(chunk, start_line=chunk.start_line + middle, text="\n".join(lines[middle:])),
        )
    elif len(chunk.text) > 1:
        middle = len(chunk.text) // 2
        parts = (replace(chunk, text=chunk.text[:middle]), replace(chunk, text=chunk.text[middle:]))
    else:
        return (replace(chunk, header=""),) if chunk.header else ()
    return tuple(part for part in parts if part.text.strip())


def _references(document: Document, chunks: Sequence[Chunk], found: Sequence[Mention]) -> tuple[Reference, ...]:
    """Each mention goes to the chunk of its row, or to the one before it where the row got none."""
    if not chunks:
        return ()
    starts = [chunk.start_line for chunk in chunks]
    ids = [chunk.id for chunk in chunks]
    references = {Reference(ids[_index(starts, each.row + 1)], each.kind, each.name) for each in found if each.name}
    references.add(Reference(ids[0], "defines", document.relative))
    if grammar_of(document.language, document.path) is None:
        references.update(mentions(document, chunks))
    return tuple(sorted(references))


def _index(starts: Sequence[int], line: int) -> int:
    index = bisect_left(starts, line)
    return index if index < len(starts) and starts[index] == line else max(0, index - 1)
