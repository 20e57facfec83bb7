"""Hosts embed the machine as a subgraph, a Runnable and a tool, beside packages called `tools` and `server`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SENTENCE = "The boiler starts its frost protection below four degrees."


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    project = tmp_path_factory.mktemp("project")
    for name in ("tools", "server"):
        (project / name).mkdir()
        (project / name / "__init__.py").write_text('WHOSE = "the host\'s"\n')
    shutil.copy(Path(__file__).with_name("host_project.py"), project / "app.py")
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "app.py"], cwd=project, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    results: dict[str, Any] = json.loads(done.stdout)
    return results


def test_as_a_subgraph(embedded: dict[str, Any]) -> None:
    out = embedded["subgraph"]

    assert out["last"].startswith(SENTENCE)
    assert "manual.pdf" in out["last"]
    assert (out["count"], out["keys"]) == (2, ["messages", "ticket"])


def test_as_a_runnable(embedded: dict[str, Any]) -> None:
    out = embedded["runnable"]

    assert out["answer"].startswith(SENTENCE)
    assert out["sources"] == ["manual.pdf"]
    assert (out["status"], out["tier"]) == ("answered", "local_quality")


def test_as_a_tool(embedded: dict[str, Any]) -> None:
    out = embedded["tool"]

    assert (out["name"], out["args"]) == ("manuals", ["question"])
    assert out["result"].startswith(SENTENCE)


def test_the_hosts_own_packages_are_not_shadowed(embedded: dict[str, Any]) -> None:
    assert embedded["modules"] == {"tools": "the host's", "server": "the host's"}
    assert embedded["shadowed"] == []
