"""The command line as a person and a program meet it: output, streams and exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from hydragraph.domain import Reply, Usage
from hydragraph.models.clients.call_log import ModelCall
from hydragraph.retrieval.search.searcher import LocalSearcher
from hydragraph.retrieval.stores.collection import Collection
from hydragraph.server.cli.ask import Calls
from hydragraph.server.cli.main import main

COMMANDS = ["index", "search", "ask", "suggest", "collections", "threads", "forget", "config", "doctor", "serve"]
Captured = pytest.CaptureFixture[str]


def spawned(*arguments: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-m", "hydragraph", *arguments], stdout=pipe, stderr=pipe, text=True)


def refused(arguments: list[str], capsys: Captured) -> tuple[int, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return code, captured.err


# --- help and usage


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_teaches_with_an_example(command: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"\n  hydragraph {command}" in capsys.readouterr().out


def test_version(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("hydragraph 0.")


def test_no_command_shows_the_help_and_is_a_usage_error(capsys: Captured) -> None:
    code, shown = refused([], capsys)
    assert code == 2
    assert all(command in shown for command in COMMANDS)


@pytest.mark.parametrize("arguments", [["nonsense"], ["search"], ["index"], ["search", "x", "--limit", "many"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["search", " "], "empty query"),
        (["ask", ""], "empty"),
        (["ask", "why?", "--thread", " "], "--thread"),
        (["search", "x", "--limit", "0"], "search.limit: expected a whole number, at least 1"),
        (["search", "x", "--name", "../up"], "collection's name"),
        (["ask", "x", "--budget-tokens", "-1"], "budget.tokens"),
        (["index", "missing"], "missing"),
        (["serve", "--port", "70000"], "server.port"),
        (["serve", "--host", "256.1.1.1"], "256.1.1.1"),
        (["--config", "missing.yaml", "config"], "missing.yaml"),
        (["forget", "default"], "--yes"),  # nobody can be asked
        (["forget", ""], "empty"),
        (["index", "corpus", "--name", "a b"], "collection's name"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_says_why(arguments: list[str], words: str, capsys: Captured) -> None:
    code, shown = refused(arguments, capsys)
    assert (code, words in shown) == (2, True), shown


@pytest.mark.usefixtures("indexed")
def test_a_collection_is_not_forgotten_where_nobody_can_be_asked(capsys: Captured) -> None:
    assert main(["forget", "default"]) == 2
    assert main(["search", "overdraft"]) == 0
    assert "corpus/bank.py" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["index", ""], ["index", "x", " "], ["--home", "", "config"]])
def test_an_empty_path_does_not_stand_for_the_current_folder(arguments: list[str], capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "expected a path, got an empty text" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_of_several_words_is_shown_in_quotes(command: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "what", "is", "this", "--name", "x"])
    assert ended.value.code == 2
    assert '"what is this"' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([command, "what", "--nonsense"])
    assert "unrecognized arguments: --nonsense" in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_an_unknown_variable_ends_with_2(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("HYDRAGRAPH_COLECTION", "x")
    code, shown = refused(["collections"], capsys)
    assert code == 2
    assert "HYDRAGRAPH_COLECTION" in shown
    assert "HYDRAGRAPH_COLLECTION" in shown


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "arguments", [["search", "x"], ["ask", "x"], ["forget", "nowhere"], ["forget", "x", "--name", "y"]]
)
def test_without_an_index_the_command_that_makes_one_is_said(arguments: list[str], capsys: Captured) -> None:
    code, shown = refused(arguments, capsys)
    assert code == 4
    assert "hydragraph index PATH" in shown or arguments[0] == "forget"


# --- index, collections, search


@pytest.mark.usefixtures("here")
def test_index_counts_what_it_did_and_a_second_run_ends_where_the_first_did(capsys: Captured) -> None:
    assert main(["index", "corpus"]) == 0
    first = capsys.readouterr()
    assert "Collection 'default': 2 files, " in first.out
    assert "0 truncated" in first.out
    assert "2 of 2 files" in first.err
    assert main(["index", "corpus", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["files"], report["removed"], report["embedded"], report["truncated"]) == (2, 0, 0, 0)
    assert main(["collections"]) == 0
    listed = capsys.readouterr().out
    assert listed.startswith("default  2 files, ")
    assert str(Path("corpus").absolute()) in listed


@pytest.mark.usefixtures("here")
def test_an_index_of_nothing_is_no_success(capsys: Captured) -> None:
    Path("empty").mkdir()
    code, shown = refused(["index", "empty"], capsys)
    assert code == 4
    assert "Nothing to index" in shown


@pytest.mark.usefixtures("here")
def test_a_path_that_is_not_there_is_named_once(capsys: Captured) -> None:
    assert refused(["index", "/nowhere"], capsys) == (
        2,
        "hydragraph: Expected a file or a folder to index, but '/nowhere' cannot be opened: "
        "No such file or directory\n",
    )


@pytest.mark.usefixtures("here")
def test_index_without_an_embedder_goes_on_without_dense_vectors(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("HYDRAGRAPH_EMBEDDER", "sentence-transformers:nowhere")
    assert main(["index", "corpus"]) == 0
    captured = capsys.readouterr()
    assert "No dense vectors this time." in captured.err
    assert "dense 0% ready" in captured.out


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", [["index", "corpus"], ["config"], ["search", "x"]])
def test_an_embedder_that_there_is_none_of_is_refused(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("HYDRAGRAPH_EMBEDDER", "nope")
    code, shown = refused(command, capsys)
    assert (code, "minilm, minilm-int8, none or sentence-transformers:NAME, got 'nope'" in shown) == (2, True)


@pytest.mark.usefixtures("indexed")
def test_search_as_json_is_a_list_of_hits(capsys: Captured) -> None:
    assert main(["search", "overdraft limit", "--json", "--limit", "2"]) == 0
    hits = json.loads(capsys.readouterr().out)
    assert 0 < len(hits) <= 2
    assert set(hits[0]) == {"path", "start_line", "end_line", "symbol", "score", "legs"}
    assert hits[0]["path"] == str(Path("corpus/bank.py").absolute())
    assert hits[0]["legs"]["bm25"]["rank"] == 1
    assert set(hits[0]["legs"]) <= {"dense", "bm25", "graph"}


@pytest.mark.usefixtures("indexed")
def test_search_shows_place_symbol_snippet_and_legs(capsys: Captured) -> None:
    assert main(["search", "withdraw overdraft"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines[0].startswith(" 1. corpus/bank.py:")
    assert "Account" in lines[0]
    assert "overdraft" in lines[1].lower()
    assert "dense n/a" in lines[2]
    assert "bm25 #1" in lines[2]


@pytest.mark.usefixtures("indexed")
def test_search_says_how_many_files_changed(capsys: Captured) -> None:
    Path("corpus/bank.py").write_text("changed = True\n")
    main(["search", "transfer"])
    assert capsys.readouterr().out.rstrip().endswith("\n1 file changed since the index")
    main(["search", "transfer", "--json"])
    captured = capsys.readouterr()
    assert "1 file changed since the index" in captured.err
    assert isinstance(json.loads(captured.out), list)


@pytest.mark.usefixtures("here")
def test_control_characters_of_names_and_texts_stay_out_of_the_terminal(capsys: Captured) -> None:
    Path("corpus/es\x1b[2Jcape.md").write_text("# Escapes\n\nA zebra \x1b[31mred\x1b[0m here.\n")
    assert main(["index", "corpus"]) == 0
    assert main(["search", "zebra red"]) == 0
    assert main(["ask", "What about the zebra?"]) == 0
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert "\\x1b[2J" in captured.out


@pytest.mark.usefixtures("here")
def test_the_only_collection_is_used_where_none_was_named(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    assert main(["index", "corpus", "--name", "bank"]) == 0
    capsys.readouterr()
    assert main(["search", "overdraft", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("Using the collection 'bank', the only one.\n")
    assert json.loads(captured.out)[0]["path"].endswith("bank.py")
    assert main(["ask", "What is the overdraft limit of an account?", "--json"]) == 0
    captured = capsys.readouterr()
    assert "Using the collection 'bank', the only one.\n" in captured.err
    assert json.loads(captured.out)["citations"]

    assert refused(["search", "overdraft", "--name", "default"], capsys)[0] == 4
    monkeypatch.setenv("HYDRAGRAPH_COLLECTION", "other")
    assert refused(["search", "overdraft"], capsys)[0] == 4


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", ["ask", "search"])
def test_of_several_collections_one_has_to_be_named(command: str, capsys: Captured) -> None:
    for name in ("bank", "money"):
        assert main(["index", "corpus", "--name", name]) == 0
    capsys.readouterr()
    code, shown = refused([command, "overdraft"], capsys)
    assert (code, shown) == (4, "hydragraph: Expected --name with one of the collections: bank, money.\n")


# --- ask


@pytest.mark.usefixtures("indexed")
def test_ask_without_a_model_quotes_with_citations_that_stand(capsys: Captured) -> None:
    assert main(["ask", "What is the overdraft limit of an account?"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("The text may be seen by: this machine (qwen3:1.7b, qwen3:14b)\n")
    assert "] corpus/bank.py:L" in captured.out
    assert "no model was reachable" in captured.out
    assert captured.out.rstrip().split("\n")[-1].startswith("extractive · tier extractive · 0 tokens · $0 · ")
    assert "retrieve" in captured.err
    asked = [line for line in captured.err.splitlines() if " · json_schema · " in line]
    assert asked[0].startswith("    local_fast qwen3:1.7b · json_schema · unreachable: qwen3:1.7b on http://")
    assert len(asked) == 2  # each tier once


def test_each_request_to_a_model_is_a_line_and_the_same_trouble_is_told_once(capsys: Captured) -> None:
    good = Reply("{}", "local_fast", Usage("tiny", prompt_tokens=1200, completion_tokens=1, seconds=0.31))
    bad = Reply("", "local_quality", Usage("big"), "error", "no model big: run `ollama pull big`\x1b[2J")
    calls = Calls()
    calls.show(ModelCall("grade", "local_fast", "json_schema", good))
    calls.show(ModelCall("generate", "local_quality", "text", bad))
    calls.show(ModelCall("generate", "local_quality", "text", bad))
    assert capsys.readouterr().err.splitlines() == [
        "    local_fast tiny · json_schema · 1,200 + 1 token · 0.3 s",
        "    local_quality big · text · error: no model big: run `ollama pull big`\\x1b[2J",
        "    local_quality big · text · error (as before)",
    ]


@pytest.mark.usefixtures("indexed")
def test_ask_as_json_is_one_object_whose_quotes_stand(capsys: Captured) -> None:
    assert main(["ask", "What is the overdraft limit of an account?", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"answer", "status", "caveats", "citations", "spent", "tier"} <= set(answer)
    assert answer["status"] == "extractive"
    assert set(answer["spent"]) == {"usd", "tokens", "seconds", "steps"}
    for citation in answer["citations"]:
        lines = Path(citation["path"]).read_text().split("\n")[citation["start_line"] - 1 : citation["end_line"]]
        assert citation["quote"] in "\n".join(lines)
    assert answer["citations"]


@pytest.mark.usefixtures("indexed")
def test_what_the_corpus_does_not_have_ends_with_3(capsys: Captured) -> None:
    assert main(["ask", "Which volcano erupted in Iceland?"]) == 3
    shown = capsys.readouterr().out
    assert "Note: not in the corpus." in shown
    assert "abstained" in shown


@pytest.mark.usefixtures("here")
def test_the_nearest_misses_are_shown_as_citations_are(capsys: Captured) -> None:
    Path("corpus/two\nlines.md").write_text("# Iceland\n\nThe branch in Iceland.\n")
    assert main(["index", "corpus"]) == 0
    capsys.readouterr()
    assert main(["ask", "Which volcano erupted in Iceland, and did the Katla glacier melt?"]) == 3
    listed = capsys.readouterr().out.split("The nearest misses:\n")[1].split("\n\n")[0].splitlines()
    assert listed[0] == "- corpus/two\\nlines.md:L1-L3"
    assert all(line.startswith("- corpus/") for line in listed)


@pytest.mark.usefixtures("indexed")
def test_a_greeting_is_answered_without_a_word_about_quotes(capsys: Captured) -> None:
    assert main(["ask", "hi"]) == 0
    shown = capsys.readouterr().out
    assert "I answer questions about the indexed files" in shown
    assert "Note: " not in shown


@pytest.mark.usefixtures("indexed")
def test_a_thread_outlives_the_process(capsys: Captured, own_home: Path) -> None:
    assert main(["ask", "What is the overdraft limit?", "--thread", "t"]) == 0
    capsys.readouterr()
    assert main(["ask", "And when does the branch in Lisbon open?", "--thread", "t", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert any(citation["path"].endswith("notes.md") for citation in answer["citations"])
    assert any(own_home.glob("threads.sqlite*"))


@pytest.mark.usefixtures("indexed")
def test_a_question_whose_bytes_are_no_utf8_reaches_machine_and_thread(capsys: Captured) -> None:
    assert main(["ask", "What is the overdraft \udcff limit?", "--thread", "t\udcff"]) == 0
    captured = capsys.readouterr()
    assert "] corpus/bank.py:L" in captured.out
    assert "surrogates" not in captured.out + captured.err


@pytest.mark.usefixtures("here")
def test_what_is_suggested_can_be_answered(capsys: Captured) -> None:
    assert main(["index", "corpus", "--name", "bank"]) == 0
    capsys.readouterr()
    assert main(["suggest"]) == 0
    questions = capsys.readouterr().out.splitlines()
    assert questions == ["What is said about “Opening hours”?"]
    assert main(["suggest", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == questions
    assert main(["ask", questions[0]]) == 0
    assert "opens at nine" in capsys.readouterr().out


@pytest.mark.usefixtures("here")
def test_where_there_is_nothing_to_ask_about_it_is_said(capsys: Captured) -> None:
    Path("plain").mkdir()
    Path("plain/a.txt").write_text("nothing in particular\n")
    assert main(["index", "plain"]) == 0
    capsys.readouterr()
    assert refused(["suggest"], capsys) == (0, "Nothing in collection 'default' says what to ask.\n")
    assert refused(["suggest", "--name", "other"], capsys)[0] == 4


# --- forget


@pytest.mark.usefixtures("indexed")
def test_forget_a_path_in_every_collection(capsys: Captured) -> None:
    main(["index", "corpus", "--name", "second"])
    capsys.readouterr()
    assert main(["forget", "corpus/notes.md"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("Forgot 1 file at or below corpus/notes.md") == 2
    assert "reads it again" in captured.err
    assert main(["search", "Lisbon", "--json"]) == 0
    assert "notes.md" not in capsys.readouterr().out


@pytest.mark.usefixtures("indexed")
def test_forget_a_collection_by_its_name_even_where_a_path_has_it(capsys: Captured, own_home: Path) -> None:
    Path("default").mkdir()
    assert main(["forget", "./default"]) == 4
    assert main(["forget", "default", "--yes"]) == 0
    assert "Forgot the collection 'default'." in capsys.readouterr().out
    assert list((own_home / "collections").iterdir()) == []
    assert Path("corpus/bank.py").exists()


@pytest.mark.usefixtures("indexed")
def test_forget_what_is_in_no_collection_ends_with_4(capsys: Captured) -> None:
    code, shown = refused(["forget", "elsewhere"], capsys)
    assert code == 4
    assert "'elsewhere'" in shown


# --- config


@pytest.mark.usefixtures("here")
def test_config_shows_values_with_their_origin_and_hides_passwords(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("HYDRAGRAPH_OLLAMA__BASE_URL", "http://me:hunter2@box:11434")
    Path("hydragraph.yaml").write_text("search: {limit: 7}\n")
    assert main(["config"]) == 0
    shown = capsys.readouterr().out
    rows = {line.split()[0]: line for line in shown.splitlines()}
    assert rows["search.limit"].split()[1:] == ["7", str(Path("hydragraph.yaml").absolute())]
    assert rows["ollama.base_url"].split()[1:3] == ['"http://***@box:11434"', "environment"]
    assert rows["budget.tokens"].split()[1:] == ["60000", "default"]
    assert main(["--home", "elsewhere", "config", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["home"] == {"value": str(Path("elsewhere").absolute()), "origin": "argument"}
    assert "hunter2" not in shown


# --- as a process


@pytest.mark.usefixtures("indexed")
def test_a_collection_in_use_ends_with_5_and_names_the_process(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr("hydragraph.server.cli.search.LocalSearcher", partial(LocalSearcher, wait=0.1))
    with Collection(own_home, "default").owner():
        code, shown = refused(["search", "overdraft"], capsys)
    assert code == 5
    assert f"process {os.getpid()}" in shown


@pytest.mark.usefixtures("here")
def test_a_reader_that_closes_the_pipe_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    process = subprocess.run(
        [sys.executable, "-m", "hydragraph", "config"], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (process.returncode, process.stderr) == (0, "")


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("shell_words", ["search overdraft", "collections"])
def test_an_output_that_cannot_be_written_is_said_and_a_closed_one_is_nowhere(shell_words: str) -> None:
    command = f"'{sys.executable}' -m hydragraph {shell_words}"
    full = subprocess.run(["sh", "-c", f"{command} >/dev/full"], capture_output=True, text=True, check=False)
    assert full.returncode == 1
    assert full.stderr.splitlines()[-1] == "hydragraph: standard output cannot be written to: No space left on device"
    closed = subprocess.run(["sh", "-c", f"{command} <&- >&-"], capture_output=True, text=True, check=False)
    assert (closed.returncode, "unexpected" in closed.stderr) == (0, False)
    silent = subprocess.run(["sh", "-c", f"{command} 2>&-"], capture_output=True, text=True, check=False)
    assert (silent.returncode, silent.stderr) == (0, "")
    assert "bank.py" in silent.stdout or "corpus" in silent.stdout


@pytest.mark.usefixtures("here")
def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on() -> None:
    for number in range(600):
        Path(f"corpus/n{number}.md").write_text(f"# Note {number}\n\nAbout thing number {number}.\n")
    process = spawned("index", "corpus")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("scan")
    process.send_signal(signal.SIGINT)
    shown, noticed = process.communicate(timeout=60)
    assert (process.returncode, shown) == (130, "")
    assert "go on with: hydragraph index corpus --name default" in noticed
    assert "Traceback" not in noticed
    again = spawned("index", "corpus", "--json")
    shown, _ = again.communicate(timeout=120)
    report = json.loads(shown)
    assert report["files"] == 602
