"""What a person who has just indexed something may ask."""

from __future__ import annotations

from pathlib import Path

from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.search.suggestions import starting_questions
from hydragraph.retrieval.stores.collection import Collection
from hydragraph.retrieval.stores.texts import Store


def asked_of(docs: Collection, folder: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    index(docs, [folder], None)
    with Store(docs.database) as store:
        return starting_questions(store)


POOL = '''class SessionPool:
    """Keeps sessions."""


def open_pool():
    return SessionPool()
'''
BARE = """class BareThing:
    size = 1


def run():
    return BareThing()
"""
MAIN = """from .bare import BareThing


def main():
    run(BareThing())
"""
FAKE = """class FakePool:
    pass


def test_it():
    assert FakePool()
"""


def test_what_is_used_is_asked_about_and_what_says_what_it_is_for_first(docs: Collection, tmp_path: Path) -> None:
    files = {
        "pool.py": POOL,
        "bare.py": BARE,
        "a.py": MAIN,
        "tests/test_pool.py": FAKE,
        "README.md": "# Title\n\nText.\n",
    }
    asked = asked_of(docs, tmp_path / "tests" / "tree", files)
    assert asked == ["What does SessionPool do?", "What does BareThing do?"]


def test_documents_are_asked_about_by_heading_and_those_on_top_first(docs: Collection, tmp_path: Path) -> None:
    files = {
        "CHANGELOG.md": "# Changes\n\nMuch.\n",
        "a.md": "# Opening hours\n\nAt nine.\n\n# Closing\n\nAt ten.\n",
        "README.md": "# The branch\n\nIn Lisbon.\n",
        "deep/b.md": "# Fees\n\nTwo euros.\n",
    }
    assert asked_of(docs, tmp_path / "tree", files) == [
        "What is said about “The branch”?",
        "What is said about “Opening hours”?",
        "What is said about “Fees”?",
    ]


def test_where_nothing_has_a_name_there_is_no_question(docs: Collection, tmp_path: Path) -> None:
    assert asked_of(docs, tmp_path / "tree", {"notes.txt": "nothing in particular\n"}) == []
