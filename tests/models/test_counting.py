from __future__ import annotations

from pathlib import Path

import pytest

from hydragraph import models
from hydragraph.domain import Message
from hydragraph.models.counting import HIGHEST, LOWEST, TokenRatio, estimate_tokens, fewest_tokens
from hydragraph.models.embedders.minilm import MiniLM

# Counted with the tokenizers of Qwen3, Llama 3 and Llama 2.
COUNTED = {
    "The quick brown fox jumps over the lazy dog.": (10, 10, 12),
    "def session_scope(self) -> Iterator[Session]:\n    with self.maker() as session:\n        yield session\n": (
        23,
        23,
        28,
    ),
    "getUserByID(user_id=0x1F, retries=3) // camelCase, snake_case, v2.0.48": (28, 27, 35),
    '    if err != nil {\n\t\treturn nil, fmt.Errorf("open %q: %w", path, err)\n\t}\n': (26, 26, 31),
    "人工智能是计算机科学的一个分支，它企图了解智能的实质。": (14, 19, 27),
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。": (26, 27, 40),
    "인공지능은 인간의 학습능력을 인공적으로 구현하려는 분야이다.": (24, 20, 34),
    "Широкая электрификация южных губерний даст мощный толчок подъёму": (29, 26, 29),
    "قاعدة البيانات الموزعة בסיס נתונים מבוזר": (11, 24, 37),
    "वितरित डेटाबेस ฐานข้อมูลแบบกระจาย": (21, 18, 34),
    "👩\u200d💻🚀 done ✅ → ≤ ∑ ❌": (14, 18, 21),
    "Straßenbahnhaltestelle, Übergröße, naïve café": (14, 15, 16),
    "3.14159 2.71828 1.41421 0.57721 10000000 65535": (46, 26, 47),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855": (58, 35, 58),
    "| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n": (24, 24, 24),
    "SELECT COUNT(*) FROM CUSTOMER_ORDERS WHERE STATUS = 'SHIPPED';": (16, 16, 24),
}


@pytest.mark.parametrize("text", COUNTED)
def test_the_estimate_does_not_undercount_real_tokenizers(text: str) -> None:
    highest = max(COUNTED[text])
    assert 0.9 * highest <= estimate_tokens(text) <= 3 * highest


def test_an_empty_text_has_no_tokens() -> None:
    assert estimate_tokens("") == 0


def test_real_code_is_not_undercounted(minilm: MiniLM) -> None:
    """WordPiece cuts code more finely than the tokenizers of chat models do."""
    for path in sorted(Path(models.__file__).parent.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert estimate_tokens(text) >= 0.95 * minilm.count_tokens([text])[0], path.name


def test_the_lower_bound_is_below_every_count() -> None:
    for text, counts in COUNTED.items():
        assert fewest_tokens([Message("user", text)]) <= min(counts)


class TestTokenRatio:
    def test_it_is_one_before_anything_was_learned(self) -> None:
        assert TokenRatio().factor == 1.0

    def test_it_rises_with_the_first_undercount(self) -> None:
        ratio = TokenRatio()
        ratio.observe(1000, 1200)
        assert ratio.factor == pytest.approx(1.26)

    def test_it_sinks_only_after_several_calls_and_to_the_highest_of_them(self) -> None:
        ratio = TokenRatio()
        for counted in (700, 750, 800, 720):
            ratio.observe(1000, counted)
        assert ratio.factor == 1.0
        ratio.observe(1000, 710)
        assert ratio.factor == pytest.approx(0.84)

    def test_it_is_bounded(self) -> None:
        low, high = TokenRatio(), TokenRatio()
        for _ in range(10):
            low.observe(1000, 1)
            high.observe(1000, 50_000)
        assert (low.factor, high.factor) == (LOWEST, HIGHEST)

    def test_short_prompts_and_missing_counts_teach_nothing(self) -> None:
        ratio = TokenRatio()
        ratio.observe(20, 60)
        ratio.observe(1000, 0)
        assert ratio.factor == 1.0
