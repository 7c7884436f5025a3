"""The desk: every event against every state of a call, and what each is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.core.canonical import arguments_hash
from server.core.deadline import Deadline, Moment
from server.core.decision import Decided, Decision, Whereabouts
from server.core.desk import Desk
from server.core.desk_events import (
    Answered,
    Ask,
    Claim,
    DeskEvent,
    Dozed,
    Expired,
    Finished,
    Keep,
    Missed,
    Requested,
    Run,
    Settle,
    Tell,
    Unsent,
    Wake,
    Withdraw,
)
from server.core.policy import Policy, PolicyAnswers
from server.core.policy_rules import Rule
from server.core.records import CallRecord
from server.core.refusal import IN_DOUBT, SAME_ID, refusal
from server.core.tool_call import CallState
from shared.catalog import change_bgm, get_location
from shared.frames import Choice, ToolChanged, ToolStarted
from shared.ids import MessageId, ToolCallId
from shared.json_types import JsonObject
from tests.server.core.desk_for_tests import (
    ALLOW,
    ARGUMENTS,
    CALCULATE,
    CALL,
    DONE,
    GONE,
    NOBODY,
    OTHER,
    PC,
    PHONE,
    STATES,
    TURN,
    approved_dozed,
    approved_without_a_tab,
    at_the_desk,
    backend,
    claimed,
    claimed_restored,
    claimed_restored_awaited,
    empty,
    kinds,
    last_stored,
    request,
    restored,
    settled,
    shown,
    shown_dozed,
)

ALLOWS = ["Keep", "Claim"]
ALLOWS_LATER = ["Keep", "Wake"]
ENDS = ["Keep", "Tell", "Settle"]
ENDS_LATER = ["Keep", "Tell", "Wake"]
ALLOWED: list[list[str]] = [[], ALLOWS, ALLOWS_LATER, [], [], [], [], [], []]
REFUSED: list[list[str]] = [[], ENDS, ENDS_LATER, [], [], [], [], [], []]
NOTHING: list[list[str]] = [[]] * 9
# The states: empty, shown, shown and dozed, approved without a tab, approved and dozed, claimed, claimed and
# restored, the same awaited, settled.
MATRIX: dict[str, tuple[DeskEvent, list[list[str]]]] = {
    "requested": (request(), [["Tell", "Keep", "Ask"], [], [], [], ["Claim"], [], [], [], ["Settle"]]),
    "requested, lacking": (
        request(is_offered=False),
        [["Tell", *ENDS], [], [], [], ENDS, [], [], [], ["Settle"]],
    ),
    "requested, another of its id": (
        replace(request(), occurrence=2),
        [["Tell", "Keep", "Ask"], [], ["Settle"], [], ["Settle"], [], ["Settle"], [], ["Tell", "Keep", "Ask"]],
    ),
    "allowed once": (ALLOW, ALLOWED),
    "allowed exactly": (Answered(CALL, Choice.ALLOW_EXACT), ALLOWED),
    "allowed the tool": (Answered(CALL, Choice.ALLOW_TOOL), ALLOWED),
    "allowed, edited": (Answered(CALL, Choice.ALLOW_ONCE, {"track": 2}), ALLOWED),
    "rejected once": (Answered(CALL, Choice.REJECT_ONCE), REFUSED),
    "rejected the tool": (Answered(CALL, Choice.REJECT_TOOL), REFUSED),
    "closed": (Answered(CALL, None), REFUSED),
    "expired": (Expired(CALL), [[], ["Withdraw", *ENDS], ["Withdraw", *ENDS_LATER], [], [], [], [], [], []]),
    "finished": (Finished(CALL, DONE, failed=False), [[], [], [], [], [], *[["Keep", "Tell"]] * 3, []]),
    "missed": (Missed(CALL), [[], [], [], [], [], ENDS, ENDS_LATER, ENDS, []]),
    "unsent": (Unsent(CALL), [[], [], [], [], [], *[["Keep"]] * 3, []]),
    "seated, the same": (PC, [[], ["Ask"], ["Ask"], ["Claim"], ["Wake"], [], ["Wake"], ["Run"], []]),
    "seated, another": (PHONE, [[], ["Ask"], ["Ask"], ["Claim"], ["Wake"], [], ["Wake"], ENDS, []]),
    "nobody seated": (NOBODY, NOTHING),
    "dozed": (Dozed(), NOTHING),
    "abandoned": (
        GONE,
        [
            [],
            ["Withdraw", *ENDS],
            ["Withdraw", *ENDS_LATER],
            ["Withdraw", *ENDS],
            ["Withdraw", *ENDS_LATER],
            ENDS,
            ENDS_LATER,
            ENDS,
            [],
        ],
    ),
}


@pytest.mark.parametrize("name", MATRIX)
def test_every_event_in_every_state_has_the_effects_as_written(name: str) -> None:
    event, row = MATRIX[name]
    assert [kinds(desk().on(event)) for desk in STATES] == row


def test_no_event_of_another_call_moves_this_one() -> None:
    for event in (replace(ALLOW, call_id=OTHER), Expired(OTHER), Finished(OTHER, DONE, failed=False), Missed(OTHER)):
        assert [state().on(event) for state in STATES] == [[]] * 9


def test_whether_it_waits_for_somebody_and_whether_something_runs() -> None:
    assert [state().waits_for_a_person for state in STATES] == [
        False,
        True,
        True,
        True,
        True,
        False,
        True,
        True,
        False,
    ]
    assert not any(state().has_running for state in STATES), "what runs in a tab can be asked for again"
    desk = Desk()
    desk.begin(MessageId("one"))
    desk.on(Requested(CALL, CALCULATE, {"expression": "1+1"}))
    assert desk.has_running


def test_a_restored_approval_that_nobody_stands_in_the_way_of_goes_on_by_itself() -> None:
    desk = restored(backend(), Dozed(), ALLOW)
    assert desk.calls[CALL].state is CallState.APPROVED
    assert not desk.waits_for_a_person
    assert not restored(backend(), ALLOW).waits_for_a_person, "what is in doubt is told at once"


def test_one_that_runs_keeps_the_turn_awake_whatever_else_waits() -> None:
    desk = shown()
    desk.on(backend(OTHER))
    assert desk.waits_for_a_person
    desk.on(Answered(OTHER, Choice.ALLOW_ONCE))
    assert not desk.waits_for_a_person


# --- what is stored and shown -----------------------------------------------------------------------------


def test_what_is_shown_is_stored_before() -> None:
    desk = Desk(message_id=TURN, patience=5.0, clock=lambda: Moment("boot", 7.0))
    _, keep, ask = desk.on(request())
    record = CallRecord(
        TURN,
        CALL,
        "change_bgm",
        change_bgm.SPEC.title,
        "other",
        change_bgm.SPEC.risk,
        ARGUMENTS,
        arguments_hash(ARGUMENTS),
        CallState.SHOWN,
        deadline=Deadline(Moment("boot", 7.0), 5.0),
    )
    assert (keep, ask) == (Keep(record), Ask(record))
    assert desk.shown == [record]


def test_a_tool_that_asks_is_told_as_begun_with_its_arguments() -> None:
    assert empty().on(request())[0] == Tell(ToolStarted(CALL, "change_bgm", change_bgm.SPEC.title, "other", ARGUMENTS))


def test_only_what_is_shown_is_among_the_shown() -> None:
    assert [bool(state().shown) for state in STATES] == [False, True, True, *[False] * 6]


def test_a_claim_is_of_the_device_and_epoch_that_hold_the_conversation_and_each_has_its_own_name() -> None:
    one, two = (last_stored(shown().on(ALLOW)) for _ in range(2))
    assert (one.device, one.epoch, one.state) == ("pc", 1, CallState.CLAIMED)
    assert one.claim is not None
    assert one.claim != two.claim
    desk = at_the_desk(backend())
    desk.on(PHONE)
    claim = last_stored(desk.on(ALLOW))
    assert (claim.device, claim.epoch) == ("", 2), "a server's tool is of no device"


def test_a_result_is_stored_and_told_as_it_is() -> None:
    for failed, status, state in ((False, "completed", CallState.DONE), (True, "failed", CallState.FAILED)):
        keep, tell = claimed().on(Finished(CALL, DONE, failed=failed))
        assert isinstance(keep, Keep)
        assert (keep.call.state, keep.call.result) == (state, DONE)
        assert isinstance(tell, Tell)
        assert tell.update == ToolChanged(CALL, status, DONE)  # type: ignore[arg-type]  # (words of a tuple)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (Answered(CALL, Choice.REJECT_ONCE), CallState.DENIED),
        (Answered(CALL, None), CallState.CANCELLED),
        (Expired(CALL), CallState.EXPIRED),
        (GONE, CallState.CANCELLED),
    ],
)
def test_how_it_ended_is_stored_with_what_the_model_is_given(event: DeskEvent, state: CallState) -> None:
    effects = shown().on(event)
    stored, given = last_stored(effects), effects[-1]
    assert stored.state is state
    assert isinstance(given, Settle)
    assert stored.result == given.result


def test_a_tool_that_never_asks_is_claimed_at_once() -> None:
    assert kinds(empty().on(Requested(CALL, CALCULATE, {"expression": "1+1"}))) == ["Tell", *ALLOWS]


def test_a_tool_that_the_device_lacks_ends_without_asking() -> None:
    effects = empty().on(request(is_offered=False))
    assert effects[-1] == Settle(CALL, refusal("This device does not offer the tool change_bgm."))


def test_a_denied_tool_ends_without_asking() -> None:
    desk = Desk(message_id=TURN, policy=Policy({"change_bgm": Rule.DENY}))
    effects = desk.on(request())
    assert kinds(effects) == ["Tell", *ENDS]
    assert effects[-1] == Settle(CALL, refusal("The tool change_bgm is not allowed here."))


def test_the_answer_to_one_call_leaves_the_other_waiting() -> None:
    desk = shown()
    desk.on(Requested(OTHER, get_location.SPEC, {}, is_frontend=True))
    assert isinstance(desk.on(Answered(OTHER, Choice.ALLOW_ONCE))[-1], Claim)
    assert desk.on(Answered(CALL, Choice.REJECT_ONCE))[-1] == Settle(
        CALL, refusal("The user declined to run change_bgm.")
    )


def test_the_model_is_told_why_the_person_declined() -> None:
    settle = shown().on(Answered(CALL, Choice.REJECT_ONCE, reason="Too loud."))[-1]
    assert settle == Settle(CALL, refusal("The user declined to run change_bgm. They say: Too loud."))


def test_a_running_call_that_is_abandoned_is_in_doubt() -> None:
    effects = claimed().on(GONE)
    assert effects[-1] == Settle(CALL, refusal("The tab is gone. The tool may have run."))
    assert last_stored(effects).state is CallState.IN_DOUBT


def test_an_approval_that_expires_is_withdrawn_before_the_model_is_told() -> None:
    assert shown().on(Expired(CALL))[0] == Withdraw(CALL, "Nobody answered the approval in time.")


def test_always_allowing_a_tool_holds_for_other_arguments_of_it_and_for_no_other_tool() -> None:
    desk = shown()
    desk.on(Answered(CALL, Choice.ALLOW_TOOL))
    assert kinds(desk.on(replace(request(OTHER), arguments={"track": 2}))) == ["Tell", *ALLOWS]
    assert kinds(desk.on(Requested(ToolCallId("call-3"), get_location.SPEC, {}))) == ["Tell", "Keep", "Ask"]


def test_allowing_exact_arguments_does_not_hold_for_others() -> None:
    desk = shown()
    desk.on(Answered(CALL, Choice.ALLOW_EXACT))
    assert kinds(desk.on(replace(request(OTHER), is_granted=True))) == ["Tell", *ALLOWS]
    assert kinds(desk.on(replace(request(ToolCallId("call-3")), arguments={"track": 2}))) == ["Tell", "Keep", "Ask"]


def test_always_rejecting_beats_always_allowing() -> None:
    desk = shown()
    desk.on(Answered(CALL, Choice.ALLOW_TOOL))
    desk.policy.remember(Choice.REJECT_TOOL, change_bgm.SPEC)
    assert kinds(desk.on(request(OTHER))) == ["Tell", *ENDS]


# --- edited arguments -------------------------------------------------------------------------------------


def test_edited_arguments_are_hashed_anew_and_they_are_what_is_claimed() -> None:
    edited: JsonObject = {"track": 2}
    for record in (effect.call for effect in shown().on(Answered(CALL, Choice.ALLOW_ONCE, edited))):  # type: ignore[union-attr]  # (Keep, Claim)
        assert (record.arguments, record.arguments_hash, record.is_edited) == (edited, arguments_hash(edited), True)


def test_the_same_arguments_are_not_edited_and_one_is_not_true() -> None:
    assert not last_stored(shown().on(Answered(CALL, Choice.ALLOW_ONCE, {"track": 1}))).is_edited
    spec = replace(change_bgm.SPEC, input_schema={"type": "object"})
    desk = at_the_desk(replace(request(), spec=spec))
    record = last_stored(desk.on(Answered(CALL, Choice.ALLOW_ONCE, {"track": True})))
    assert record.is_edited
    assert record.arguments["track"] is True


@pytest.mark.parametrize("choice", [Choice.ALLOW_ONCE, Choice.ALLOW_EXACT, Choice.ALLOW_TOOL])
@pytest.mark.parametrize(
    ("edited", "why"),
    [
        ({"track": "two"}, "track must be of type integer"),
        ({"track": True}, "track must be of type integer"),
        ({}, "the whole must have track"),
        ({"track": 2, "loud": True}, "the whole must not have loud"),
        ({"track": -1}, "track must be at least 0"),
    ],
)
def test_edited_arguments_that_do_not_fit_the_tool_refuse_the_call_and_say_why(
    edited: JsonObject, why: str, choice: Choice
) -> None:
    desk = shown()
    effects = desk.on(Answered(CALL, choice, edited))
    error = refusal(f"The user changed the arguments so that change_bgm cannot run with them: {why}.")
    assert kinds(effects) == ENDS
    assert effects[1:] == [Tell(ToolChanged(CALL, "failed", error)), Settle(CALL, error)]
    assert last_stored(effects).state is CallState.DENIED
    assert desk.policy.answers == PolicyAnswers(), "nothing is allowed for later either"


def test_edited_arguments_are_held_against_the_tool_as_it_is_known_again_after_a_restart() -> None:
    desk = restored(request())
    desk.on(PC)
    assert desk.on(Answered(CALL, Choice.ALLOW_ONCE, {"track": "two"}))[-1] == Wake()
    effects = desk.on(request())
    assert kinds(effects) == ENDS
    assert last_stored(effects).state is CallState.CANCELLED
    assert "track must be of type integer" in str(effects[-1])


def test_always_for_edited_arguments_is_for_those_and_not_for_the_ones_asked_for() -> None:
    desk = shown()
    keep = desk.on(Answered(CALL, Choice.ALLOW_EXACT, {"track": 2}))[0]
    assert isinstance(keep, Keep)
    assert keep.decided == Decided(Decision.ALLOWED_EXACTLY, Whereabouts("pc"))
    assert keep.call.arguments_hash == arguments_hash({"track": 2})
    assert desk.policy.answers == PolicyAnswers(), "a grant is not the conversation's"


@pytest.mark.parametrize("choice", [Choice.REJECT_ONCE, None])
def test_who_says_no_edits_nothing(choice: Choice | None) -> None:
    assert not last_stored(shown().on(Answered(CALL, choice, {"track": 2}))).is_edited


# --- the turn is cancelled --------------------------------------------------------------------------------


def test_a_turn_that_is_cancelled_takes_up_nothing_new_and_gives_what_was_settled() -> None:
    desk = at_the_desk(request(), ALLOW, Finished(CALL, DONE, failed=False), GONE)
    assert desk.on(request()) == [Settle(CALL, DONE)]
    assert desk.on(request(OTHER)) == [Settle(OTHER, refusal("The tab is gone."))]
    assert desk.calls == {}
    desk.begin(MessageId("the next turn"))
    assert kinds(desk.on(request(OTHER))) == ["Tell", "Keep", "Ask"]


def test_what_may_have_run_is_said_to_have_perhaps_run_though_the_turn_is_cancelled() -> None:
    desk = claimed_restored()
    desk.on(GONE)
    assert desk.on(request()) == [Settle(CALL, refusal("The tab is gone. The tool may have run."))]


# --- it stopped, and goes on ------------------------------------------------------------------------------


def test_what_was_settled_is_given_again_and_nothing_is_asked_or_run() -> None:
    desk = settled()
    desk.on(Dozed())
    assert desk.on(request()) == [Settle(CALL, DONE)]
    desk = restored(request(), ALLOW, Finished(CALL, DONE, failed=False))
    assert desk.calls == {}
    assert desk.on(request()) == [Settle(CALL, DONE)]


def test_an_answer_while_the_turn_sleeps_wakes_it_and_then_the_call_is_claimed() -> None:
    desk = shown_dozed()
    assert desk.on(ALLOW)[-1] == Wake()
    assert kinds(desk.on(request())) == ["Claim"]


def test_the_arguments_that_the_person_edited_outlive_a_restart() -> None:
    edited: JsonObject = {"track": 2}
    desk = restored(request(), Dozed(), Answered(CALL, Choice.ALLOW_ONCE, edited))
    desk.on(PC)
    claim = last_stored(desk.on(request()))
    assert (claim.arguments, claim.is_edited) == (edited, True)


def test_a_server_tool_that_was_claimed_before_the_crash_is_in_doubt_and_does_not_run() -> None:
    effects = restored(backend(), ALLOW).on(backend())
    assert kinds(effects) == ENDS
    assert effects[-1] == Settle(CALL, refusal(IN_DOUBT))
    assert last_stored(effects).state is CallState.IN_DOUBT


def test_a_tabs_tool_that_was_claimed_is_given_the_same_claim_by_its_device_alone() -> None:
    claim = claimed_restored().calls[CALL].claim
    desk = claimed_restored()
    desk.on(PC)
    assert desk.on(request()) == [Run(CALL)]
    desk = claimed_restored_awaited()
    before = desk.calls[CALL].claim
    assert desk.on(PC) == [Run(CALL)]
    assert desk.calls[CALL].claim == before
    assert desk.calls[CALL].is_under_way
    assert desk.on(PC) == []
    assert claim is not None
    assert claimed_restored_awaited().on(PHONE)[-1] == Settle(CALL, refusal(IN_DOUBT))
    desk = claimed_restored()
    desk.on(PHONE)
    assert desk.on(request())[-1] == Settle(CALL, refusal(IN_DOUBT))


def test_an_approval_without_a_tab_is_claimed_by_the_first_that_comes() -> None:
    claim = last_stored(approved_without_a_tab().on(PHONE))
    assert (claim.device, claim.epoch) == ("phone", 2)


def test_what_was_approved_ends_if_the_device_lacks_it_by_then() -> None:
    effects = approved_dozed().on(request(is_offered=False))
    assert effects[-1] == Settle(CALL, refusal("This device does not offer the tool change_bgm."))
    assert last_stored(effects).state is CallState.CANCELLED


def test_another_device_that_has_the_tool_runs_what_the_one_before_lacked() -> None:
    desk = at_the_desk(*[request(ToolCallId(str(n)), is_offered=False) for n in range(2)], request(is_offered=False))
    for event in (Dozed(), PHONE, request()):
        desk.on(event)
    assert kinds(desk.on(ALLOW)) == ALLOWS


def test_a_denied_tool_that_was_asked_about_does_not_run_after_a_restart_either() -> None:
    def desk_of(*events: DeskEvent) -> Desk:
        desk = Desk(message_id=TURN, policy=Policy({"change_bgm": Rule.DENY}), device="pc")
        for event in events:
            desk.on(event)
        return desk

    before = desk_of(request(ToolCallId("a")), request(ToolCallId("b")), request())
    assert before.calls[CALL].state is CallState.SHOWN
    desk = desk_of()
    desk.restore(TURN, before.shown)
    ended = desk.on(ALLOW)
    assert ended[-1] == Wake()
    assert last_stored(ended).state is CallState.DENIED
    assert kinds(desk.on(request())) == ["Settle"]
    desk = desk_of()
    desk.restore(TURN, before.shown)
    desk.on(request())
    assert kinds(desk.on(ALLOW)) == ENDS


@pytest.mark.parametrize(
    "other",
    [
        replace(request(), occurrence=2),
        replace(request(), spec=get_location.SPEC),
        replace(request(), arguments={"track": 2}),
    ],
    ids=["a later one", "another tool", "other arguments"],
)
def test_another_call_under_the_id_of_an_approved_one_is_refused_and_leaves_it(other: Requested) -> None:
    desk = approved_dozed()
    assert desk.on(other) == [Settle(CALL, refusal(SAME_ID))]
    assert kinds(desk.on(request())) == ["Claim"]


def test_a_restored_turn_counts_what_it_asked_for() -> None:
    first, second = (
        last_stored(at_the_desk().on(Requested(ToolCallId(str(n)), CALCULATE, ARGUMENTS))) for n in range(2)
    )
    desk = Desk(device="pc")
    desk.restore(TURN, [first, second])
    assert isinstance(desk.on(Requested(CALL, CALCULATE, ARGUMENTS))[-1], Ask)


def test_a_new_turn_finds_nothing_of_the_one_before() -> None:
    desk = settled()
    desk.on(Requested(OTHER, CALCULATE, ARGUMENTS))
    desk.on(Finished(OTHER, DONE, failed=False))
    desk.begin(MessageId("next"))
    assert (desk.settled, desk.doom_loop.counts, desk.message_id) == ({}, {}, "next")
    assert kinds(desk.on(request())) == ["Tell", "Keep", "Ask"]


def test_of_one_id_each_call_has_its_own_result() -> None:
    desk = settled()
    again = replace(request(), occurrence=2)
    desk.on(again)
    desk.on(Answered(CALL, Choice.REJECT_ONCE))
    assert desk.on(request()) == [Settle(CALL, DONE)]
    assert desk.on(again) == [Settle(CALL, refusal("The user declined to run change_bgm."))]
