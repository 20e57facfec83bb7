"""Processes are measured whole, a failed one says why, and nobody's settings take part."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest

from hydragraph.evals.measuring import CommandFailedError, kept, own_environment, run_once, sizes_of


def test_cpu_and_peak_memory_are_those_of_the_process_alone(tmp_path: Path) -> None:
    ballast = bytearray(300 << 20)
    ballast[:: 1 << 12] = bytes(len(ballast[:: 1 << 12])).replace(b"\0", b"x")
    program = "import time\nkept = bytearray(64 << 20)\nwhile time.process_time() < 0.1: pass"
    cost = run_once([sys.executable, "-c", program], os.environ, tmp_path)
    assert cost.cpu >= 0.1
    assert 64 <= cost.rss_mb < 200  # what the one that measures holds is not counted
    assert len(ballast) == 300 << 20


def test_a_failed_command_says_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such collection')"]
    with pytest.raises(CommandFailedError, match=r"expected exit code 0, found 1: no such collection"):
        run_once(command, os.environ, tmp_path)


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match=r"no-such-program: expected exit code 0"):
        run_once(["no-such-program"], os.environ, tmp_path)


def test_nobodys_settings_take_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HYDRAGRAPH_EMBEDDER", "none")
    environment = own_environment(tmp_path)
    assert [name for name in environment if name.startswith("HYDRAGRAPH_")] == ["HYDRAGRAPH_HOME"]
    assert environment["HYDRAGRAPH_HOME"] == str(tmp_path)
    assert environment["PATH"] == os.environ["PATH"]


def test_sizes_are_numbers_above_zero() -> None:
    assert sizes_of("10000,100000") == [10_000, 100_000]
    for wrong in ("", "0", "10,-1", "many"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected numbers of chunks"):
            sizes_of(wrong)


def test_a_folder_is_kept_only_where_one_is_named(tmp_path: Path) -> None:
    with kept(tmp_path / "deep" / "bench") as folder:
        assert folder == (tmp_path / "deep" / "bench").resolve()
    assert folder.is_dir()
    with kept(None) as passing:
        assert passing.is_dir()
    assert not passing.exists()
