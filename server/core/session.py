"""One conversation's turns: one at a time, in the order they were asked for, each update numbered.

::

            prompt                       cancel
    IDLE ───────────► RUNNING ────────────────────────► CANCELLING
     ▲                 │  ▲ prompt: waits in the queue     │
     └──── finished ───┘  └──── finished, queue not empty ─┤
     └──────────────────────────── finished ───────────────┘

Pure: :meth:`Session.on` takes an event and returns effects, in the order they are to be done.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias, assert_never

from shared.frames import Problem, StopReason, TurnEnded, Update, UserSaid
from shared.ids import MessageId

MAX_WAITING = 32
"""How many messages may wait while a turn runs."""


class Phase(Enum):
    """What the conversation is doing."""

    IDLE = auto()
    RUNNING = auto()
    CANCELLING = auto()


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the person, as the session keeps it until its turn ends."""

    message_id: MessageId
    text: str


# --- events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prompted:
    """The person sent a message."""

    said: Said


@dataclass(frozen=True, slots=True)
class Stored:
    """The running turn's message is committed."""


@dataclass(frozen=True, slots=True)
class Yielded:
    """The running turn has something for the tab."""

    update: Update


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """The person wants the running turn, and all that waits behind it, to end."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The running turn is over; ``problem`` when it failed."""

    problem: Problem | None = None


SessionEvent: TypeAlias = Prompted | Stored | Yielded | CancelAsked | Finished

# --- effects ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartTurn:
    """Begin a turn for this message."""

    said: Said


@dataclass(frozen=True, slots=True)
class Send:
    """Send the ``seq``-th update."""

    seq: int
    update: Update


@dataclass(frozen=True, slots=True)
class RefuseBusy:
    """Too many messages wait: this one was not taken."""

    message_id: MessageId


@dataclass(frozen=True, slots=True)
class RefuseRepeat:
    """The message was taken before: it starts nothing."""

    message_id: MessageId


SessionEffect: TypeAlias = StartTurn | Send | RefuseBusy | RefuseRepeat


@dataclass
class Session:
    """The state of one conversation."""

    phase: Phase = Phase.IDLE
    running: Said | None = None
    waiting: deque[Said] = field(default_factory=deque)
    seen: dict[MessageId, None] = field(default_factory=dict)
    seq: int = 0

    def has(self, message_id: MessageId) -> bool:
        """Whether that message runs or waits."""
        is_running = self.running is not None and self.running.message_id == message_id
        return is_running or any(said.message_id == message_id for said in self.waiting)

    def on(self, event: SessionEvent) -> list[SessionEffect]:
        """What follows from ``event``."""
        match event:
            case Prompted(said):
                return self._prompted(said)
            case Stored():
                return (
                    [] if self.running is None else [self._send(UserSaid(self.running.message_id, self.running.text))]
                )
            case Yielded(update):
                return [self._send(update)]
            case CancelAsked():
                return self._cancel()
            case Finished(problem):
                return self._finished(problem)
            case _:
                assert_never(event)

    def _prompted(self, said: Said) -> list[SessionEffect]:
        if said.message_id in self.seen:
            return [RefuseRepeat(said.message_id)]
        if len(self.waiting) >= MAX_WAITING:
            return [RefuseBusy(said.message_id)]
        self.seen[said.message_id] = None
        if self.phase is not Phase.IDLE:
            self.waiting.append(said)
            return []
        return [self._start(said)]

    def _cancel(self) -> list[SessionEffect]:
        if self.phase is not Phase.RUNNING:
            return []
        self.phase = Phase.CANCELLING
        dropped: list[SessionEffect] = [self._send(TurnEnded(said.message_id, "cancelled")) for said in self.waiting]
        self.waiting.clear()
        return dropped

    def _finished(self, problem: Problem | None) -> list[SessionEffect]:
        if self.running is None:
            return []
        reason: StopReason = "cancelled" if self.phase is Phase.CANCELLING else "end_turn"
        effects: list[SessionEffect] = [self._send(TurnEnded(self.running.message_id, reason, problem))]
        self.phase, self.running = Phase.IDLE, None
        if self.waiting:
            effects.append(self._start(self.waiting.popleft()))
        return effects

    def _start(self, said: Said) -> StartTurn:
        self.phase, self.running = Phase.RUNNING, said
        return StartTurn(said)

    def _send(self, update: Update) -> Send:
        self.seq += 1
        return Send(self.seq, update)
