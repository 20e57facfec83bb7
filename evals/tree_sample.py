"""A sample of a source tree: every Nth file of each class, and how much of the class's text that is."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..retrieval.reading.contents import read_contents, unwanted
from ..retrieval.reading.document import UnreadableError, read_document
from ..retrieval.reading.skipped import Skipped
from ..retrieval.reading.text_class import CLASSES, TextClass, text_class
from ..retrieval.reading.walk import Found, walk


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that an index of its tree reads; `path` is relative to the tree."""

    path: str
    text_class: TextClass
    characters: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Some files of a tree. `ratios` says of each class how many times the sample's characters the tree has."""

    files: tuple[TextFile, ...]
    ratios: Mapping[TextClass, float]
    ratio: float

    def copy(self, tree: Path, folder: Path) -> Path:
        """The sample as a tree of its own, each file at its place, so that its class stays what it was."""
        for file in self.files:
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(tree / file.path, target)
        return folder


def sample_of(texts: Sequence[TextFile], every: int) -> Sample:
    """Every Nth of a class, in order of size, from the middle of the first N on: so long and short files take part as
    the tree has them, and a small class has one file at least."""
    files = tuple(file for kind in CLASSES for file in _every(every, [it for it in texts if it.text_class == kind]))
    tree, sample = _characters(texts), _characters(files)
    ratios = {kind: tree[kind] / sample[kind] for kind in CLASSES if sample[kind]}
    return Sample(files, ratios, tree.total() / max(1, sample.total()))


def _every(every: int, files: list[TextFile]) -> list[TextFile]:
    ordered = sorted(files, key=lambda file: (file.characters, file.path))
    return ordered[min(every, len(ordered)) // 2 :: every]


def _characters(files: Iterable[TextFile]) -> Counter[TextClass]:
    counts: Counter[TextClass] = Counter()
    for file in files:
        counts[file.text_class] += file.characters
    return counts


def texts_of(tree: Path) -> Iterator[TextFile]:
    """The files that an index of the tree reads, each read as it reads them, but not cut."""
    for found in walk([tree]):
        if isinstance(found, Found) and (file := _read(found)) is not None:
            yield file


def _read(found: Found) -> TextFile | None:
    contents = read_contents(found.path)
    if isinstance(contents, Skipped) or unwanted(found.path, found.root, contents):
        return None
    try:
        document = read_document(found.path, contents, found.root)
    except UnreadableError:
        return None
    path = found.path.relative_to(found.root).as_posix()
    looks = document.text if document.language == "text" else ""
    return TextFile(path, text_class(path, document.language, looks), len(document.text))
