"""What happens to the tool calls on a desk, and what follows from it: the words of :class:`server.core.desk.Desk`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from server.core.decision import Decided
from server.core.records import CallRecord
from shared.frames import Choice, ToolChanged, ToolStarted
from shared.ids import ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

# --- events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Requested:
    """The model asks for a tool; ``is_offered`` is false for a frontend tool that the tab does not have.

    ``occurrence`` counts the calls of this id in the turn, from 1: models may repeat their ids. ``is_frontend``: the
    tool runs in the tab. ``is_granted``: a grant of the person's covers it, on the device that holds the conversation.
    """

    call_id: ToolCallId
    spec: ToolSpec
    arguments: JsonObject
    is_offered: bool = True
    occurrence: int = 1
    is_frontend: bool = False
    is_granted: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The person answered; ``choice`` is ``None`` when the question was closed without an answer.

    ``arguments`` are there when the person changed them; ``reason`` is for the model.
    ``device`` is the id of the device that was asked, and is to run the tool, in place of the one that holds the
    conversation; ``label`` and ``signature`` are that one's.
    """

    call_id: ToolCallId
    choice: Choice | None
    arguments: JsonObject | None = None
    reason: str = ""
    device: str = ""
    label: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Expired:
    """Nobody answered in time."""

    call_id: ToolCallId


@dataclass(frozen=True, slots=True)
class Finished:
    """The tool ran and gave ``result``; ``failed`` when it says that it could not do its work."""

    call_id: ToolCallId
    result: JsonObject
    failed: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """The call could not be claimed, and nobody knows why: somebody else was first."""

    call_id: ToolCallId


@dataclass(frozen=True, slots=True)
class Unsent:
    """What was to run was sent nowhere: its device was gone before that. :class:`Seated` follows."""

    call_id: ToolCallId


@dataclass(frozen=True, slots=True)
class Seated:
    """Another connection holds the conversation, or none does: ``device`` is its device's id, empty for none.

    ``label`` is what that device, or the last one, is called; ``signature`` is the connection's.
    """

    device: str
    epoch: int
    label: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Dozed:
    """The turn was stopped: nobody waits at the gate until it goes on."""


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The turn is cancelled or over: open calls end. ``reason`` is a sentence."""

    reason: str


DeskEvent: TypeAlias = Requested | Answered | Expired | Finished | Missed | Unsent | Seated | Dozed | Abandoned

# --- effects ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tell:
    """Send this update to the tab."""

    update: ToolStarted | ToolChanged


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the person in the tab about this call; its ``risk`` is the sentence that they are told."""

    call: CallRecord


@dataclass(frozen=True, slots=True)
class Keep:
    """Store the call as it is now, before anything that follows is told or done.

    With ``decided``, in the same commit, what was decided about it, and the grant if that was one.
    """

    call: CallRecord
    decided: Decided | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Store that the call is claimed, if nobody else did before and the lease still holds; or else: :class:`Missed`.

    Once it is stored, the call runs; unless its device is gone: :class:`Unsent`.
    """

    call: CallRecord


@dataclass(frozen=True, slots=True)
class Run:
    """The call is claimed and that is stored: let it run."""

    call_id: ToolCallId


@dataclass(frozen=True, slots=True)
class Settle:
    """The call does not run, or ran before: the model gets ``result`` in the tool's stead."""

    call_id: ToolCallId
    result: JsonObject


@dataclass(frozen=True, slots=True)
class Wake:
    """Nobody waits at the gate for what was decided: the turn is to go on."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take the question back from the tab; ``reason`` is a sentence for the person."""

    call_id: ToolCallId
    reason: str


@dataclass(frozen=True, slots=True)
class StopTurn:
    """The agent goes in circles, and nobody said that it should go on: end the turn."""


DeskEffect: TypeAlias = Tell | Ask | Keep | Claim | Run | Settle | Wake | Withdraw | StopTurn
