"""One conversation's turns: one at a time, in the order they were asked for, each update numbered.

::

            kept                         cancel
    IDLE ───────────► RUNNING ────────────────────────► CANCELLING
     ▲                │ ▲ │  ▲ kept: waits in the queue    │  ▲
     │          slept │ │ │  └──── finished, queue not empty ┤  │ cancel
     │                ▼ │ │ woken                             │  │
     │              ASLEEP ────────────────────────────────┼──┘
     └──── finished ──────┘                                │
     └──────────────────────────── finished ───────────────┘

A message is offered first and counts from then on; once it is stored it is kept, and its turn may begin. A turn that
sleeps holds no task: every call it has open waits for a person. One that was stopped by a crash is found asleep; if it
was being cancelled (``is_cancelled``), that is what it goes on with.
Pure: :meth:`Session.on` takes an event and returns effects, in the order they are to be done.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import assert_never

from server.core.session_events import (
    CancelAsked,
    ContinueTurn,
    Finished,
    KeepCancel,
    Kept,
    Lost,
    Offered,
    RefuseBusy,
    RefuseRepeat,
    Said,
    Send,
    SessionEffect,
    SessionEvent,
    Slept,
    StartTurn,
    Woken,
    Yielded,
)
from shared.frames import Problem, StopReason, TurnEnded, Update, UserSaid
from shared.ids import MessageId

MAX_WAITING = 32
"""How many messages may wait while a turn runs."""


class Phase(Enum):
    """What the conversation is doing."""

    IDLE = auto()
    RUNNING = auto()
    ASLEEP = auto()
    CANCELLING = auto()


@dataclass
class Session:
    """The state of one conversation."""

    phase: Phase = Phase.IDLE
    running: Said | None = None
    offered: dict[MessageId, Said] = field(default_factory=dict)
    waiting: deque[Said] = field(default_factory=deque)
    seen: dict[MessageId, None] = field(default_factory=dict)
    seq: int = 0
    is_cancelled: bool = False

    @property
    def is_awake(self) -> bool:
        """Whether something goes on by itself, or is about to."""
        return self.phase in {Phase.RUNNING, Phase.CANCELLING} or bool(self.offered)

    def find(self, message_id: MessageId) -> Said | None:
        """The message of that id, if its turn is still to end."""
        running = () if self.running is None else (self.running,)
        unfinished = (*running, *self.waiting, *self.offered.values())
        return next((said for said in unfinished if said.message_id == message_id), None)

    def on(self, event: SessionEvent) -> list[SessionEffect]:  # noqa: PLR0911  (one return for each kind)
        """What follows from ``event``."""
        match event:
            case Offered(said):
                return self._offered(said)
            case Kept(message_id):
                return self._kept(message_id)
            case Lost(message_id):
                self.offered.pop(message_id)
                self.seen.pop(message_id)
                return []
            case Yielded(update):
                return [self._send(update)]
            case CancelAsked():
                return self._cancel()
            case Finished(problem):
                return self._finished(problem)
            case Slept():
                return self._slept()
            case Woken():
                return self._woken()
            case _:
                assert_never(event)

    def _offered(self, said: Said) -> list[SessionEffect]:
        if said.message_id in self.seen:
            return [RefuseRepeat(said.message_id)]
        if len(self.waiting) + len(self.offered) >= MAX_WAITING + (self.phase is Phase.IDLE):
            return [RefuseBusy(said.message_id)]
        self.seen[said.message_id] = None
        self.offered[said.message_id] = said
        return []

    def _kept(self, message_id: MessageId) -> list[SessionEffect]:
        said = self.offered.pop(message_id)
        # Behind what waits since before a restart, if there is such.
        self.waiting.append(said)
        return self._start_next() if self.phase is Phase.IDLE else []

    def _cancel(self) -> list[SessionEffect]:
        effects: list[SessionEffect] = [self._send(TurnEnded(said.message_id, "cancelled")) for said in self.waiting]
        self.waiting.clear()
        if self.running is None:
            return effects
        if not self.is_cancelled:
            self.is_cancelled = True
            effects.append(KeepCancel(self.running.message_id))
        if self.phase is Phase.ASLEEP:
            # It goes on for as long as it takes to end well.
            return [*effects, *self._go_on()]
        self.phase = Phase.CANCELLING
        return effects

    def _slept(self) -> list[SessionEffect]:
        if self.phase is Phase.CANCELLING and self.running is not None:
            return [ContinueTurn(self.running)]
        if self.phase is Phase.RUNNING:
            self.phase = Phase.ASLEEP
        return []

    def _woken(self) -> list[SessionEffect]:
        if self.phase is Phase.ASLEEP:
            return self._go_on()
        return self._start_next() if self.phase is Phase.IDLE else []

    def _go_on(self) -> list[SessionEffect]:
        assert self.running is not None  # noqa: S101  (what sleeps has begun)
        self.phase = Phase.CANCELLING if self.is_cancelled else Phase.RUNNING
        return [ContinueTurn(self.running)]

    def _finished(self, problem: Problem | None) -> list[SessionEffect]:
        if self.running is None:
            return []
        reason: StopReason = "cancelled" if self.is_cancelled else "end_turn"
        effects: list[SessionEffect] = [self._send(TurnEnded(self.running.message_id, reason, problem))]
        self.phase, self.running, self.is_cancelled = Phase.IDLE, None, False
        return [*effects, *self._start_next()]

    def _start_next(self) -> list[SessionEffect]:
        if not self.waiting:
            return []
        self.phase, self.running = Phase.RUNNING, (said := self.waiting.popleft())
        return [self._send(UserSaid(said.message_id, said.text)), StartTurn(said)]

    def _send(self, update: Update) -> Send:
        self.seq += 1
        return Send(self.seq, update)
