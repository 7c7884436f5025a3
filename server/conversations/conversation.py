"""One conversation's shell: its desk, its turns and the tab that holds it, around the session context."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import assert_never

from server.context import SessionContext, TurnContext, bound
from server.conversations.holder import Calls, Holder, hold
from server.conversations.keeping import Keeping
from server.conversations.remembering import snapshot
from server.conversations.services import Services
from server.core.desk import Desk
from server.core.policy import Policy, PolicyAnswers
from server.core.remembered import Remembered
from server.core.session import (
    CancelAsked,
    Finished,
    Phase,
    Prompted,
    RefuseBusy,
    RefuseRepeat,
    Said,
    Send,
    Session,
    SessionEvent,
    StartTurn,
    Stored,
    Yielded,
)
from server.metrics.stopwatch import Stopwatch
from server.tabs.outbox import Outbox
from server.tabs.tab import Tab
from shared.errors import (
    BadRequestError,
    LinkLostError,
    ProtocolError,
    RingbackError,
    SessionBusyError,
    TurnFailedError,
)
from shared.frames import CommandsOffered, Problem, TodosChanged, TurnEnded, Update
from shared.ids import MessageId
from shared.todos import Todo

logger = logging.getLogger(__name__)

FLUSH_TIME = 1.0
"""How long the end of a conversation waits for a slow tab to read on, in seconds."""


class Conversation:
    """The shell around a :class:`Session`. Its turns live in tasks that it owns, never in a socket's handler."""

    def __init__(
        self,
        context: SessionContext,
        services: Services,
        kept: Remembered | None = None,
        *,
        on_rest: Callable[[Conversation], None],
    ) -> None:
        """``kept`` is what was stored of it; ``on_rest`` is called whenever a turn is over and none waits."""
        self.context = context
        self._services = services
        self._on_rest = on_rest
        self._session = Session() if kept is None else Session(seq=kept.seq, seen=dict.fromkeys(kept.seen))
        answers = PolicyAnswers() if kept is None else kept.answers
        self._desk = Desk(policy=Policy(answers=answers), doom_loop=context.doom_loop)
        self._outbox = Outbox()
        self._holder: Holder | None = None
        self._keeping = Keeping(context, services)
        self._ends: dict[MessageId, asyncio.Future[TurnEnded]] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._abort = asyncio.Event()

    @property
    def is_running(self) -> bool:
        """Whether a turn runs or waits."""
        return self._session.phase is not Phase.IDLE

    def may_sleep(self) -> bool:
        """Whether it can be let go of and come back as it was. One that was never used is not worth it."""
        return not self.is_running and self._outbox.is_empty and (bool(self._session.seen) or self._holder is None)

    def attach(self, tab: Tab) -> None:
        """Let ``tab`` hold the conversation; the tab that holds it already changes nothing."""
        if self._holder is not None and self._holder.tab.signature == tab.signature:
            return
        calls = Calls(self._desk, self._outbox, self._emit, self._stop)
        self._holder = hold(tab, self.context, calls, self._services)

    async def prompt(self, said: Said) -> TurnEnded:
        """Take a message and wait until its turn is over. Cancelling the caller does not cancel the turn.

        Raises:
            BadRequestError: if a message of this id was taken before.
            SessionBusyError: if too many messages wait already.
        """
        self._on(Prompted(said))
        # Only now: a repeat that is refused must not take the place of the message that it repeats.
        end = self._ends[said.message_id] = asyncio.get_running_loop().create_future()
        self.context.update_activity()
        return await asyncio.shield(end)

    async def cancel(self) -> None:
        """End the running turn and drop the messages that wait behind it."""
        running = self._abort
        self._on(CancelAsked())
        if self._session.phase is Phase.CANCELLING:
            await self._abandon("The user cancelled the turn.")
            running.set()

    async def greet(self) -> None:
        """Tell the tab which commands the agent understands, and what it means to do."""
        self._emit(CommandsOffered(self._services.agent.commands))
        if self.context.todos:
            self._emit(TodosChanged(self.context.todos))
        await self._outbox.flush()

    async def leave(self) -> None:
        """The tab is gone: its waiting calls end with an error, and the turn goes on to its end without it."""
        reason = "The tab that was asked is gone."
        if self._holder is not None:
            self._holder.delegate.close(reason)
        await self._abandon(reason)

    async def close(self, reason: str) -> None:
        """End the running turn and wait until it is over and all is sent."""
        if self._holder is not None:
            self._holder.delegate.close(reason)
        await self.cancel()
        if self._task is not None:
            await asyncio.wait({self._task})
        await self._outbox.flush(within=FLUSH_TIME)
        self.release()

    def release(self) -> None:
        """No tab holds it any more; what was made for the tab is let go of."""
        self._holder = None

    async def save(self) -> None:
        """Keep it as it is now; one that was never used leaves nothing.

        Raises:
            RingbackError: if the storage failed.
        """
        if self._session.seen:
            await self._keeping.save(self._remembered())

    def _remembered(self) -> Remembered:
        return snapshot(self.context, self._session, self._desk.policy.answers)

    def _emit(self, update: Update) -> None:
        self._on(Yielded(update))

    def _on(self, event: SessionEvent) -> None:
        for effect in self._session.on(event):
            match effect:
                case StartTurn(said):
                    self._abort = asyncio.Event()
                    self._task = asyncio.create_task(self._run(said, self._abort), name=f"turn {said.message_id}")
                case Send(seq, update):
                    self._outbox.put(partial(self._send, seq, update))
                case RefuseBusy():
                    raise SessionBusyError("Too many messages wait in this conversation. Let it answer first.")
                case RefuseRepeat():
                    raise BadRequestError("A message of this id was taken before; it was not started again.")
                case _:
                    assert_never(effect)

    async def _send(self, seq: int, update: Update) -> None:
        try:
            if self._holder is None:
                raise LinkLostError("No tab holds this conversation.")
            await self._holder.tab.send(self.context.session_id, seq, update)
        finally:
            if isinstance(update, TurnEnded):
                self._ends.pop(update.message_id).set_result(update)

    async def _run(self, said: Said, abort: asyncio.Event) -> None:
        turn: TurnContext | None = None
        problem: Problem | None = None
        watch = Stopwatch(self._services.measures)
        try:
            turn = await self._begin(said, abort)
            if turn is not None:
                with bound(turn):
                    watch.bound()
                    async for update in self._services.agent.run(turn):
                        watch.spoken()
                        self._emit(update)
                        await turn.room()
        except RingbackError as error:
            problem = Problem(error.code if isinstance(error, ProtocolError) else TurnFailedError.code, str(error))
        except Exception:
            logger.exception("a bug ended the turn %s of %s", said.message_id, self.context.session_id)
            problem = Problem(TurnFailedError.code, "The turn failed inside Ringback; the log says more.")
        finally:
            await self._abandon("The turn is over.")
            if turn is not None:
                await self._keeping.after_turn(turn, self._remembered)
            self.context.update_activity()
            watch.over(problem, is_cancelled=self._session.phase is Phase.CANCELLING)
            self._on(Finished(problem))
            if not self.is_running:
                self._on_rest(self)

    async def _begin(self, said: Said, abort: asyncio.Event) -> TurnContext | None:
        person, holder = await self._keeping.person(abort), self._holder
        if person is None or holder is None:
            return None
        self.context.doom_loop.clear()
        return TurnContext(
            session=self.context,
            message_id=said.message_id,
            text=said.text,
            delegate=holder.delegate,
            approvals=holder.approvals,
            shared_state=self._services.states.of(self.context.identity, holder.tab.signature),
            spending=self._services.book.begin(person),
            stored=self._stored,
            room=partial(self._outbox.room, abort),
            plan=self._plan,
            abort=abort,
        )

    async def _plan(self, todos: tuple[Todo, ...]) -> None:
        self.context.todos = todos
        self._emit(TodosChanged(todos))
        await self.save()

    async def _stored(self) -> None:
        self._on(Stored())

    async def _abandon(self, reason: str) -> None:
        if self._holder is not None:
            await self._holder.approvals.abandon(reason)

    def _stop(self) -> None:
        self._stopping = asyncio.create_task(self.cancel())
