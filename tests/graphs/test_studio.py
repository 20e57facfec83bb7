"""What Studio's debugger does, done through langgraph-sdk against `langgraph dev`, with no key and no network."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 90.0
FLUSH = {"messages": [{"role": "user", "content": "What does flush write?"}]}
CODE = '''class Session:
    def flush(self):
        """Write all pending changes to the database."""
        self.connection.execute(self.pending)

    def rollback(self):
        """Undo everything since the last commit."""
        self.connection.undo()
'''

pytestmark = pytest.mark.service


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def index(home: Path, tree: Path) -> None:
    from hydragraph.retrieval.indexing.run import index as run
    from hydragraph.retrieval.stores.collection import Collection

    tree.mkdir()
    (tree / "session.py").write_text(CODE)
    run(Collection(home, "default"), [tree], None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`langgraph dev` from an empty folder, over an index of one file, with no model to reach."""
    pytest.importorskip("langgraph_api", reason="needs hydragraph[studio]")
    folder = tmp_path_factory.mktemp("studio")
    index(folder / "home", folder / "tree")
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "HYDRAGRAPH_HOME": str(folder / "home"),
        "HYDRAGRAPH_EMBEDDER": "none",
        "HYDRAGRAPH_OLLAMA__BASE_URL": f"http://127.0.0.1:{free_port()}",
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
        "LANGGRAPH_NO_VERSION_CHECK": "true",
        "LANGSMITH_TRACING": "false",
    }
    command = [str(Path(sys.executable).parent / "langgraph"), "dev", "--no-browser", "--no-reload"]
    options = ["--config", str(ROOT / "langgraph.json"), "--port", str(port), "--n-jobs-per-worker", "2"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options], cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(port, process, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(f"no answer within {STARTS_WITHIN} s: {log.read_text()}")


@pytest.fixture
async def client(server: str) -> AsyncIterator[Any]:
    from langgraph_sdk import get_client

    async with get_client(url=server) as opened:
        yield opened


async def test_it_lists_the_graph_and_its_schemas(client: Any) -> None:
    [assistant] = await client.assistants.search()
    schemas = await client.assistants.get_schemas(assistant["assistant_id"])
    graph = await client.assistants.get_graph(assistant["assistant_id"])

    assert assistant["graph_id"] == "rag"
    assert set(schemas["input_schema"]["properties"]) == {"messages", "rag_request"}
    assert set(schemas["output_schema"]["properties"]) == {"messages", "rag"}
    assert "found" in schemas["state_schema"]["properties"]
    assert {"retrieve", "grade", "reflect", "answer"} <= {node["id"] for node in graph["nodes"]}


async def test_it_runs_and_streams(client: Any) -> None:
    thread = await client.threads.create()
    modes = ["updates", "custom", "values"]
    parts = [part async for part in client.runs.stream(thread["thread_id"], "rag", input=FLUSH, stream_mode=modes)]

    nodes = [name for part in parts if part.event == "updates" for name in part.data]
    assert nodes == ["condense", "classify", "retrieve", "grade", "generate", "extract", "answer"]
    assert [part.data["event"] for part in parts if part.event == "custom"] == ["evidence"]
    result = parts[-1].data["rag"]
    assert (result["status"], result["caveats"]) == ("extractive", ["dense_not_ready", "no_model"])
    assert result["citations"][0]["quote"].startswith("    def flush(self):")


async def test_it_stops_edits_resumes_and_forks(client: Any) -> None:
    thread = (await client.threads.create())["thread_id"]
    await client.runs.wait(thread, "rag", input=FLUSH, interrupt_before=["retrieve"])
    stopped = await client.threads.get_state(thread)
    assert stopped["next"] == ["retrieve"]

    other = "What does rollback undo?"
    edited = await client.threads.update_state(thread, {"question": other, "queries": [other]})
    checkpoint = {"checkpoint_id": edited["checkpoint"]["checkpoint_id"], "checkpoint_ns": ""}
    resumed = await client.runs.wait(thread, "rag", input=None, checkpoint=checkpoint)
    assert resumed["rag"]["tried"] == [other]
    assert "rollback" in resumed["rag"]["answer"]

    earlier = {"checkpoint_id": stopped["checkpoint"]["checkpoint_id"], "checkpoint_ns": ""}
    forked = await client.runs.wait(thread, "rag", input=None, checkpoint=earlier)
    assert forked["rag"]["tried"] == ["What does flush write?"]
    assert "flush" in forked["rag"]["answer"]
    assert len(await client.threads.get_history(thread, limit=50)) > 12
