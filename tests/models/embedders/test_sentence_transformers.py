from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from hydragraph.errors import EmbedderError
from hydragraph.models.embedders.minilm import MiniLM
from hydragraph.models.embedders.onnx_export import ModelFiles
from hydragraph.models.embedders.sentence_transformers import SentenceTransformersEmbedder

INSTALLED = find_spec("sentence_transformers") is not None
needs_extra = pytest.mark.skipif(not INSTALLED, reason="needs hydragraph[sentence-transformers]")

# Code points from which words of a script are drawn.
SCRIPTS = {
    "latin": [*range(0x61, 0x7B), *range(0xC0, 0x250)],
    "vietnamese": [*range(0x61, 0x7B), *range(0x1EA0, 0x1EFA)],
    "greek": [*range(0x391, 0x3CA)],
    "cyrillic": [*range(0x410, 0x450)],
    "cjk": [*range(0x4E00, 0x5200), *range(0x20000, 0x20040)],
    "kana": [*range(0x3041, 0x3097), *range(0x30A1, 0x30FB)],
    "hangul": [*range(0xAC00, 0xAD00), *range(0x1100, 0x1113)],
    "arabic": [*range(0x621, 0x653)],
    "hebrew": [*range(0x5D0, 0x5EB), *range(0x5B0, 0x5BD)],
    "devanagari": [*range(0x905, 0x94E)],
    "thai": [*range(0xE01, 0xE3B), *range(0xE40, 0xE4F)],
    "emoji": [*range(0x1F300, 0x1F650), 0x200D, 0xFE0F, *range(0x1F3FB, 0x1F400), *range(0x1F1E6, 0x1F200)],
    "combining": [*range(0x61, 0x7B), *range(0x300, 0x370), *range(0x20D0, 0x20F0)],
    "control": [*range(0x00, 0x20), *range(0x7F, 0xA1), 0x200B, 0x2028, 0xFEFF, 0xFFFD, *range(0x61, 0x6B)],
    "symbols": [*range(0x21, 0x40), *range(0x2190, 0x2300), *range(0x2500, 0x2580)],
    "private": [*range(0xE000, 0xE020), *range(0xF0000, 0xF0010), *range(0x61, 0x6B)],
}
CODE = (
    "def session_scope(self) -> Iterator[Session]:\n    with self.maker() as session:\n        yield session\n",
    "SELECT u.id, COUNT(*) FROM users AS u LEFT JOIN posts p ON p.user_id = u.id WHERE u.name ILIKE '%x%';",
    "for (let i = 0; i < xs.length; ++i) { total += xs[i] ?? 0; } // O(n)\n" * 30,
    "impl<T: Fn(&str) -> Result<(), Box<dyn Error>>> Handler for T { const N: usize = 0xFF_u8 as usize; }",
    "https://example.com/a/b?c=d&e=%20f#g user.name+tag@example.co.uk 192.168.0.1 ::1 /usr/local/lib64",
    "[CLS] [SEP] [MASK] [PAD] [UNK] ##ing [unused1]",
    "a" * 100 + " " + "b" * 101 + " " + "c" * 5000,
)


def lengths(files: ModelFiles) -> Iterator[str]:
    """One text of every length from nothing to 600 tokens."""
    vocabulary = (files.weights.parent / "vocab.txt").read_text(encoding="utf-8").split()
    words = [word for word in vocabulary if word.isascii() and word.isalpha()]
    draw = random.Random(1)
    yield ""
    for count in range(1, 601):
        yield " ".join(draw.choices(words, k=count))


def scripts() -> Iterator[str]:
    """Words of each script, and of all mixed, short and beyond the limit."""
    draw = random.Random(2)
    everything = [point for points in SCRIPTS.values() for point in draw.sample(points, 10)]
    for points in [*SCRIPTS.values(), everything]:
        for count in (1, 2, 5, 20, 80, 300):
            yield " ".join("".join(map(chr, draw.choices(points, k=draw.randint(1, 9)))) for _ in range(count))
        yield "".join(map(chr, draw.choices(points, k=400)))


@pytest.fixture(scope="module")
def oracle(model_files: ModelFiles) -> SentenceTransformersEmbedder:
    return SentenceTransformersEmbedder(str(model_files.weights.parent))


def assert_equal(minilm: MiniLM, oracle: SentenceTransformersEmbedder, texts: list[str]) -> None:
    assert minilm.count_tokens(texts) == oracle.count_tokens(texts)
    cosines = (minilm.embed(texts) * oracle.embed(texts)).sum(axis=1)
    worst = int(cosines.argmin())
    assert cosines[worst] >= 0.9999, f"cosine {cosines[worst]} for {texts[worst][:80]!r}"


@pytest.mark.extra
@pytest.mark.timeout(900)
@needs_extra
def test_minilm_equals_it_at_every_length(
    model_files: ModelFiles, minilm: MiniLM, oracle: SentenceTransformersEmbedder
) -> None:
    assert_equal(minilm, oracle, list(lengths(model_files)))


@pytest.mark.extra
@needs_extra
def test_minilm_equals_it_in_every_script(minilm: MiniLM, oracle: SentenceTransformersEmbedder) -> None:
    assert_equal(minilm, oracle, [*scripts(), *CODE])


@pytest.mark.extra
@needs_extra
def test_unknown_model_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"cannot load .*no_such_model.*\n.*Expected the path of a model's folder"):
        SentenceTransformersEmbedder(str(tmp_path / "no_such_model")).embed(["a"])


@pytest.mark.extra
@needs_extra
def test_loading_prints_nothing(model_files: ModelFiles, capfd: pytest.CaptureFixture[str]) -> None:
    SentenceTransformersEmbedder(str(model_files.weights.parent)).embed(["a"])
    assert capfd.readouterr() == ("", "")


def test_missing_extra_is_told_with_the_command_that_adds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EmbedderError, match=r"not installed.*\n.*pip install 'hydragraph\[sentence-transformers\]'"):
        SentenceTransformersEmbedder("any/model")


def test_module_is_free_to_import() -> None:
    program = (
        "import sys, hydragraph.models.embedders.sentence_transformers; print({'torch', 'numpy'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
