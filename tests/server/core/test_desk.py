"""The desk: every event against every state of a call, and any order of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.canonical import arguments_hash
from server.core.desk import WHETHER_TO_GO_ON, Desk
from server.core.desk_events import (
    Abandoned,
    Answered,
    Ask,
    DeskEffect,
    DeskEvent,
    Expired,
    Finished,
    Requested,
    Run,
    Settle,
    StopTurn,
    Tell,
    Withdraw,
)
from server.core.policy import Policy, PolicyAnswers, Rule
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
        Ask(CALL, change_bgm.SPEC, ARGUMENTS, arguments_hash(ARGUMENTS), change_bgm.SPEC.risk),
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


# --- the same call again and again ------------------------------------------------------------------------


def ask_again(desk: Desk, times: int = 1, spec: ToolSpec = CALCULATE) -> list[ToolCallId]:
    """Ask ``times`` times for the same call, as call-1 and so on; each is allowed and finishes. Who was asked."""
    asked = []
    for _ in range(times):
        call_id = ToolCallId(f"call-{sum(desk.doom_loop.counts.values()) + 1}")
        effects = desk.on(Requested(call_id, spec, ARGUMENTS))
        if any(isinstance(effect, Ask) for effect in effects):
            asked.append(call_id)
            desk.on(Answered(call_id, Choice.ALLOW_ONCE))
        desk.on(Finished(call_id, DONE, failed=False))
    return asked


def in_circles(spec: ToolSpec = CALCULATE) -> tuple[Desk, Ask]:
    """A desk that was asked for the same call a third time, and its question."""
    desk = Desk()
    ask_again(desk, 2, spec)
    ask = desk.on(Requested(CALL, spec, ARGUMENTS))[-1]
    assert isinstance(ask, Ask)
    return desk, ask


def test_a_call_that_never_asks_asks_the_third_time_and_each_third_time_after_that() -> None:
    assert ask_again(Desk(), 10) == ["call-3", "call-6", "call-9"]


@pytest.mark.parametrize(
    "answers",
    [
        PolicyAnswers(allowed_tools={"change_bgm"}),
        PolicyAnswers(allowed_exactly={("change_bgm", arguments_hash(ARGUMENTS))}),
    ],
    ids=["the tool", "these arguments"],
)
def test_what_was_always_allowed_asks_the_third_time_too(answers: PolicyAnswers) -> None:
    assert ask_again(Desk(Policy(answers=answers)), 3, change_bgm.SPEC) == ["call-3"]


@pytest.mark.parametrize("spec", [CALCULATE, change_bgm.SPEC], ids=["never asks", "asks anyway"])
def test_the_question_is_whether_to_go_on_and_says_what_the_tool_does(spec: ToolSpec) -> None:
    _, ask = in_circles(spec)
    assert ask.risk == (
        f"The agent asks for this same call for the 3rd time in this turn. Should it go on? {spec.risk}"
    )
    assert ask.choices == (Choice.ALLOW_ONCE, Choice.REJECT_ONCE)


def test_the_question_before_it_is_the_tools_own() -> None:
    desk = Desk()
    ask_again(desk, 1, change_bgm.SPEC)
    ask = desk.on(Requested(CALL, change_bgm.SPEC, ARGUMENTS))[-1]
    assert ask == Ask(CALL, change_bgm.SPEC, ARGUMENTS, arguments_hash(ARGUMENTS), change_bgm.SPEC.risk, tuple(Choice))


def test_three_of_one_response_are_counted_like_three_of_a_row() -> None:
    desk = Desk()
    effects = [desk.on(Requested(ToolCallId(f"call-{n}"), CALCULATE, ARGUMENTS))[-1] for n in (1, 2, 3)]
    assert [type(effect) for effect in effects] == [Run, Run, Ask]


def test_other_arguments_and_other_tools_are_other_calls() -> None:
    desk = Desk()
    for n in range(4):
        assert kinds(desk.on(Requested(ToolCallId(f"a{n}"), CALCULATE, {"expression": str(n)})))[-1] == "Run"
    assert ask_again(desk, 2) == []
    assert desk.on(Requested(OTHER, change_bgm.SPEC, ARGUMENTS))[-1] == Ask(
        OTHER, change_bgm.SPEC, ARGUMENTS, arguments_hash(ARGUMENTS), change_bgm.SPEC.risk
    )


def test_the_order_of_the_arguments_makes_no_other_call() -> None:
    desk = Desk()
    either_way: tuple[JsonObject, ...] = ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    for n, arguments in enumerate(either_way):
        desk.on(Requested(ToolCallId(f"early-{n}"), CALCULATE, arguments))
    assert isinstance(desk.on(Requested(CALL, CALCULATE, {"a": 1, "b": 2}))[-1], Ask)


def test_a_request_under_an_id_that_is_open_is_not_counted() -> None:
    desk = Desk()
    for _ in range(5):
        desk.on(Requested(CALL, CALCULATE, ARGUMENTS))
    assert isinstance(desk.on(Requested(OTHER, CALCULATE, ARGUMENTS))[-1], Run)


def test_a_new_turn_counts_from_the_beginning() -> None:
    desk = Desk()
    ask_again(desk, 2)
    desk.doom_loop.clear()
    assert ask_again(desk, 2) == []


def not_offered_in_circles() -> tuple[Desk, Ask]:
    """A desk that was asked a third time for a tool that the tab does not have, and its question."""
    desk = Desk()
    for n in (1, 2):
        effects = desk.on(Requested(ToolCallId(f"early-{n}"), change_bgm.SPEC, ARGUMENTS, is_offered=False))
        assert kinds(effects) == ["Tell", "Tell", "Settle"]
    ask = desk.on(request(is_offered=False))[-1]
    assert isinstance(ask, Ask)
    return desk, ask


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
        (Abandoned("The tab is gone."), TAKES_BACK),
    ],
    ids=["no", "forged", "closed", "expired", "abandoned"],
)
def test_what_the_device_lacks_is_not_asked_for_for_ever(event: DeskEvent, effects: list[str]) -> None:
    desk, _ = not_offered_in_circles()
    assert kinds(desk.on(event)) == effects
    assert desk.policy.answers == PolicyAnswers()


def test_a_denied_tool_asks_the_third_time_whether_to_go_on_and_stays_denied_even_so() -> None:
    desk = Desk(Policy({"calculate": Rule.DENY}))
    for n in range(2):
        effects = desk.on(Requested(ToolCallId(f"call-{n}"), CALCULATE, ARGUMENTS))
        assert kinds(effects) == ["Tell", "Tell", "Settle"]
    ask = desk.on(Requested(CALL, CALCULATE, ARGUMENTS))[-1]
    assert isinstance(ask, Ask)
    assert ask.choices == WHETHER_TO_GO_ON
    assert ask.risk.endswith("Should it go on? The tool calculate is not allowed here.")
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
    tell, settle, stop = desk.on(Answered(CALL, Choice.REJECT_ONCE))
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
    assert kinds(desk.on(Abandoned("The user cancelled the turn."))) == TAKES_BACK


@pytest.mark.parametrize("event", ["rejected once", "closed", "expired"])
def test_no_to_a_usual_question_does_not_stop_the_turn(event: str) -> None:
    assert "StopTurn" not in kinds(shown().on(EVENTS[event]))


CALLS = st.sampled_from([ToolCallId(f"call-{n}") for n in range(4)])
ANY_EVENT: st.SearchStrategy[DeskEvent] = st.one_of(
    st.builds(
        Requested, CALLS, st.sampled_from([change_bgm.SPEC, get_location.SPEC, CALCULATE]), st.just({}), st.booleans()
    ),
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
    offered: set[ToolCallId] = set()
    for event in events:
        if isinstance(event, Requested) and event.call_id not in desk.calls:
            undecided.add(event.call_id)
            (offered.add if event.is_offered else offered.discard)(event.call_id)
        for effect in desk.on(event):
            match effect:
                case Run(call_id):
                    assert call_id in undecided, "a call runs only once, and only when it was asked for"
                    assert call_id in offered, "what the device lacks never runs"
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
