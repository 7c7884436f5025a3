"""The desk: every event against every state of a call, and any order of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.canonical import arguments_hash
from server.core.desk import (
    Abandoned,
    Answered,
    Ask,
    Desk,
    DeskEffect,
    DeskEvent,
    Expired,
    Finished,
    Requested,
    Run,
    Settle,
    Tell,
    Withdraw,
)
from server.core.policy import Policy, Rule
from shared.catalog import change_bgm, get_location
from shared.frames import Choice, ToolChanged, ToolStarted
from shared.ids import ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema

CALL = ToolCallId("call-1")
OTHER = ToolCallId("call-2")
ARGUMENTS: JsonObject = {"track": 1}
CALCULATE = ToolSpec("calculate", "Calculate", "Calculate", object_schema())
DONE: JsonObject = {"success": True, "track": 1}


def request(call_id: ToolCallId = CALL, *, is_offered: bool = True) -> Requested:
    return Requested(call_id, change_bgm.SPEC, ARGUMENTS, is_offered=is_offered)


def kinds(effects: list[DeskEffect]) -> list[str]:
    return [type(effect).__name__ for effect in effects]


def empty() -> Desk:
    return Desk()


def shown() -> Desk:
    desk = Desk()
    desk.on(request())
    return desk


def claimed() -> Desk:
    desk = shown()
    desk.on(Answered(CALL, Choice.ALLOW_ONCE))
    return desk


def settled() -> Desk:
    desk = claimed()
    desk.on(Finished(CALL, DONE, failed=False))
    return desk


ALLOWS = ["Tell", "Run"]
ENDS = ["Tell", "Settle"]
TAKES_BACK = ["Withdraw", "Tell", "Settle"]
EVENTS: dict[str, DeskEvent] = {
    "requested": request(),
    "allowed once": Answered(CALL, Choice.ALLOW_ONCE),
    "allowed exactly": Answered(CALL, Choice.ALLOW_EXACT),
    "allowed the tool": Answered(CALL, Choice.ALLOW_TOOL),
    "rejected once": Answered(CALL, Choice.REJECT_ONCE),
    "rejected the tool": Answered(CALL, Choice.REJECT_TOOL),
    "closed": Answered(CALL, None),
    "expired": Expired(CALL),
    "finished": Finished(CALL, DONE, failed=False),
    "abandoned": Abandoned("The tab is gone."),
}
MATRIX = {
    "requested": (["Tell", "Ask"], [], [], ["Tell", "Ask"]),
    "allowed once": ([], ALLOWS, [], []),
    "allowed exactly": ([], ALLOWS, [], []),
    "allowed the tool": ([], ALLOWS, [], []),
    "rejected once": ([], ENDS, [], []),
    "rejected the tool": ([], ENDS, [], []),
    "closed": ([], ENDS, [], []),
    "expired": ([], TAKES_BACK, [], []),
    "finished": ([], [], ["Tell"], []),
    "abandoned": ([], TAKES_BACK, ENDS, []),
}


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_in_every_state_has_the_effects_as_written(name: str) -> None:
    row = [kinds(desk().on(EVENTS[name])) for desk in (empty, shown, claimed, settled)]
    assert row == list(MATRIX[name])


def test_a_tool_that_asks_is_shown_with_its_arguments_and_their_hash() -> None:
    effects = Desk().on(request())
    assert effects == [
        Tell(ToolStarted(CALL, "change_bgm", change_bgm.SPEC.title, "other", ARGUMENTS)),
        Ask(CALL, change_bgm.SPEC, ARGUMENTS, arguments_hash(ARGUMENTS)),
    ]


def test_a_tool_that_never_asks_runs_at_once() -> None:
    effects = Desk().on(Requested(CALL, CALCULATE, {"expression": "1+1"}))
    assert kinds(effects) == ["Tell", "Tell", "Run"]


def test_a_tool_that_the_device_lacks_ends_without_asking() -> None:
    effects = Desk().on(request(is_offered=False))
    assert kinds(effects) == ["Tell", "Tell", "Settle"]
    assert effects[-1] == Settle(CALL, {"success": False, "error": "This device does not offer the tool change_bgm."})


def test_a_denied_tool_ends_without_asking() -> None:
    desk = Desk(Policy({"change_bgm": Rule.DENY}))
    effects = desk.on(request())
    assert kinds(effects) == ["Tell", "Tell", "Settle"]


def test_the_answer_to_one_call_leaves_the_other_waiting() -> None:
    desk = Desk()
    desk.on(request())
    desk.on(Requested(OTHER, get_location.SPEC, {}))
    assert desk.on(Answered(OTHER, Choice.ALLOW_ONCE))[-1] == Run(OTHER)
    assert desk.on(Answered(CALL, Choice.REJECT_ONCE))[-1] == Settle(
        CALL, {"success": False, "error": "The user declined to run change_bgm."}
    )


def test_the_second_answer_finds_nothing_to_claim() -> None:
    desk = shown()
    assert kinds(desk.on(Answered(CALL, Choice.ALLOW_ONCE))) == ALLOWS
    assert desk.on(Answered(CALL, Choice.ALLOW_ONCE)) == []


def test_a_running_call_that_is_abandoned_is_in_doubt() -> None:
    settle = claimed().on(Abandoned("The tab is gone."))[-1]
    assert settle == Settle(CALL, {"success": False, "error": "The tab is gone. The tool may have run."})


def test_a_late_result_of_an_abandoned_call_is_dropped() -> None:
    desk = claimed()
    desk.on(Abandoned("The tab is gone."))
    assert desk.on(Finished(CALL, DONE, failed=False)) == []


def test_a_failed_result_is_told_as_failed() -> None:
    result: JsonObject = {"success": False, "error": "no such track"}
    assert claimed().on(Finished(CALL, result, failed=True)) == [Tell(ToolChanged(CALL, "failed", result))]


def test_an_approval_that_expires_is_withdrawn_before_the_model_is_told() -> None:
    withdraw, _, settle = shown().on(Expired(CALL))
    assert withdraw == Withdraw(CALL, "Nobody answered the approval in time.")
    assert isinstance(settle, Settle)


def test_always_allowing_a_tool_holds_for_other_arguments_of_it_and_for_no_other_tool() -> None:
    desk = shown()
    desk.on(Answered(CALL, Choice.ALLOW_TOOL))
    assert kinds(desk.on(Requested(OTHER, change_bgm.SPEC, {"track": 2}))) == ["Tell", "Tell", "Run"]
    assert kinds(desk.on(Requested(ToolCallId("call-3"), get_location.SPEC, {}))) == ["Tell", "Ask"]


def test_allowing_exact_arguments_does_not_hold_for_others() -> None:
    desk = shown()
    desk.on(Answered(CALL, Choice.ALLOW_EXACT))
    assert kinds(desk.on(Requested(OTHER, change_bgm.SPEC, {"track": 1}))) == ["Tell", "Tell", "Run"]
    assert kinds(desk.on(Requested(ToolCallId("call-3"), change_bgm.SPEC, {"track": 2}))) == ["Tell", "Ask"]


def test_always_rejecting_beats_always_allowing() -> None:
    desk = shown()
    desk.on(Answered(CALL, Choice.ALLOW_TOOL))
    desk.policy.remember(Choice.REJECT_TOOL, "change_bgm", "")
    assert kinds(desk.on(request(OTHER))) == ["Tell", "Tell", "Settle"]


CALLS = st.sampled_from([ToolCallId(f"call-{n}") for n in range(4)])
ANY_EVENT: st.SearchStrategy[DeskEvent] = st.one_of(
    st.builds(Requested, CALLS, st.sampled_from([change_bgm.SPEC, get_location.SPEC, CALCULATE]), st.just({})),
    st.builds(Answered, CALLS, st.none() | st.sampled_from(Choice)),
    st.builds(Expired, CALLS),
    st.builds(Finished, CALLS, st.just(DONE), failed=st.booleans()),
    st.builds(Abandoned, st.just("The turn is over.")),
)


@given(st.lists(ANY_EVENT, max_size=60))
def test_in_any_order_of_events_each_request_is_decided_at_most_once(events: list[DeskEvent]) -> None:
    desk = Desk()
    undecided: set[ToolCallId] = set()
    running: set[ToolCallId] = set()
    for event in events:
        if isinstance(event, Requested) and event.call_id not in desk.calls:
            undecided.add(event.call_id)
        for effect in desk.on(event):
            match effect:
                case Run(call_id):
                    assert call_id in undecided, "a call runs only once, and only when it was asked for"
                    undecided.remove(call_id)
                    running.add(call_id)
                case Settle(call_id) if call_id in running:
                    assert isinstance(event, Abandoned)
                    running.remove(call_id)
                case Settle(call_id):
                    assert call_id in undecided
                    undecided.remove(call_id)
                case Tell(ToolChanged(call_id, "completed" | "failed")) if isinstance(event, Finished):
                    running.remove(call_id)
                case _:
                    pass
        assert set(desk.calls) == undecided | running
    desk.on(Abandoned("The turn is over."))
    assert desk.calls == {}
