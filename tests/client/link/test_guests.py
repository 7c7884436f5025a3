"""Questions sent here from another device: let in, run only if they were allowed here, and never mixed up."""

from __future__ import annotations

from client.core.approval_queue import AnswerTo
from client.link.acp_answers import permission
from client.link.guests import Guests
from shared.acp_names import META_ARGUMENTS, META_ASK_DEVICE, META_REASON
from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Choice, ToolCalled
from shared.ids import ClaimId, ConnectionSignature, SessionId, ToolCallId

CALL = ToolCallId("call-1")
ASKED = ApprovalAsked(SessionId("far"), CALL, "t", "T", "other", {}, "h", "risk", 60.0, asked_by="PC")
CALLED = ToolCalled(SessionId("far"), CALL, "t", {}, ClaimId("c"))


def test_a_guests_call_has_an_id_that_no_call_of_this_tab_has() -> None:
    assert Guests().asked(ASKED).call_id != CALL


def test_a_call_runs_only_after_its_question_was_allowed_here_and_may_be_sent_again() -> None:
    guests = Guests()
    guest = guests.asked(ASKED)
    assert guests.admit(CALLED) is None
    guests.answered(ASKED, ApprovalAnswered(guest.call_id, Choice.REJECT_ONCE))
    assert guests.admit(CALLED) is None
    guests.answered(ASKED, None)
    assert guests.admit(CALLED) is None
    guests.answered(ASKED, ApprovalAnswered(guest.call_id, Choice.ALLOW_ONCE))
    for _ in range(2):
        admitted = guests.admit(CALLED)
        assert admitted is not None
        assert admitted.call_id == guest.call_id
    assert guests.admit(ToolCalled(SessionId("other"), CALL, "t", {}, ClaimId("c"))) is None


def test_a_withdrawal_finds_its_question_and_no_other() -> None:
    guests = Guests()
    guest = guests.asked(ASKED)
    found = guests.withdrawn(ApprovalWithdrawn(SessionId("far"), CALL, "why"))
    assert found is not None
    assert found.call_id == guest.call_id
    assert guests.withdrawn(ApprovalWithdrawn(SessionId("near"), CALL, "why")) is None


IDS = {Choice.ALLOW_ONCE: "yes", Choice.REJECT_ONCE: "no"}


def told(answer: ApprovalAnswered | None) -> object:
    return permission(answer, IDS).model_dump(by_alias=True, exclude_none=True)


def test_an_answer_travels_with_its_reason_and_its_arguments() -> None:
    assert told(ApprovalAnswered(CALL, Choice.REJECT_ONCE, reason="too late")) == {
        "outcome": {"outcome": "selected", "optionId": "no"},
        "_meta": {META_REASON: "too late"},
    }
    assert told(ApprovalAnswered(CALL, Choice.ALLOW_ONCE, {"x": 1})) == {
        "outcome": {"outcome": "selected", "optionId": "yes"},
        "_meta": {META_ARGUMENTS: {"x": 1}},
    }
    assert told(ApprovalAnswered(CALL, Choice.ALLOW_ONCE)) == {"outcome": {"outcome": "selected", "optionId": "yes"}}


def test_asking_elsewhere_is_never_a_yes() -> None:
    answer = AnswerTo(CALL, Choice.ALLOW_ONCE, device=ConnectionSignature("phone"), approval=ASKED)
    assert told(answer) == {"outcome": {"outcome": "cancelled"}, "_meta": {META_ASK_DEVICE: "phone"}}
    assert told(None) == {"outcome": {"outcome": "cancelled"}}
