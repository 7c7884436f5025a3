"""A call as it is stored, and as it comes back."""

from __future__ import annotations

from server.core.deadline import Deadline, Moment
from server.core.desk_call import Call, call_of
from server.core.tool_call import CallState
from shared.catalog import change_bgm
from shared.ids import MessageId, ToolCallId


def approved(on: str, sent_to: str = "") -> Call:
    call = Call(change_bgm.SPEC, {"track": 1}, "hash", is_frontend=True, state=CallState.SHOWN)
    call.deadline = Deadline(Moment("boot", 0.0), 60.0)
    call.approve(on, sent_to=sent_to)
    return call


def come_back(call: Call) -> Call:
    back = call_of(call.record(MessageId("one"), ToolCallId("call")))
    back.is_frontend = True
    return back


def test_what_was_allowed_is_allowed_on_the_device_where_that_was_said_and_on_no_other() -> None:
    back = come_back(approved("pc"))
    assert (back.state, back.device) == (CallState.APPROVED, "pc")
    assert not back.is_for_another_than("pc")
    assert back.is_for_another_than("phone")


def test_what_was_sent_to_another_device_and_allowed_there_is_allowed_on_that_one() -> None:
    back = come_back(approved("pc", sent_to="phone"))
    assert (back.state, back.device, back.sent_to) == (CallState.APPROVED, "phone", "")
    assert back.is_for_another_than("pc")


def test_what_the_server_runs_is_allowed_wherever_that_was_said() -> None:
    call = approved("pc")
    call.is_frontend = False
    assert not call.is_for_another_than("phone")
