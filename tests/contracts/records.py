"""Records for the ledger's contract, with every field told from its default."""

from __future__ import annotations

from server.core.deadline import Deadline, Moment
from server.core.identity import identity_named
from server.core.lease import Lease
from server.core.records import CallRecord, TurnRecord, TurnState
from server.core.session_key import SessionKey
from server.core.tool_call import CallState
from shared.frames import Choice, Device, Problem, TurnEnded
from shared.ids import ClaimId, ConnectionSignature, MessageId, SessionId, ToolCallId

HARD = "\0 \ud800 é 😀 % %0000 \" '"
ADA = identity_named("default", "ada")
TALK = SessionKey(ADA, SessionId("session_ada_1"))
OTHER_TALK = SessionKey(ADA, SessionId("session_ada_2"))
STRANGERS = (
    SessionKey(identity_named("acme", "ada"), TALK.session_id),
    SessionKey(identity_named("default", "bob"), TALK.session_id),
)
ONE = MessageId("one")
BOOT = "boot-1"


def waiting(name: str = "one") -> TurnRecord:
    return TurnRecord(MessageId(name), f"text of {name}")


def running(name: str = "one") -> TurnRecord:
    return TurnRecord(MessageId(name), f"text of {name}", TurnState.RUNNING, 3)


def ended(name: str = "one") -> TurnRecord:
    message_id = MessageId(name)
    return TurnRecord(message_id, "text", TurnState.ENDED, 3, TurnEnded(message_id, "refusal", Problem(-32000, HARD)))


def call(
    state: CallState,
    name: str = "call",
    *,
    message_id: MessageId = ONE,
    deadline: Deadline | None = None,
    epoch: int = 0,
    claim: str | None = None,
) -> CallRecord:
    return CallRecord(
        message_id=message_id,
        call_id=ToolCallId(name),
        name="write_file",
        title="Write a file",
        kind="edit",
        risk="Writes a file",
        arguments={"path": HARD},
        arguments_hash="hash",
        state=state,
        deadline=deadline,
        epoch=epoch,
        claim=None if claim is None else ClaimId(claim),
    )


FULL_CALL = CallRecord(
    message_id=MessageId("m" * 128 + HARD),
    call_id=ToolCallId("c" * 500 + HARD),
    name=HARD,
    title=HARD,
    kind="edit",
    risk=HARD,
    arguments={HARD: [1, 1.0, True, None, 2**70, {"": HARD}]},
    arguments_hash="hash",
    state=CallState.DONE,
    occurrence=3,
    choices=(Choice.ALLOW_ONCE, Choice.REJECT_ONCE),
    deadline=Deadline(Moment(BOOT, 1.1), 0.3),
    claim=ClaimId(HARD),
    epoch=2**40,
    device=HARD,
    is_edited=True,
    result={"success": True, HARD: HARD},
)


def lease(epoch: int) -> Lease:
    return Lease(epoch, ConnectionSignature(f"connection-{epoch}"), Device("pc", HARD, "pc"), f"hash-{epoch}")


def overdue_at(since: float, lasts: float) -> Deadline:
    return Deadline(Moment(BOOT, since), lasts)
