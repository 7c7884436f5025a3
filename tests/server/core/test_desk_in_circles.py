"""The same call again and again: the person is asked whether the agent is to go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.core.desk import Desk
from server.core.desk_call import WHETHER_TO_GO_ON
from server.core.desk_events import (
    Answered,
    Ask,
    Claim,
    DeskEvent,
    Dozed,
    Expired,
    Finished,
    Requested,
    Settle,
    StopTurn,
    Tell,
)
from server.core.policy import Policy, PolicyAnswers
from server.core.policy_rules import Rule
from server.core.records import CallRecord
from shared.catalog import change_bgm
from shared.frames import Choice, ToolChanged
from shared.ids import ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec
from tests.server.core.desk_for_tests import (
    ARGUMENTS,
    CALCULATE,
    CALL,
    DONE,
    GONE,
    OTHER,
    TURN,
    at_the_desk,
    kinds,
    request,
    shown,
)

ALLOWS = ["Keep", "Claim"]
ENDS = ["Keep", "Tell", "Settle"]
TAKES_BACK = ["Withdraw", "Keep", "Tell", "Settle"]


def ask_again(desk: Desk, times: int = 1, spec: ToolSpec = CALCULATE) -> list[ToolCallId]:
    """Ask ``times`` times for the same call, as again-1 and so on; each is allowed and finishes. Who was asked."""
    asked = []
    for _ in range(times):
        call_id = ToolCallId(f"again-{sum(desk.doom_loop.counts.values()) + 1}")
        effects = desk.on(Requested(call_id, spec, ARGUMENTS))
        if any(isinstance(effect, Ask) for effect in effects):
            asked.append(call_id)
            desk.on(Answered(call_id, Choice.ALLOW_ONCE))
        desk.on(Finished(call_id, DONE, failed=False))
    return asked


def in_circles(spec: ToolSpec = CALCULATE) -> tuple[Desk, CallRecord]:
    """A desk that was asked for the same call a third time, and its question."""
    desk = at_the_desk()
    ask_again(desk, 2, spec)
    ask = desk.on(Requested(CALL, spec, ARGUMENTS))[-1]
    assert isinstance(ask, Ask)
    return desk, ask.call


def test_a_call_that_never_asks_asks_the_third_time_and_each_third_time_after_that() -> None:
    assert ask_again(at_the_desk(), 10) == ["again-3", "again-6", "again-9"]


@pytest.mark.parametrize(
    "answers",
    [PolicyAnswers(allowed_tools={"change_bgm"})],
    ids=["the tool"],
)
def test_what_was_always_allowed_asks_the_third_time_too(answers: PolicyAnswers) -> None:
    assert ask_again(Desk(message_id=TURN, policy=Policy(answers=answers)), 3, change_bgm.SPEC) == ["again-3"]


def test_what_a_grant_covers_asks_the_third_time_too() -> None:
    desk = at_the_desk()
    granted = [replace(request(ToolCallId(f"again-{number}")), is_granted=True) for number in range(1, 4)]
    effects = [kinds(desk.on(one)) for one in granted]
    assert effects == [["Tell", "Keep", "Claim"], ["Tell", "Keep", "Claim"], ["Tell", "Keep", "Ask"]]


@pytest.mark.parametrize("spec", [CALCULATE, change_bgm.SPEC], ids=["never asks", "asks anyway"])
def test_the_question_is_whether_to_go_on_and_says_what_the_tool_does(spec: ToolSpec) -> None:
    _, ask = in_circles(spec)
    assert ask.risk == (
        f"The agent asks for this same call for the 3rd time in this turn. Should it go on? {spec.risk}"
    )
    assert ask.choices == (Choice.ALLOW_ONCE, Choice.REJECT_ONCE)


def test_the_question_before_it_is_the_tools_own() -> None:
    desk = at_the_desk()
    ask_again(desk, 1, change_bgm.SPEC)
    ask = desk.on(Requested(CALL, change_bgm.SPEC, ARGUMENTS))[-1]
    assert isinstance(ask, Ask)
    assert (ask.call.risk, ask.call.choices) == (change_bgm.SPEC.risk, tuple(Choice))


def test_three_of_one_response_are_counted_like_three_of_a_row() -> None:
    desk = at_the_desk()
    effects = [desk.on(Requested(ToolCallId(f"call-{n}"), CALCULATE, ARGUMENTS))[-1] for n in (1, 2, 3)]
    assert [type(effect) for effect in effects] == [Claim, Claim, Ask]


def test_other_arguments_and_other_tools_are_other_calls() -> None:
    desk = at_the_desk()
    for n in range(4):
        assert kinds(desk.on(Requested(ToolCallId(f"a{n}"), CALCULATE, {"expression": str(n)})))[-1] == "Claim"
    assert ask_again(desk, 2) == []
    ask = desk.on(Requested(OTHER, change_bgm.SPEC, ARGUMENTS))[-1]
    assert isinstance(ask, Ask)
    assert ask.call.risk == change_bgm.SPEC.risk


def test_the_order_of_the_arguments_makes_no_other_call() -> None:
    desk = at_the_desk()
    either_way: tuple[JsonObject, ...] = ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    for n, arguments in enumerate(either_way):
        desk.on(Requested(ToolCallId(f"early-{n}"), CALCULATE, arguments))
    assert isinstance(desk.on(Requested(CALL, CALCULATE, {"a": 1, "b": 2}))[-1], Ask)


def test_a_request_under_an_id_that_is_open_is_not_counted() -> None:
    desk = at_the_desk()
    for _ in range(5):
        desk.on(Requested(CALL, CALCULATE, ARGUMENTS))
    assert isinstance(desk.on(Requested(OTHER, CALCULATE, ARGUMENTS))[-1], Claim)


def test_a_new_turn_counts_from_the_beginning() -> None:
    desk = at_the_desk()
    ask_again(desk, 2)
    desk.begin(TURN)
    assert ask_again(desk, 2) == []


def not_offered_in_circles() -> tuple[Desk, CallRecord]:
    """A desk that was asked a third time for a tool that the tab does not have, and its question."""
    desk = at_the_desk()
    for n in (1, 2):
        effects = desk.on(Requested(ToolCallId(f"early-{n}"), change_bgm.SPEC, ARGUMENTS, is_offered=False))
        assert kinds(effects) == ["Tell", *ENDS]
    ask = desk.on(request(is_offered=False))[-1]
    assert isinstance(ask, Ask)
    return desk, ask.call


def test_a_tool_that_the_device_lacks_asks_the_third_time_too_and_says_that_it_is_not_there() -> None:
    _, ask = not_offered_in_circles()
    assert ask.choices == WHETHER_TO_GO_ON
    assert ask.risk == (
        "The agent asks for this same call for the 3rd time in this turn. Should it go on? "
        "This device does not offer the tool change_bgm."
    )


def test_going_on_does_not_run_what_the_device_lacks() -> None:
    desk, _ = not_offered_in_circles()
    effects = desk.on(Answered(CALL, Choice.ALLOW_ONCE))
    assert kinds(effects) == ENDS
    assert effects[-1] == Settle(CALL, {"success": False, "error": "This device does not offer the tool change_bgm."})
    assert desk.calls == {}


@pytest.mark.parametrize(
    ("event", "effects"),
    [
        (Answered(CALL, Choice.REJECT_ONCE), [*ENDS, "StopTurn"]),
        (Answered(CALL, Choice.ALLOW_TOOL), [*ENDS, "StopTurn"]),
        (Answered(CALL, None), [*ENDS, "StopTurn"]),
        (Expired(CALL), [*TAKES_BACK, "StopTurn"]),
        (GONE, TAKES_BACK),
    ],
    ids=["no", "forged", "closed", "expired", "abandoned"],
)
def test_what_the_device_lacks_is_not_asked_for_for_ever(event: DeskEvent, effects: list[str]) -> None:
    desk, _ = not_offered_in_circles()
    assert kinds(desk.on(event)) == effects
    assert desk.policy.answers == PolicyAnswers()


def test_a_denied_tool_asks_the_third_time_whether_to_go_on_and_stays_denied_even_so() -> None:
    desk = Desk(message_id=TURN, policy=Policy({"calculate": Rule.DENY}))
    for n in range(2):
        effects = desk.on(Requested(ToolCallId(f"early-{n}"), CALCULATE, ARGUMENTS))
        assert kinds(effects) == ["Tell", *ENDS]
    ask = desk.on(Requested(CALL, CALCULATE, ARGUMENTS))[-1]
    assert isinstance(ask, Ask)
    assert ask.call.choices == WHETHER_TO_GO_ON
    assert ask.call.risk.endswith("Should it go on? The tool calculate is not allowed here.")
    error: JsonObject = {"success": False, "error": "The tool calculate is not allowed here."}
    assert desk.on(Answered(CALL, Choice.ALLOW_ONCE))[-1] == Settle(CALL, error)
    assert desk.calls == {}


def test_going_on_runs_the_call_and_nothing_that_comes_too_late_stops_the_turn() -> None:
    desk, _ = in_circles()
    assert kinds(desk.on(Answered(CALL, Choice.ALLOW_ONCE))) == ALLOWS
    for late in (Answered(CALL, None), Answered(CALL, Choice.REJECT_ONCE), Expired(CALL)):
        assert desk.on(late) == []


def test_not_going_on_refuses_the_call_and_then_stops_the_turn() -> None:
    desk, _ = in_circles()
    _, tell, settle, stop = desk.on(Answered(CALL, Choice.REJECT_ONCE))
    error = "The user stopped the turn: calculate was asked for again and again."
    assert settle == Settle(CALL, {"success": False, "error": error})
    assert tell == Tell(ToolChanged(CALL, "failed", {"success": False, "error": error}))
    assert stop == StopTurn()


@pytest.mark.parametrize("choice", [choice for choice in Choice if choice not in WHETHER_TO_GO_ON])
def test_an_answer_that_was_not_offered_is_none(choice: Choice) -> None:
    desk, _ = in_circles()
    assert kinds(desk.on(Answered(CALL, choice))) == [*ENDS, "StopTurn"]
    assert desk.policy.answers == PolicyAnswers()


@pytest.mark.parametrize(
    ("event", "effects"),
    [(Answered(CALL, None), [*ENDS, "StopTurn"]), (Expired(CALL), [*TAKES_BACK, "StopTurn"])],
    ids=["closed", "expired"],
)
def test_without_an_answer_it_does_not_go_on(event: DeskEvent, effects: list[str]) -> None:
    desk, _ = in_circles()
    assert kinds(desk.on(event)) == effects
    assert desk.on(event) == []


def test_what_is_abandoned_meanwhile_stops_nothing_more() -> None:
    desk, _ = in_circles()
    assert kinds(desk.on(GONE)) == TAKES_BACK


@pytest.mark.parametrize("event", [Answered(CALL, Choice.REJECT_ONCE), Answered(CALL, None), Expired(CALL)])
def test_no_to_a_usual_question_does_not_stop_the_turn(event: DeskEvent) -> None:
    assert "StopTurn" not in kinds(shown().on(event))


def test_the_question_outlives_a_restart_and_no_still_stops_the_turn() -> None:
    desk, _ = in_circles()
    after = Desk()
    after.restore(TURN, desk.shown)
    assert kinds(after.on(Answered(CALL, Choice.REJECT_ONCE))) == ["Keep", "Tell", "Wake", "StopTurn"]


def test_what_is_asked_for_again_after_a_sleep_is_not_counted() -> None:
    desk = shown()
    for _ in range(5):
        desk.on(Dozed())
        assert desk.on(request()) == []
    assert isinstance(desk.on(request(OTHER))[-1], Ask)
    assert desk.calls[OTHER].choices == tuple(Choice)
