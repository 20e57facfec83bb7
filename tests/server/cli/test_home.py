"""A home that cannot be used, and a collection that is damaged: one message that says so, and nothing worse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hydragraph.server.cli.main import main

Captured = pytest.CaptureFixture[str]
LINES = [
    ["index", "corpus"],
    ["search", "overdraft"],
    ["ask", "What is the overdraft limit?"],
    ["ask", "What is the overdraft limit?", "--thread", "t"],
    ["forget", "corpus"],
    ["forget", "default", "--yes"],
    ["collections"],
]
# Root may write everywhere, but for what it gives up.
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"] if os.geteuid() == 0 else []


def said(line: list[str], capsys: Captured) -> tuple[int, str]:
    capsys.readouterr()
    code = main(line)
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_home_that_is_a_file_is_said_to_be_one(
    line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HYDRAGRAPH_HOME", str(tmp_path / "file"))
    code, shown = said(line, capsys)
    assert code == 1
    assert "Not a directory. HYDRAGRAPH_HOME" in shown
    assert "unexpected" not in shown


@pytest.mark.skipif(bool(UNPRIVILEGED) and not shutil.which("setpriv"), reason="root may write everywhere")
@pytest.mark.usefixtures("indexed")
def test_a_home_that_cannot_be_written_is_not_called_damaged(own_home: Path) -> None:
    for path in [own_home, *own_home.rglob("*")]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        for line in LINES:
            command = [*UNPRIVILEGED, sys.executable, "-m", "hydragraph", *line]
            ended = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            shown = ended.stdout + ended.stderr
            assert (ended.returncode, "HYDRAGRAPH_HOME" in shown) == (1, True), shown
            assert "unexpected" not in shown
            assert "Make it again" not in shown
        ended = subprocess.run([*command[:-1], "doctor", "--json"], capture_output=True, text=True)
        checks = {check["part"]: check for check in json.loads(ended.stdout)}
    finally:
        for path in [own_home, *own_home.rglob("*")]:
            path.chmod(0o700 if path.is_dir() else 0o600)
    assert (ended.returncode, checks["home"]["health"], checks["disk"]["health"]) == (1, "broken", "ok")
    assert "HYDRAGRAPH_HOME" in checks["collection default"]["mend"]


@pytest.mark.usefixtures("here")
def test_the_doctor_looks_at_the_rest_where_the_home_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HYDRAGRAPH_HOME", str(tmp_path / "file"))
    code, shown = said(["doctor", "--json"], capsys)
    checks = {check["part"]: check["health"] for check in json.loads(shown)}
    assert code == 1
    assert (checks["home"], checks["disk"], checks["collections"]) == ("broken", "ok", "broken")
    assert "python" in checks


@pytest.mark.usefixtures("indexed")
def test_a_damaged_collection_is_not_an_empty_one(own_home: Path, capsys: Captured) -> None:
    (own_home / "collections" / "default" / "index.db").write_bytes(b"no database" * 1000)
    code, shown = said(["collections"], capsys)
    assert code == 1
    assert shown.startswith("default  cannot be read\n    BROKEN: ")
    assert "hydragraph forget default" in shown
    code, shown = said(["collections", "--json"], capsys)
    assert "hydragraph forget default" in json.loads(shown)[0]["trouble"]


@pytest.mark.usefixtures("indexed")
def test_a_lost_vector_store_is_mended_by_an_index(own_home: Path, capsys: Captured) -> None:
    shutil.rmtree(own_home / "collections" / "default" / "vectors-1")
    code, shown = said(["collections"], capsys)
    assert (code, "BROKEN" in shown, "2 files" in shown) == (1, True, True)
    _, shown = said(["doctor", "--json"], capsys)
    [found] = [check for check in json.loads(shown) if check["part"] == "collection default"]
    assert found["mend"] == "Run `hydragraph index PATH --name default` to make it again."
    assert "forget" not in found["found"]
    assert said(["index", "corpus"], capsys)[0] == 0
    assert said(["collections"], capsys)[0] == 0
