"""What happens to the tool calls on a desk, and what follows from it: the words of :class:`server.core.desk.Desk`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from shared.frames import Choice, ToolChanged, ToolStarted
from shared.ids import ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

# --- events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Requested:
    """The model asks for a tool; ``is_offered`` is false for a frontend tool that the tab does not have."""

    call_id: ToolCallId
    spec: ToolSpec
    arguments: JsonObject
    is_offered: bool = True


@dataclass(frozen=True, slots=True)
class Answered:
    """The person answered; ``choice`` is ``None`` when the question was closed without an answer."""

    call_id: ToolCallId
    choice: Choice | None


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
class Abandoned:
    """Nobody waits for the open calls any more: the turn was cancelled or the tab is gone. ``reason``: a sentence."""

    reason: str


DeskEvent: TypeAlias = Requested | Answered | Expired | Finished | Abandoned

# --- effects ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tell:
    """Send this update to the tab."""

    update: ToolStarted | ToolChanged


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the person in the tab about this call; ``risk`` is the sentence that they are told."""

    call_id: ToolCallId
    spec: ToolSpec
    arguments: JsonObject
    arguments_hash: str
    risk: str
    choices: tuple[Choice, ...] = tuple(Choice)


@dataclass(frozen=True, slots=True)
class Run:
    """The call is claimed: let it run, now and only once."""

    call_id: ToolCallId


@dataclass(frozen=True, slots=True)
class Settle:
    """The call does not run, or no longer counts: the model gets ``result`` in the tool's stead."""

    call_id: ToolCallId
    result: JsonObject


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take the question back from the tab; ``reason`` is a sentence for the person."""

    call_id: ToolCallId
    reason: str


@dataclass(frozen=True, slots=True)
class StopTurn:
    """The agent goes in circles, and nobody said that it should go on: end the turn."""


DeskEffect: TypeAlias = Tell | Ask | Run | Settle | Withdraw | StopTurn
