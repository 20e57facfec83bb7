"""Collections of any size, drawn from a seed: texts by Zipf's law, and vectors that have the texts' structure.

A text's vector is the sum of its words' vectors plus noise, as a model's would lie near those of texts on the same
matter; vectors that are uniform on the sphere have no neighbourhoods, so any graph index fails on them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ..domain import Embedder
from ..errors import UsageError
from ..retrieval.indexing.run import IndexReport, index
from ..retrieval.stores.collection import Collection
from .console import say
from .corpus_index import Teller

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

WORDS, NAMES = 30_000, 5_000
NAME_STEP: Final = 7  # a name is two words so far apart
TEXT_WORDS, TEXT_NAMES = 80, 5
QUESTION_WORDS, QUESTION_NAMES = 8, 1
TEXTS_A_FILE: Final = 10
WINDOW: Final = 128  # two texts do not fit into one chunk
NOISE: Final = 4.0  # beside the sum of some 50 different words, which is 7 of these long
_LETTERS = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Drawn:
    """Texts to index and questions about them. The first `n` texts of a seed are the same for every larger draw."""

    texts: tuple[str, ...]
    questions: tuple[str, ...]


def draw(chunks: int, questions: int, seed: int) -> Drawn:
    random = np.random.default_rng(seed)
    texts = tuple(_text(random, TEXT_WORDS, TEXT_NAMES) for _ in range(chunks))
    asked = np.random.default_rng([seed, 1])
    return Drawn(texts, tuple(f"{_text(asked, QUESTION_WORDS, QUESTION_NAMES)}?" for _ in range(questions)))


def _text(random: np.random.Generator, words: int, names: int) -> str:
    drawn = [_word(number) for number in _zipf(random, words, WORDS)]
    for number in _zipf(random, names, NAMES):
        drawn.insert(
            int(random.integers(1, len(drawn))), f"{_word(number).title()} {_word(number + NAME_STEP).title()}"
        )
    return " ".join(drawn)


def _zipf(random: np.random.Generator, count: int, most: int) -> list[int]:
    return [int(number) for number in np.minimum(random.zipf(1.2, count), most)]


@lru_cache(maxsize=WORDS + NAME_STEP + 1)
def _word(number: int) -> str:
    """A pronounceable word, the same for the same number."""
    letters = ""
    number += 100
    while number:
        number, syllable = divmod(number, 100)
        letters += "bcdfghjklmnprstvwxyz"[syllable // 5] + "aeiou"[syllable % 5]
    return letters


class DrawnEmbedder:
    """An Embedder that costs next to nothing: the sum of the drawn words' vectors plus noise from the text's hash.

    With `like`, its vectors carry that embedder's name and dimension, so that a search with the real one reads them.
    """

    max_tokens = WINDOW

    def __init__(self, like: Embedder | None = None) -> None:
        self.name, self.dimension = (like.name, like.dimension) if like else ("drawn", 384)
        self._numbers = {_word(number): number for number in range(WORDS + NAME_STEP + 1)}
        self._rows = np.random.default_rng(0).standard_normal((len(self._numbers), self.dimension), dtype=np.float32)
        self._kept: dict[str, Vectors] = {}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._kept[text] if text in self._kept else self._vector(text) for text in texts])

    def keep(self, texts: Sequence[str]) -> None:
        """Draw these now, so that asking for them later costs a look-up."""
        self._kept.update((text, self._vector(text)) for text in texts)

    def _vector(self, text: str) -> Vectors:
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
        noise = np.random.default_rng(seed).standard_normal(self.dimension, dtype=np.float32)
        words = {self._numbers[word] for word in _LETTERS.findall(text.lower()) if word in self._numbers}
        vector = self._rows[sorted(words)].sum(axis=0) + np.float32(NOISE) * noise
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def as_file(texts: Sequence[str]) -> str:
    return "\n\n".join(texts) + "\n"


def write_texts(texts: Sequence[str], folder: Path) -> None:
    """Files of some texts each, every text a paragraph; a file that says this already stays as it is."""
    for start in range(0, len(texts), TEXTS_A_FILE):
        path = folder / f"{start // 10_000:03d}" / f"notes_{start:07d}.md"
        text = as_file(texts[start : start + TEXTS_A_FILE])
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def index_drawn(texts: Sequence[str], embedder: Embedder, home: Path, name: str) -> IndexReport:
    """A collection whose chunks are these texts, in files beside the home; what an earlier run made is used again."""
    folder = home.parent / f"{name}-texts"
    say(f"{name}: indexing {len(texts):,} drawn texts")
    write_texts(texts, folder)
    report = index(Collection(home, name), [folder], embedder, Teller())
    if report.chunks != len(texts):
        raise UsageError(f"Expected a chunk for each of {len(texts)} texts in {folder}, got {report.chunks}.")
    return report
