"""What every test stands on: no network but this machine's loopback, no settings of the person who runs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["LANGSMITH_TRACING"] = "false"
os.environ.setdefault("OMP_NUM_THREADS", "2")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A HYDRAGRAPH_HOME of its own for each test, and no other HYDRAGRAPH_ variable from outside."""
    for name in list(os.environ):
        if name.startswith("HYDRAGRAPH_") and not name.startswith("HYDRAGRAPH_TEST_"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HYDRAGRAPH_HOME", str(home))
    return home


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With HYDRAGRAPH_TEST_NO_SKIP=1, as CI sets it, a skipped test is a failed one."""
    report = yield
    if os.environ.get("HYDRAGRAPH_TEST_NO_SKIP") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
    return report
