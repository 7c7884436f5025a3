"""What is stored of a conversation's turns and tool calls, so that each goes on after a crash, a sleep or a move."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from server.core.deadline import Deadline
from server.core.lease import Lease
from server.core.tool_call import CallState
from shared.frames import Choice, TurnEnded
from shared.ids import ClaimId, MessageId, ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolKind


class TurnState(StrEnum):
    """Where a turn stands. One that is ``CANCELLING`` ends as cancelled, also when a crash comes in between."""

    WAITING = "waiting"
    RUNNING = "running"
    CANCELLING = "cancelling"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One message of the person and its turn.

    ``seq`` is the number of the update that acknowledged it, 0 before; ``ended`` is there with ``ENDED``.
    """

    message_id: MessageId
    text: str
    state: TurnState = TurnState.WAITING
    seq: int = 0
    ended: TurnEnded | None = None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One tool call of the turn of ``message_id``.

    Models may repeat their ids: ``occurrence`` counts the calls of one id in one turn, from 1. ``device`` is the id of
    the device that it was claimed for, ``epoch`` the lease's then. ``result`` is there once it is settled.
    """

    message_id: MessageId
    call_id: ToolCallId
    name: str
    title: str
    kind: ToolKind
    risk: str
    arguments: JsonObject
    arguments_hash: str
    state: CallState
    occurrence: int = 1
    choices: tuple[Choice, ...] = tuple(Choice)
    deadline: Deadline | None = None
    claim: ClaimId | None = None
    epoch: int = 0
    device: str = ""
    is_edited: bool = False
    result: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a conversation that is not in memory must know of its turns.

    ``seq`` is the number of its last update; ``seen`` are the latest messages' ids, oldest first; ``unfinished`` its
    turns that wait or run, in order; ``calls`` all calls of these.
    """

    seq: int = 0
    seen: tuple[MessageId, ...] = ()
    unfinished: tuple[TurnRecord, ...] = ()
    calls: tuple[CallRecord, ...] = ()
    lease: Lease | None = None
