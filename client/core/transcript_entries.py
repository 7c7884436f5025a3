"""What stands in a transcript, one frozen dataclass per kind of entry, and what can happen to one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from shared.frames import ModelInfo
from shared.ids import ToolCallId
from shared.json_types import JsonObject


class Delivery(Enum):
    """Whether a message of the person reached the agent; the value is what the screen says beside it."""

    WAITING = "waiting"
    TAKEN = ""
    DROPPED = "not sent to the agent"


class CallState(Enum):
    """Where a tool call is; the value is what the screen says."""

    PENDING = "asked for"
    ASKING = "waits for you"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to the call."""
        return self in {CallState.DONE, CallState.FAILED, CallState.REJECTED}


class Tone(Enum):
    """How a note is meant."""

    INFO = "info"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the person."""

    key: str
    text: str
    delivery: Delivery = Delivery.WAITING


@dataclass(frozen=True, slots=True)
class Answer:
    """A stretch of the agent's answer, in Markdown; it grows until it is finished."""

    key: str
    text: str
    is_finished: bool = False


@dataclass(frozen=True, slots=True)
class Thought:
    """A stretch of the agent's thinking; it grows until it is finished."""

    key: str
    text: str
    is_finished: bool = False


@dataclass(frozen=True, slots=True)
class ToolCard:
    """One tool call. ``decision`` is a sentence: who decided what, when, on which device."""

    key: str
    call_id: ToolCallId
    name: str
    title: str
    arguments: JsonObject
    state: CallState = CallState.PENDING
    result: JsonObject | None = None
    decision: str | None = None
    runs_here: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of the program itself."""

    key: str
    text: str
    tone: Tone = Tone.INFO


Entry: TypeAlias = Said | Answer | Thought | ToolCard | Note


@dataclass(frozen=True, slots=True)
class Added:
    """A new entry stands before the entry of key ``before``, or at the end."""

    entry: Entry
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """The entry of that key is now this one."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Extended:
    """The answer or thought of that key grew by ``text``."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The entry of that key stands there no longer."""

    key: str


Change: TypeAlias = Added | Changed | Extended | Removed
Changes: TypeAlias = list[Change]


def is_waiting(entry: Entry) -> bool:
    """Whether it is a message that the server has not acknowledged."""
    return isinstance(entry, Said) and entry.delivery is Delivery.WAITING


def model_name(model: ModelInfo) -> str:
    """What the screen calls the model that answers; a scripted one is always called so."""
    if not model.scripted or "scripted" in model.label.casefold():
        return model.label
    return f"{model.label} (scripted)"
