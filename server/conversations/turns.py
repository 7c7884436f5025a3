"""The turns of one conversation: begun, stopped, gone on with and ended, in tasks that nobody else owns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

from server.context import Told
from server.conversations.telling import Telling, told_since
from server.conversations.turn_run import Stretch
from server.core.records import TurnRecord, TurnState
from server.core.remembered import TurnUsage
from server.core.session import Phase, Session
from server.core.session_events import (
    CancelAsked,
    ContinueTurn,
    Finished,
    KeepCancel,
    Kept,
    Lost,
    RefuseBusy,
    RefuseRepeat,
    Said,
    Send,
    SessionEvent,
    Slept,
    StartTurn,
    Woken,
)
from server.core.session_key import SessionKey
from server.ledger import Ledger
from shared.errors import RingbackError, TurnFailedError
from shared.frames import Problem, TurnEnded, Update, UserSaid
from shared.ids import MessageId

CANCELLED = "The user cancelled the turn."
STOPPED = Problem(TurnFailedError.code, "The turn was stopped inside Ringback; the log says more.")


class Calls(Protocol):
    """The open tool calls of the running turn."""

    async def abandon(self, reason: str) -> None:
        """End every open call."""
        ...

    async def quiet(self) -> None:
        """Wait until no tool runs."""
        ...


@dataclass(frozen=True, slots=True)
class Steps:
    """What a turn does on its way: ``begin`` clears the desk for a message, ``run`` answers it until it ends or stops.

    ``doze`` lets the desk know that nobody waits at the gate any more; ``keep`` stores what belongs to the
    conversation, with what was used; ``rest`` is called when something came to its end.
    """

    begin: Callable[[MessageId], None]
    run: Callable[[Said, asyncio.Event, Told | None], Awaitable[Stretch]]
    doze: Callable[[], None]
    keep: Callable[[TurnUsage | None], None]
    rest: Callable[[], None]


class Turns:
    """The shell around a :class:`Session`."""

    def __init__(
        self,
        key: SessionKey,
        session: Session,
        unfinished: Iterable[TurnRecord],
        *,
        ledger: Callable[[], Ledger],
        telling: Telling,
        calls: Calls,
        steps: Steps,
    ) -> None:
        """``unfinished`` are the turns of ``session`` as they are stored."""
        self._key = key
        self._session = session
        self._records = {turn.message_id: turn for turn in unfinished}
        self._ledger = ledger
        self._telling = telling
        self._calls = calls
        self._steps = steps
        self._task: asyncio.Task[None] | None = None
        self._abort = asyncio.Event()
        self._begun: asyncio.Future[None] | None = None
        self._is_dozing = self._is_called = self._is_ending = self._is_released = False

    def on(self, event: SessionEvent) -> None:
        """Do what follows from ``event``."""
        if isinstance(event, Kept):
            # Also for one that is cancelled while it waits: its words are stored again with its end.
            said = self._session.offered[event.message_id]
            self._records[said.message_id] = TurnRecord(said.message_id, said.text)
        for effect in self._session.on(event):
            match effect:
                case StartTurn(said):
                    self._steps.begin(said.message_id)
                    self._start(said, None)
                case ContinueTurn(said):
                    self._start(said, self._records[said.message_id])
                case KeepCancel(message_id):
                    self._put(replace(self._records[message_id], state=TurnState.CANCELLING))
                case Send(seq, update):
                    self._keep(seq, update)
                    self._telling.put(self._ledger(), seq, update)
                case RefuseBusy() | RefuseRepeat():
                    raise AssertionError("only the intake offers messages, and it looks at what comes of it")
                case _:
                    assert_never(effect)
        if isinstance(event, Kept | Lost):
            # It may have been all that went on.
            self._steps.rest()

    async def cancel(self) -> None:
        """End the running turn and drop the messages that wait behind it."""
        self.on(CancelAsked())
        if self._session.phase is Phase.CANCELLING:
            running = self._abort
            await self._calls.abandon(CANCELLED)
            running.set()

    def wake(self) -> None:
        """Go on with what stopped."""
        self._is_called = self._is_dozing
        if not self._is_released:
            self.on(Woken())

    def doze(self) -> None:
        """Stop the running turn: whatever is open waits for a person."""
        if self._task is not None and not self._is_ending and self._session.phase is Phase.RUNNING:
            self._is_dozing = True
            self._steps.doze()
            self._task.cancel()

    async def suspend(self) -> None:
        """Stop the running turn, so that it goes on another time; tools that run come to their end first."""
        while self._task is not None:
            await self._calls.quiet()
            self.doze()
            await asyncio.wait({self._task})

    async def over(self) -> None:
        """Wait until the turn that is being cancelled is over."""
        while self._task is not None and self._session.phase is Phase.CANCELLING:
            await asyncio.wait({self._task})

    def release(self) -> None:
        """Nothing goes on here any more."""
        self._is_released = True

    # --- steps --------------------------------------------------------------------------------------------

    def _keep(self, seq: int, update: Update) -> None:
        match update:
            case UserSaid(message_id, text):
                self._begun = self._put(TurnRecord(message_id, text, TurnState.RUNNING, seq))
            case TurnEnded(message_id):
                record = self._records.pop(message_id, None) or TurnRecord(message_id, "")
                self._ledger().put_turn(self._key, replace(record, state=TurnState.ENDED, ended=update))
            case _:
                pass

    def _put(self, record: TurnRecord) -> asyncio.Future[None]:
        self._records[record.message_id] = record
        return self._ledger().put_turn(self._key, record)

    def _start(self, said: Said, before: TurnRecord | None) -> None:
        self._abort = asyncio.Event()
        if self._session.phase is Phase.CANCELLING:
            self._abort.set()
        self._task = asyncio.create_task(self._run(said, self._abort, before), name=f"turn {said.message_id}")
        self._task.add_done_callback(self._see_it_stopped)

    def _see_it_stopped(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() and self._task is task and not self._is_ending:
            # Before its first step: nothing of it ran, not even what ends it.
            self._is_ending = True
            self._task = asyncio.create_task(self._end(Stretch(is_stopped=True)))

    async def _run(self, said: Said, abort: asyncio.Event, before: TurnRecord | None) -> None:
        stretch = Stretch(is_stopped=True)
        try:
            told = None if before is None else await told_since(self._ledger(), self._key, before.seq)
            if before is None and self._begun is not None:
                # Or else a crash could leave the agent with a message that is begun, and begins it again.
                await asyncio.shield(self._begun)
            stretch = await self._steps.run(said, abort, told)
        except RingbackError as error:
            stretch = Stretch(Problem(TurnFailedError.code, str(error)))
        finally:
            self._is_ending = True
            await self._end(stretch)

    async def _end(self, stretch: Stretch) -> None:
        is_asleep = stretch.is_stopped and self._is_dozing
        if not is_asleep:
            await self._calls.abandon("The turn is over.")
        is_called = self._is_called
        self._is_dozing = self._is_called = self._is_ending = False
        self._task = None
        if is_asleep:
            self.on(Slept())
        else:
            self.on(Finished(STOPPED if stretch.is_stopped else stretch.problem))
        self._steps.keep(stretch.used)
        if is_called:
            self.wake()
        self._steps.rest()
