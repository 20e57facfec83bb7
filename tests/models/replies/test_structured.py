"""The cascade by itself: which reply leads to which next question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest
from pydantic import BaseModel

from hydragraph.domain import Fault, Message, Reply, Usage
from hydragraph.models.replies.structured import Form, structured_reply

HI = [Message("user", "Is it enough?")]
GOOD = '{"verdict": "yes"}'


class Verdict(BaseModel):
    verdict: Literal["yes", "no"]


class Teller:
    """Replies in turn, and remembers how it was asked."""

    def __init__(self, *replies: str | tuple[str, Fault, str]) -> None:
        self._left = [reply if isinstance(reply, tuple) else (reply, None, "") for reply in replies]
        self.forms: list[Form] = []
        self.last: Sequence[Message] = ()

    async def __call__(self, messages: Sequence[Message], form: Form) -> Reply:
        self.forms.append(form)
        self.last = messages
        text, fault, detail = self._left.pop(0)
        return Reply(text, "local_fast", Usage("m", 10, 2, 0.5), fault, detail)


@pytest.mark.parametrize(
    ("replies", "forms", "fault"),
    [
        ([GOOD], ["schema"], None),
        (["no", GOOD], ["schema", "json"], None),
        (["no", "no", GOOD], ["schema", "json", "json"], None),
        (["no", "no", "no"], ["schema", "json", "json"], "malformed"),
        ([("", "empty", "")] * 3, ["schema", "json", "json"], "empty"),
        ([("", "empty", ""), GOOD], ["schema", "json"], None),
        ([(GOOD + "\n" * 99, "cut_off", "")], ["schema"], None),
        ([('{"verdict": "ye', "cut_off", "")] * 3, ["schema", "json", "json"], "cut_off"),
        ([("", "timeout", "")], ["schema"], "timeout"),
        ([("", "refused", "")], ["schema"], "refused"),
        (["no", ("", "too_long", "")], ["schema", "json"], "too_long"),
        (["no", "no", ("", "unreachable", "")], ["schema", "json", "json"], "unreachable"),
        ([("", "error", "500 out of memory")], ["schema"], "error"),
        ([("", "error", "500 failed to load grammar"), GOOD], ["schema", "json"], None),
        ([("", "error", "400 m does not support tools"), GOOD], ["schema", "json"], None),
        (["no", ("", "error", "400 response_format.type"), GOOD], ["schema", "json", "text"], None),
        ([("", "error", "400 no response_format")] * 2 + [GOOD], ["schema", "json", "text"], None),
        ([("", "error", "400 no response_format")] * 3, ["schema", "json", "text"], "error"),
    ],
)  # fmt: skip
async def test_the_cascade(replies: list[str | tuple[str, Fault, str]], forms: list[Form], fault: Fault | None) -> None:
    teller = Teller(*replies)
    result = await structured_reply(teller, HI, Verdict)
    assert (teller.forms, result.reply.fault) == (forms, fault)
    assert (result.value is None) == (fault is not None)
    assert result.reply.usage == Usage("m", 10 * len(forms), 2 * len(forms), 0.5 * len(forms))


async def test_the_repair_turn_shows_the_reply_and_its_error() -> None:
    teller = Teller("no", '{"verdict": "maybe"}' + "x" * 9_000, GOOD)
    await structured_reply(teller, HI, Verdict)
    first, shown, complaint = teller.last
    assert first == HI[0]
    assert (shown.role, len(shown.content)) == ("assistant", 1_500)
    assert "verdict: Input should be 'yes' or 'no' (it was 'maybe')" in complaint.content
    assert '"enum":["yes","no"]' in complaint.content


async def test_a_server_that_can_do_no_form_is_shown_the_schema_and_no_complaint() -> None:
    teller = Teller(*[("", "error", "400 unknown field response_format")] * 2, GOOD)  # type: ignore[arg-type]
    await structured_reply(teller, HI, Verdict)
    (asked,) = teller.last
    assert asked.content.startswith("Is it enough?\n\nReply with one JSON object")


async def test_what_json_mode_cannot_is_no_reply_to_complain_of() -> None:
    """LM Studio has schemas and no JSON mode: the repair turn shows the reply that could not be read."""
    teller = Teller("perhaps", ("", "error", "400 'response_format.type' must be 'json_schema' or 'text'"), GOOD)
    await structured_reply(teller, HI, Verdict)
    assert [message.content for message in teller.last[:2]] == ["Is it enough?", "perhaps"]
