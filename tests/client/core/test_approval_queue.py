"""Which question is shown, and when an answer counts."""

from __future__ import annotations

from client.core.approval_queue import ARMING_SECONDS, AnswerTo, ApprovalQueue
from shared.frames import ApprovalAsked, Choice
from shared.ids import SessionId, ToolCallId


def question(call: str, choices: tuple[Choice, ...] = tuple(Choice)) -> ApprovalAsked:
    return ApprovalAsked(SessionId("s"), ToolCallId(call), "t", "T", "other", {}, "h", "risk", 60.0, choices)


def queue(*calls: str) -> ApprovalQueue:
    made = ApprovalQueue()
    for call in calls:
        made.ask(question(call), 0.0)
    return made


def test_an_answer_counts_only_after_the_question_has_been_painted_long_enough() -> None:
    asked = queue("a")
    assert asked.answer(Choice.ALLOW_ONCE, 100.0) is None, "never painted"
    asked.painted(ToolCallId("a"), 100.0)
    assert asked.answer(Choice.ALLOW_ONCE, 100.0 + ARMING_SECONDS - 0.01) is None
    assert asked.answer(Choice.ALLOW_ONCE, 100.0 + ARMING_SECONDS) == AnswerTo(
        ToolCallId("a"), Choice.ALLOW_ONCE, approval=question("a")
    )
    assert asked.shown is None


def test_the_next_question_must_be_seen_anew() -> None:
    asked = queue("a", "b")
    asked.painted(ToolCallId("a"), 0.0)
    assert asked.answer(Choice.ALLOW_ONCE, 1.0) is not None
    assert asked.answer(Choice.ALLOW_ONCE, 2.0) is None
    asked.painted(ToolCallId("b"), 2.0)
    assert asked.answer(Choice.ALLOW_ONCE, 2.5) == AnswerTo(ToolCallId("b"), Choice.ALLOW_ONCE, approval=question("b"))


def test_painting_another_question_does_not_arm_the_one_shown() -> None:
    asked = queue("a", "b")
    asked.painted(ToolCallId("b"), 0.0)
    assert not asked.is_armed(9.0)


def test_a_question_that_comes_does_not_push_away_the_one_shown() -> None:
    asked = queue("a", "b", "c")
    assert asked.shown is not None
    assert asked.shown.approval.call_id == "a"


def test_withdrawing_an_earlier_question_keeps_the_one_shown_and_its_arming() -> None:
    asked = queue("a", "b", "c")
    asked.move(1)
    asked.painted(ToolCallId("b"), 0.0)
    assert asked.drop(ToolCallId("a")) is not None
    assert asked.shown is not None
    assert asked.shown.approval.call_id == "b"
    assert asked.is_armed(1.0)


def test_withdrawing_the_question_shown_disarms() -> None:
    asked = queue("a", "b")
    asked.painted(ToolCallId("a"), 0.0)
    asked.drop(ToolCallId("a"))
    assert asked.shown is not None
    assert asked.shown.approval.call_id == "b"
    assert not asked.is_armed(9.0)


def test_withdrawing_the_last_question_while_it_is_shown_shows_the_one_before() -> None:
    asked = queue("a", "b")
    asked.move(-1)
    asked.drop(ToolCallId("b"))
    assert asked.shown is not None
    assert asked.shown.approval.call_id == "a"


def test_a_choice_that_is_not_offered_does_not_count() -> None:
    asked = ApprovalQueue()
    asked.ask(question("a", (Choice.ALLOW_ONCE, Choice.REJECT_ONCE)), 0.0)
    asked.painted(ToolCallId("a"), 0.0)
    assert asked.answer(Choice.ALLOW_TOOL, 1.0) is None
    assert asked.shown is not None


def test_a_question_asked_again_takes_its_place_and_is_seen_anew() -> None:
    asked = queue("a", "b")
    asked.painted(ToolCallId("a"), 0.0)
    asked.ask(question("a"), 5.0)
    assert len(asked.waiting) == 2
    assert not asked.is_armed(9.0)


def test_withdrawing_what_does_not_wait_changes_nothing() -> None:
    asked = queue("a")
    assert asked.drop(ToolCallId("z")) is None
    assert len(asked.waiting) == 1


def test_age_and_time_left_never_go_below_zero() -> None:
    waiting = queue("a").waiting[0]
    assert (waiting.age(-1.0), waiting.left(1000.0), waiting.left(10.0)) == (0.0, 0.0, 50.0)
