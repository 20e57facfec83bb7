from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hydragraph.evals.corpora import read_corpus
from hydragraph.evals.kill_child import HashingEmbedder
from hydragraph.evals.metrics import Estimate
from hydragraph.evals.retrieval import as_json, as_table, evaluate, main, summarise

WriteCorpus = Callable[..., Path]
SYSTEMS = ("dense", "bm25", "graph", "fused", "final", "rank_bm25")
MEASURES = ("ndcg@10", "r@5", "mrr")


@pytest.fixture
def folder(tmp_path: Path, write_corpus: WriteCorpus) -> Path:
    return write_corpus(tmp_path / "data")


def measured(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, dict[str, float] | None]]:
    assert main([*arguments, "--embedder", "none", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_obvious_cases_are_ranked_right_and_an_absent_leg_is_null(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = measured(capsys, str(folder))
    metrics = report["metrics"]
    assert set(metrics) == {f"{measure}/{system}" for measure in MEASURES for system in SYSTEMS}
    assert {name.partition("/")[2] for name, estimate in metrics.items() if estimate is None} == {"dense", "graph"}
    assert metrics["ndcg@10/final"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert metrics["r@5/bm25"] == metrics["mrr/fused"] == metrics["ndcg@10/final"]
    assert metrics["mrr/rank_bm25"]["value"] == pytest.approx(2 / 3)  # close_session(session): is one word to it
    assert report["absent"] == {"dense": 3, "bm25": 0, "graph": 3}
    assert (report["queries"], report["documents"]) == (3, 5)


def test_with_an_embedder_and_links_every_figure_is_there(tmp_path: Path, write_corpus: WriteCorpus) -> None:
    documents = [
        {"id": "river", "title": "River Thames", "text": "The River Thames flows through the old garden."},
        {"id": "regatta", "title": "Henley Regatta", "text": "Rowers race on the River Thames in July."},
    ]
    queries = [{"id": "q", "text": "Who races on the River Thames?"}]
    folder = write_corpus(tmp_path / "data", documents, queries, [("q", "regatta", 1), ("q", "river", 1)])
    report = json.loads(as_json(evaluate(read_corpus(folder), HashingEmbedder(), tmp_path / "work")))
    assert all(set(estimate) == {"value", "low", "high"} for estimate in report["metrics"].values())
    assert set(report["paired"]) == {
        f"{it}/{leg}" for it in MEASURES for leg in ("dense", "bm25", "graph", "rank_bm25")
    }
    assert report["absent"] == {"dense": 0, "bm25": 0, "graph": 0}
    assert report["metrics"]["ndcg@10/graph"]["value"] == report["metrics"]["r@5/final"]["value"] == 1


def test_limit_asks_the_first_queries_of_the_whole_corpus(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = measured(capsys, str(folder), "--limit", "2")
    assert (report["queries"], report["documents"]) == (2, 5)


def test_figures_by_hand(tmp_path: Path, write_corpus: WriteCorpus) -> None:
    corpus = read_corpus(write_corpus(tmp_path / "data"), 3)
    none: list[str] = []
    first, second = ["zebra", "river"], ["river", "zebra"]
    rankings = [
        {"dense": none, "bm25": first, "graph": none, "fused": first, "final": first, "rank_bm25": second},
        {"dense": none, "bm25": none, "graph": ["plain"], "fused": ["plain"], "final": ["plain"], "rank_bm25": none},
        {"dense": none, "bm25": none, "graph": ["close"], "fused": none, "final": none, "rank_bm25": ["close"]},
    ]
    report = summarise(corpus, rankings)
    assert report.absent == {"dense": 3, "bm25": 2, "graph": 1}
    assert report.metrics["ndcg@10/dense"] is None
    values = {name: estimate.value for name, estimate in report.metrics.items() if estimate}
    assert values["mrr/final"] == values["r@5/final"] == pytest.approx(2 / 3)
    assert values["mrr/rank_bm25"] == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert values["r@5/bm25"] == pytest.approx(1 / 3)
    assert report.paired["mrr/graph"] == Estimate(0, pytest.approx(-1, abs=0.01), pytest.approx(1, abs=0.01))
    assert not {"mrr/dense", "mrr/final", "mrr/fused"} & set(report.paired)


def test_the_table_says_n_a_where_a_leg_had_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder), "--embedder", "none"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "3 queries, 5 documents; per cent, 95 % intervals by bootstrap"
    rows = {line.split()[0]: line.split(maxsplit=1)[1].strip() for line in lines[2:8]}
    assert tuple(rows) == SYSTEMS
    assert rows["dense"].split() == rows["graph"].split() == ["n/a"] * 3
    assert rows["final"].split("  ")[0] == "100.0 [100.0, 100.0]"
    assert lines[8].startswith("nothing found by dense for 3 queries, graph for 3 queries")


def test_a_second_run_in_the_same_place_embeds_nothing_and_gives_the_same(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, work = read_corpus(folder), tmp_path / "work"
    first = as_table(evaluate(corpus, HashingEmbedder(), work))
    assert "5 files, 5 chunks, 5 embedded" in capsys.readouterr().err
    assert as_table(evaluate(corpus, HashingEmbedder(), work)) == first
    assert "5 files, 5 chunks, 0 embedded" in capsys.readouterr().err


def test_a_place_with_links_in_its_path_will_do(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The index knows files by their real paths: looking them up by others used to fail."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    report = measured(capsys, str(folder), "--work", str(tmp_path / "link"))
    assert report["metrics"]["ndcg@10/final"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_an_index_that_was_moved_is_refused(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It holds every document twice: under the old place and under the new one."""
    measured(capsys, str(folder), "--work", str(tmp_path / "old"))
    (tmp_path / "old").rename(tmp_path / "new")
    assert main([str(folder), "--embedder", "none", "--work", str(tmp_path / "new")]) == 2
    said = capsys.readouterr().err
    assert f"holds {tmp_path / 'old' / 'corpus'} as well" in said
    assert "Delete it" in said


def test_queries_and_documents_with_nothing_in_them_are_lived_with(
    tmp_path: Path, write_corpus: WriteCorpus, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = [
        {"id": "../../x", "title": "", "text": "Lanterns burn in 東京."},
        {"id": "y" * 300, "text": " "},
        {"id": "nul", "text": "zero \x00 byte"},
    ]
    queries = [{"id": "1", "text": ""}, {"id": "2", "text": "lanterns 東京 \ud800"}, {"id": "3", "text": "?!"}]
    qrels = [("1", "../../x", 1), ("2", "../../x", 1), ("3", "nul", 1)]
    folder = write_corpus(tmp_path / "data", documents, [], qrels)
    (folder / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    assert main([str(folder), "--embedder", "none", "--json"]) == 0
    out, said = capsys.readouterr()
    assert json.loads(out)["metrics"]["ndcg@10/final"]["value"] == pytest.approx(1 / 3)
    assert "skipped 1 files: binary" in said
    assert "skipped 1 files: empty" in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["{tmp}/nowhere"], 2, "corpus.jsonl cannot be read (No such file or directory): expected a folder with"),
        (["{data}", "--limit", "0"], 2, "limit: expected 1 or more queries, got 0."),
        (["{data}", "--embedder", "wrong"], 1, "embedder: expected one of minilm-int8"),
        (["{data}", "--work", "{data}/qrels.tsv"], 1, "Not a directory"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    filled = [argument.format(tmp=tmp_path, data=folder) for argument in arguments]
    assert main(["--embedder", "none", *filled]) == code
    out, said = capsys.readouterr()
    assert out == ""
    [line] = said.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_nothing_but_blank_documents_is_no_index(
    tmp_path: Path, write_corpus: WriteCorpus, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_corpus(tmp_path / "data", [{"id": "a", "text": ""}], [{"id": "q", "text": "x"}], [("q", "a", 1)])
    assert main([str(folder), "--embedder", "none"]) == 4
    assert "no file with text was found" in capsys.readouterr().err
