"""A person's answer as a client sends it: what cannot be read allows nothing."""

from __future__ import annotations

import pytest

from server.gateway.acp_requests import read_answer
from shared.acp_names import META_ARGUMENTS, META_ASK_DEVICE, META_REASON
from shared.frames import ApprovalAnswered, Choice
from shared.ids import ConnectionSignature, ToolCallId
from shared.json_types import JsonObject, JsonValue

CALL = ToolCallId("call-1")
NOTHING = ApprovalAnswered(CALL, None)


def allowed(**meta: object) -> JsonObject:
    return {"outcome": {"outcome": "selected", "optionId": "allow_once"}, "_meta": dict(meta)}  # type: ignore[arg-type]  # whatever a client sends


def test_an_answer_may_say_more_than_yes_or_no() -> None:
    said = allowed(**{META_ARGUMENTS: {"track": 2}, META_REASON: "because", META_ASK_DEVICE: "phone"})
    assert read_answer(CALL, said) == ApprovalAnswered(
        CALL, Choice.ALLOW_ONCE, {"track": 2}, "because", ConnectionSignature("phone")
    )
    assert read_answer(CALL, allowed()) == ApprovalAnswered(CALL, Choice.ALLOW_ONCE)


@pytest.mark.parametrize("arguments", [[1], "track 2", 5, True])
def test_edits_that_make_no_sense_do_not_allow_what_stood_there_before(arguments: JsonValue) -> None:
    assert read_answer(CALL, allowed(**{META_ARGUMENTS: arguments})) == NOTHING


@pytest.mark.parametrize("device", [5, ["phone"], {"id": "phone"}])
def test_a_device_that_makes_no_sense_does_not_let_it_run_here(device: JsonValue) -> None:
    assert read_answer(CALL, allowed(**{META_ASK_DEVICE: device})) == NOTHING


@pytest.mark.parametrize("answer", [None, 5, [], {}, {"outcome": "yes"}, {"outcome": {"outcome": "cancelled"}}])
def test_what_is_no_answer_closes_the_question_without_one(answer: JsonValue) -> None:
    assert read_answer(CALL, answer) == NOTHING


def test_a_reason_is_cut_short() -> None:
    assert len(read_answer(CALL, allowed(**{META_REASON: "x" * 10_000})).reason) == 2000
