"""What a text is for."""

from __future__ import annotations

import pytest

from hydragraph.domain import Language
from hydragraph.retrieval.reading.text_class import TextClass, text_class

LOG = "\n".join(f"2026-11-{day:02} 12:00:00 INFO request {day * 7} took {day} ms" for day in range(1, 31))
WORDS = "\n".join(f"w{'o' * count}rd" for count in range(40))
NUMBERS = "\n".join(" ".join(str(row * column) for column in range(12)) for row in range(40))
PROSE = "\n".join(
    f"{'A longer' if row % 3 else 'Another'} sentence, number {'one ' * (row % 7)}says (in words) what is meant."
    for row in range(60)
)


@pytest.mark.parametrize(
    ("path", "language", "expected"),
    [
        ("django/db/models/query.py", "python", "source"),
        ("src/app.ts", "typescript", "source"),
        ("scripts/build.sh", "text", "source"),
        ("static/admin/css/base.css", "text", "source"),
        ("templates/admin/base.html", "html", "source"),
        ("docs/index.html", "html", "documentation"),
        ("README.md", "markdown", "documentation"),
        ("README", "text", "documentation"),
        ("docs/topics/i18n/translation.txt", "text", "documentation"),
        ("tests/test_query.py", "python", "tests"),
        ("pkg/conftest.py", "python", "tests"),
        ("web/button.spec.ts", "typescript", "tests"),
        ("tests/fixtures/models.py", "python", "tests"),
        ("CHANGELOG.md", "markdown", "other"),
        ("LICENSE", "text", "other"),
        ("pyproject.toml", "text", "other"),
        ("package.json", "text", "other"),
        ("conf/locale/de/LC_MESSAGES/django.po", "text", "data"),
        ("web/locales/de.json", "text", "data"),
        ("tests/auth/fixtures/users.json", "text", "data"),
        ("data/points.csv", "text", "data"),
        ("poetry.lock", "text", "data"),
        ("conf/locale/de/formats.py", "python", "source"),
    ],
)
def test_path_and_language_tell(path: str, language: Language, expected: TextClass) -> None:
    assert text_class(path, language) == text_class(f"/{path}", language) == expected


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("notes.txt", LOG, "data"),
        ("wordlist", WORDS, "data"),
        ("tests/gis/points.txt", NUMBERS, "data"),
        ("settings.ini", NUMBERS, "data"),
        ("notes.txt", PROSE, "documentation"),
        ("wordlist", "\n".join(WORDS.splitlines()[:19]), "documentation"),
        ("schema.sql", NUMBERS, "source"),
    ],
)
def test_plain_text_that_looks_like_data_is_data(path: str, text: str, expected: TextClass) -> None:
    assert text_class(path, "text", text) == expected


@pytest.mark.parametrize("language", ["python", "markdown", "notebook"])
def test_looks_say_nothing_of_programs_and_documents(language: Language) -> None:
    assert text_class("table.x", language, NUMBERS) != "data"
