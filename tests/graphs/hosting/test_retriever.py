"""A collection as a LangChain retriever, as README shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hydragraph.errors import NoIndexError, SettingsError
from hydragraph.graphs import open_retriever
from hydragraph.retrieval.indexing.run import index
from hydragraph.retrieval.stores.collection import Collection
from hydragraph.settings import Settings

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture
def project(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, and collections called project and default, without dense vectors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRAGRAPH_EMBEDDER", "none")
    for name, text in (("project", "Sessions are closed by the pool."), ("default", "Sessions are opened by hand.")):
        (tmp_path / f"{name}.md").write_text(f"# Sessions\n\n{text}\n")
        index(Collection(own_home, name), [tmp_path / f"{name}.md"], None)
    return tmp_path


def test_the_snippet_of_the_readme_runs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [snippet] = [
        code for code in re.findall(r"```python\n(.*?)```", README.read_text(), re.S) if "open_retriever" in code
    ]
    exec(snippet, {})
    text = "# Sessions\n\nSessions are closed by the pool."
    assert capsys.readouterr().out.rstrip() == f"{project / 'project.md'}:L1-L3 {text}"


async def test_what_is_not_given_is_as_the_settings_say(project: Path, own_home: Path) -> None:
    assert "by hand" in (await open_retriever().ainvoke("sessions"))[0].page_content
    assert open_retriever().limit == Settings().search.limit
    given = Settings(home=own_home, collection="project", embedder="none")
    assert "by the pool" in (await open_retriever(settings=given, limit=1).ainvoke("sessions"))[0].page_content


@pytest.mark.usefixtures("project")
def test_nothing_is_opened_before_the_first_question(monkeypatch: pytest.MonkeyPatch) -> None:
    retriever = open_retriever("elsewhere")
    with pytest.raises(NoIndexError, match="elsewhere"):
        retriever.invoke("sessions")
    monkeypatch.setenv("HYDRAGRAPH_EMBEDDER", "nope")
    with pytest.raises(SettingsError):
        open_retriever("project")
