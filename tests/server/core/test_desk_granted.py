"""What runs unasked, at the desk: by a grant or a rule, for the device and the arguments at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from server.core.canonical import arguments_hash
from server.core.decision import CHOSEN, Decided, Decision, Whereabouts
from server.core.desk import Desk
from server.core.desk_call import EXACTLY
from server.core.desk_events import (
    Abandoned,
    Answered,
    Ask,
    DeskEffect,
    DeskEvent,
    Dozed,
    Expired,
    Keep,
    Requested,
    Seated,
    Unsent,
)
from server.core.grant import Asked
from server.core.identity import identity_named
from server.core.policy import Policy, PolicyAnswers
from server.core.policy_rules import PolicyRule, Rule
from server.core.tool_call import CallState
from shared.frames import Choice
from shared.ids import ToolCallId
from shared.tool_spec import ToolSpec
from tests.server.core.desk_for_tests import (
    ALLOW,
    ARGUMENTS,
    CALL,
    NOBODY,
    TURN,
    at_the_desk,
    backend,
    kinds,
    last_stored,
    request,
)

ADA = identity_named("default", "ada")
PC = Seated("pc", 2, "PC", "connection-1")
PHONE = Seated("phone", 3, "iPhone", "connection-2")
HERE, THERE = Whereabouts("pc", "PC", "connection-1"), Whereabouts("phone", "iPhone", "connection-2")
GRANTED = replace(request(), is_granted=True)
COMMAND = ToolSpec("run_command", "Run", "Run", {"type": "object"})


def decided(effects: list[DeskEffect]) -> list[Decided]:
    return [effect.decided for effect in effects if isinstance(effect, Keep) and effect.decided is not None]


def desk_of(*rules: PolicyRule, at: Seated = PC) -> Desk:
    desk = Desk(message_id=TURN, policy=Policy(file=rules))
    desk.on(at)
    return desk


# --- grants ---------------------------------------------------------------------------------------------------


def test_a_grant_is_looked_for_on_the_device_at_hand_and_by_the_arguments_hash() -> None:
    assert desk_of().may_be_granted(request(), ADA, "/work") == Asked(
        ADA, "pc", "/work", "change_bgm", arguments_hash(ARGUMENTS)
    )


@pytest.mark.parametrize(
    "desk",
    [
        desk_of(at=NOBODY),
        desk_of(PolicyRule("*", Rule.DENY)),
        desk_of(PolicyRule("change_bgm", Rule.ALLOW)),
        Desk(device="pc", policy=Policy(answers=PolicyAnswers(rejected_tools={"change_bgm"}))),
        Desk(device="pc", policy=Policy(answers=PolicyAnswers(allowed_tools={"change_bgm"}))),
    ],
    ids=["nobody there", "denied", "allowed", "rejected", "the tool allowed"],
)
def test_where_a_grant_cannot_matter_none_is_looked_for(desk: Desk) -> None:
    assert desk.may_be_granted(request(), ADA, "/work") is None


def test_where_the_working_folder_is_not_known_no_grant_is_looked_for() -> None:
    assert desk_of().may_be_granted(request(), ADA, "") is None


@pytest.mark.parametrize("asked", [GRANTED, replace(backend(), is_granted=True)], ids=["in the tab", "in the server"])
def test_what_is_granted_runs_at_once_and_that_is_written_down(asked: Requested) -> None:
    effects = desk_of().on(asked)
    assert kinds(effects) == ["Tell", "Keep", "Claim"]
    assert decided(effects) == [Decided(Decision.BY_GRANT, HERE)]


def test_what_was_granted_and_sent_nowhere_is_asked_about_whoever_comes() -> None:
    for comes in (PC, PHONE):
        desk = desk_of()
        desk.on(GRANTED)
        desk.on(NOBODY)
        assert kinds(desk.on(Unsent(CALL))) == ["Keep"]
        effects = desk.on(replace(comes, epoch=4))
        assert kinds(effects) == ["Keep", "Ask"], "it may have been taken back, or is another device's"
        assert last_stored(effects).state is CallState.SHOWN
        assert last_stored(effects).deadline is not None


@pytest.mark.parametrize(("is_granted", "follows"), [(True, ["Keep", "Claim"]), (False, ["Keep", "Ask"])])
def test_after_a_restart_a_grant_counts_if_it_is_still_there(is_granted: bool, follows: list[str]) -> None:
    before = desk_of()
    record = next(effect.call for effect in before.on(GRANTED) if isinstance(effect, Keep))
    assert record.state is CallState.APPROVED
    desk = desk_of()
    desk.restore(TURN, [record])
    assert kinds(desk.on(replace(request(), is_granted=is_granted))) == follows


# --- tools that are allowed only exactly ----------------------------------------------------------------------


def test_a_command_offers_no_yes_for_the_tool_and_such_an_answer_is_none() -> None:
    desk = desk_of()
    ask = desk.on(Requested(CALL, COMMAND, {"command": "ls"}, is_frontend=True))[-1]
    assert isinstance(ask, Ask)
    assert ask.call.choices == EXACTLY
    assert Choice.ALLOW_TOOL not in EXACTLY
    assert len(EXACTLY) == len(Choice) - 1
    effects = desk.on(Answered(CALL, Choice.ALLOW_TOOL))
    assert last_stored(effects).state is CallState.CANCELLED
    assert desk.policy.answers == PolicyAnswers()


def test_a_command_that_an_older_server_asked_about_takes_no_yes_for_the_tool_either() -> None:
    before = desk_of()
    ask = before.on(Requested(CALL, COMMAND, {}, is_frontend=True))[-1]
    assert isinstance(ask, Ask)
    desk = desk_of()
    desk.restore(TURN, [replace(ask.call, choices=tuple(Choice))])
    assert last_stored(desk.on(Answered(CALL, Choice.ALLOW_TOOL))).state is CallState.CANCELLED


# --- rules for a device, and for what would run ---------------------------------------------------------------

ON_PC = PolicyRule("change_bgm", Rule.ALLOW, device="PC")
NOT_ON_PHONE = PolicyRule("change_bgm", Rule.DENY, device="iPhone")


def test_what_a_rule_allowed_on_one_device_is_asked_about_on_another() -> None:
    desk = desk_of(ON_PC)
    desk.on(request())
    desk.on(NOBODY)
    desk.on(Unsent(CALL))
    assert kinds(desk.on(PHONE)) == ["Keep", "Ask"]


def test_what_a_rule_allowed_and_was_sent_nowhere_runs_on_the_device_that_comes_back() -> None:
    desk = desk_of(ON_PC)
    desk.on(request())
    desk.on(NOBODY)
    desk.on(Unsent(CALL))
    effects = desk.on(replace(PC, epoch=4))
    assert kinds(effects) == ["Keep", "Claim"]
    assert decided(effects) == [Decided(Decision.BY_POLICY, HERE)], "decided anew, and written down anew"


@pytest.mark.parametrize("asked", [request(), GRANTED])
def test_what_a_rule_denies_on_the_device_that_comes_ends(asked: Requested) -> None:
    desk = desk_of(ON_PC, NOT_ON_PHONE)
    desk.on(asked)
    desk.on(NOBODY)
    desk.on(Unsent(CALL))
    assert last_stored(desk.on(PHONE)).state is CallState.CANCELLED


def test_a_yes_on_a_device_where_a_rule_denies_it_lets_nothing_run() -> None:
    desk = desk_of(NOT_ON_PHONE)
    desk.on(request())
    effects = desk.on(Answered(CALL, Choice.ALLOW_EXACT, device="phone", label="iPhone", signature="connection-2"))
    assert last_stored(effects).state is CallState.DENIED
    assert decided(effects) == [Decided(Decision.DENIED_BY_POLICY, THERE)], "and no grant"


def test_arguments_that_a_rule_denies_do_not_run_if_the_person_wants_them() -> None:
    anything = replace(request(), spec=replace(request().spec, input_schema={"type": "object"}))
    desk = desk_of(PolicyRule("change_bgm", Rule.DENY, {"track": "loud*"}))
    desk.on(anything)
    effects = desk.on(Answered(CALL, Choice.ALLOW_ONCE, {"track": "louder"}))
    assert last_stored(effects).state is CallState.DENIED
    assert decided(effects) == [Decided(Decision.DENIED_BY_POLICY, HERE)]


# --- what is written down -------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", Choice)
def test_each_answer_is_written_down_with_where_it_was_given(choice: Choice) -> None:
    desk = desk_of()
    desk.on(request())
    assert decided(desk.on(Answered(CALL, choice))) == [Decided(CHOSEN[choice], HERE)]
    desk = desk_of()
    desk.on(request())
    there = Answered(CALL, choice, device="phone", label="iPhone", signature="connection-2")
    assert decided(desk.on(there)) == [Decided(CHOSEN[choice], THERE)]


@pytest.mark.parametrize(
    ("event", "decision"),
    [
        (Answered(CALL, None), Decision.CANCELLED),
        (Answered(CALL, Choice.ALLOW_EXACT, {"track": "two"}), Decision.UNFIT),
        (Expired(CALL), Decision.EXPIRED),
        (Abandoned("The turn is cancelled."), Decision.CANCELLED),
    ],
)
def test_each_other_end_of_a_question_is_written_down(event: DeskEvent, decision: Decision) -> None:
    desk = desk_of()
    desk.on(request())
    assert decided(desk.on(event)) == [Decided(decision, HERE)]


@pytest.mark.parametrize(
    ("desk", "asked", "decision"),
    [
        (lambda: desk_of(ON_PC), request(), Decision.BY_POLICY),
        (lambda: desk_of(PolicyRule("*", Rule.DENY)), request(), Decision.DENIED_BY_POLICY),
        (desk_of, request(is_offered=False), Decision.NOT_OFFERED),
        (lambda: desk_of(PolicyRule("*", Rule.DENY)), request(is_offered=False), Decision.NOT_OFFERED),
    ],
)
def test_what_is_decided_without_a_question_is_written_down(
    desk: Callable[[], Desk], asked: Requested, decision: Decision
) -> None:
    assert decided(desk().on(asked)) == [Decided(decision, HERE)]


def test_what_was_said_before_is_written_down_as_that() -> None:
    for choice, decision in (
        (Choice.ALLOW_TOOL, Decision.ALLOWED_BEFORE),
        (Choice.REJECT_TOOL, Decision.REJECTED_BEFORE),
    ):
        desk = desk_of()
        desk.on(request())
        desk.on(Answered(CALL, choice))
        again = replace(request(), call_id=ToolCallId("again"))
        assert decided(desk.on(again)) == [Decided(decision, HERE)]


def test_a_question_alone_and_a_result_decide_nothing() -> None:
    desk = desk_of()
    assert decided(desk.on(request())) == []
    assert decided(desk.on(Dozed())) == []
    desk = at_the_desk(request(), ALLOW)
    assert decided(desk.on(Abandoned("The tab is gone."))) == [], "it may have run"
