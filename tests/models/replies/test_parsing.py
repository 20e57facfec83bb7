"""The corpus of bad replies (data/bad_replies.jsonl, it only grows): what is read from each, or what is said of it."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from hydragraph.models.replies.lenient_json import MAX_CHARS, find_values
from hydragraph.models.replies.parsing import ParseError, parse_reply

CORPUS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "bad_replies.jsonl").read_text(encoding="utf-8").splitlines()
]


class Verdict(BaseModel):
    verdict: Literal["yes", "no", "not_sure"]
    reason: str = ""
    score: float = 0.0


class Queries(BaseModel):
    queries: list[str]


class Measured(BaseModel):
    score: float = Field(ge=0, le=1)


SCHEMAS: dict[str, type[BaseModel]] = {"Verdict": Verdict, "Queries": Queries, "Measured": Measured}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CORPUS])
def test_a_bad_reply_is_read_or_refused_with_its_reason(case: dict[str, Any]) -> None:
    schema = SCHEMAS[case["schema"]]
    if "value" in case:
        assert parse_reply(case["text"], schema).model_dump() == case["value"]
    else:
        with pytest.raises(ParseError) as raised:
            parse_reply(case["text"], schema)
        assert case["error"] in str(raised.value)
        assert len(str(raised.value)) < 1_000


def test_names_in_the_corpus_are_unique() -> None:
    assert len({case["name"] for case in CORPUS}) == len(CORPUS) >= 40


def test_a_forbidden_extra_key_is_left_out() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")
        verdict: str

    assert parse_reply('{"verdict": "yes", "confidence": 1}', Strict) == Strict(verdict="yes")


def test_an_unrelated_object_does_not_pass_as_one_of_defaults() -> None:
    class Loose(BaseModel):
        ids: list[str] = []

    with pytest.raises(ParseError):
        parse_reply('{"thought": "none of them"}', Loose)


@pytest.mark.parametrize(
    "piece",
    ["{", "[", '{"', "{'", '{"a":', '{"a":[', '{"a":{"b":"', "[[1,", '{"a":1},', "/*", "{'a", '\\"', "“", "<think>"],
)
@pytest.mark.timeout(30)  # minutes, where each opening bracket is tried to the end of the text
def test_no_text_makes_the_reader_slow(piece: str) -> None:
    assert isinstance(find_values(piece * (MAX_CHARS // len(piece))), list)


@settings(deadline=None, max_examples=60)
@given(st.recursive(st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(), st.lists, max_leaves=8))
def test_true_json_is_read_as_json_reads_it(value: Any) -> None:
    text = json.dumps({"value": value})
    assert find_values(text) == [json.loads(text)]


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="{}[]\":,'a1 \\\n“”/*<think>", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ParseError):
        parse_reply(text, Queries)
