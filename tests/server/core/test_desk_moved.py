"""A yes is about one device: what was allowed there runs there, or is asked about again where it is to run instead."""

from __future__ import annotations

from server.core.desk_events import Answered, Ask, Claim, Dozed, Keep, Requested, Seated, Unsent
from server.core.tool_call import CallState
from shared.frames import Choice
from tests.server.core.desk_for_tests import (
    ALLOW,
    CALCULATE,
    CALL,
    NOBODY,
    PC,
    PHONE,
    STATES,
    TURN,
    approved_without_a_tab,
    at_the_desk,
    backend,
    claimed,
    kinds,
    last_stored,
    request,
    restored,
)


def test_only_what_was_claimed_can_have_been_sent_nowhere() -> None:
    released = [kinds(state().on(Unsent(CALL))) for state in STATES]
    assert released == [[], [], [], [], [], ["Keep"], ["Keep"], ["Keep"], []]


def test_what_was_sent_nowhere_is_claimed_again_for_its_own_device_under_the_new_lease() -> None:
    desk = claimed()
    before = desk.calls[CALL].claim
    assert last_stored(desk.on(Unsent(CALL))).state is CallState.APPROVED
    (claim,) = desk.on(Seated("pc", 7))
    assert isinstance(claim, Claim)
    assert (claim.call.device, claim.call.epoch) == ("pc", 7)
    assert claim.call.claim not in {None, before}


def test_what_was_sent_nowhere_is_asked_about_on_another_device_with_the_time_that_is_left() -> None:
    desk = claimed()
    deadline = desk.calls[CALL].deadline
    desk.on(Unsent(CALL))
    keep, ask = desk.on(PHONE)
    assert isinstance(keep, Keep)
    assert isinstance(ask, Ask)
    assert keep.call == ask.call
    assert (ask.call.state, ask.call.deadline, ask.call.claim) == (CallState.SHOWN, deadline, None)
    claim = last_stored(desk.on(ALLOW))
    assert (claim.state, claim.device) == (CallState.CLAIMED, "phone")


def test_while_nobody_is_there_it_waits_and_is_no_reason_to_stay_awake() -> None:
    desk = claimed()
    desk.on(Unsent(CALL))
    assert desk.on(NOBODY) == []
    assert desk.waits_for_a_person
    assert kinds(desk.on(PC)) == ["Claim"]


def test_what_nobody_had_to_allow_runs_on_whatever_device_is_there() -> None:
    desk = at_the_desk(request(), Answered(CALL, Choice.ALLOW_TOOL))
    desk.begin(TURN)
    desk.calls.clear()
    assert kinds(desk.on(request())) == ["Tell", "Keep", "Claim"], "the tool is allowed from now on"
    desk.on(Unsent(CALL))
    assert last_stored(desk.on(PHONE)).device == "phone"


def test_a_tool_of_the_servers_own_goes_on_wherever_the_conversation_is() -> None:
    desk = at_the_desk(backend(), ALLOW)
    desk.on(Unsent(CALL))
    assert kinds(desk.on(PHONE)) == ["Claim"]
    unasked = at_the_desk(Requested(CALL, CALCULATE, {}))
    unasked.on(Unsent(CALL))
    assert kinds(unasked.on(PHONE)) == ["Keep", "Claim"]


def test_what_the_person_sent_to_another_device_runs_there_whoever_takes_the_conversation_over() -> None:
    desk = at_the_desk(request(), Answered(CALL, Choice.ALLOW_ONCE, device="phone"))
    assert desk.calls[CALL].device == "phone"
    desk.on(Unsent(CALL))
    claim = last_stored(desk.on(Seated("tablet", 7)))
    assert (claim.state, claim.device, claim.epoch) == (CallState.CLAIMED, "phone", 7)


def test_a_yes_of_before_a_crash_counts_on_its_own_device_only() -> None:
    for seated, follows in ((PC, ["Claim"]), (PHONE, ["Keep", "Ask"])):
        desk = restored(request(), Dozed(), ALLOW)
        desk.on(seated)
        assert kinds(desk.on(request())) == follows


def test_a_yes_that_came_with_no_device_at_the_desk_counts_on_any() -> None:
    assert kinds(approved_without_a_tab().on(PHONE)) == ["Claim"]
