"""A small corpus, indexed without an embedder, and a folder to stand in that has no settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.stores.collection import Collection

BANK = '''"""Accounts of a small bank."""

OVERDRAFT_LIMIT = 250


class Account:
    """Holds the balance of one customer."""

    def withdraw(self, amount: int) -> int:
        """Take money out; the overdraft limit is 250 and raises OverdraftError beyond it."""
        if self.balance + OVERDRAFT_LIMIT < amount:
            raise OverdraftError(amount)
        self.balance -= amount
        return self.balance
'''
NOTES = (
    "# Opening hours\n\nThe branch in Lisbon opens at nine and closes at four.\n\n# Fees\n\nA transfer costs 2 euros.\n"
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a corpus below it; nothing listens where the models would be."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "bank.py").write_text(BANK)
    (corpus / "notes.md").write_text(NOTES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRAGRAPH_EMBEDDER", "none")
    monkeypatch.setenv("HYDRAGRAPH_OLLAMA__BASE_URL", "http://127.0.0.1:9")
    return tmp_path


@pytest.fixture
def indexed(here: Path, own_home: Path) -> Path:
    index(Collection(own_home, "default"), [here / "corpus"], None)
    return here
