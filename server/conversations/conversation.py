"""One conversation's shell: its messages, its turns and the tab that holds it, around the session context."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from server.context import SessionContext
from server.conversations.holding import Holding, nobodys
from server.conversations.intake import Intake
from server.conversations.keeping import Keeping
from server.conversations.remembering import session_of
from server.conversations.services import Services
from server.conversations.telling import Opening, Telling
from server.conversations.turn_run import TurnRunner
from server.conversations.turns import CANCELLED, Steps, Turns
from server.conversations.weakly import weakly, weakly_if_there
from server.core.desk import Desk
from server.core.lease import Lease
from server.core.policy import Policy, PolicyAnswers
from server.core.records import Recalled
from server.core.remembered import Remembered
from server.core.session_events import Said, Yielded
from server.tabs.approvals import Approvals
from server.tabs.bookkeeping import Bookkeeping
from server.tabs.surroundings import Surroundings
from server.tabs.tab import Tab
from shared.frames import CommandsOffered, TodosChanged, TurnEnded, Update
from shared.todos import Todo

FLUSH_TIME = 1.0
"""How long the end of a conversation waits for a slow tab to read on, in seconds."""


class Conversation:
    """The shell around a :class:`Session`. Its turns live in tasks that it owns, never in a socket's handler."""

    def __init__(
        self,
        context: SessionContext,
        services: Services,
        kept: Remembered | None = None,
        turns: Recalled | None = None,
        *,
        on_rest: Callable[[Conversation], None],
    ) -> None:
        """``kept`` and ``turns`` are what was stored of it; ``on_rest`` is called whenever nothing goes on any more."""
        self.context = context
        self.key = context.key
        self._services = services
        self._on_rest = on_rest
        turns = turns or Recalled()
        self._session = session_of(turns)
        self._desk = Desk(
            policy=Policy(answers=PolicyAnswers() if kept is None else kept.answers, file=services.policy),
            doom_loop=context.doom_loop,
            patience=services.approval_timeout,
            clock=services.clock,
            # Also for a turn that goes on before any tab has come.
            epoch=0 if turns.lease is None else turns.lease.epoch,
            label="" if turns.lease is None else turns.lease.device.label,
            signature=context.client_identifier,
        )
        self.keeping = Keeping(context, services, self._session, self._desk.policy.answers, turns.lease)
        seat = nobodys(context, turns.lease)
        self._telling = Telling(self.key, seat)
        emit, rested = weakly(self._emit), weakly_if_there(self._rested)
        self._approvals = Approvals(
            self.key,
            self._desk,
            seat,
            books=Bookkeeping(self.key, self.keeping.ledger, lifetime=services.grant_lifetime),
            find_tab=partial(services.find_tab, context.identity),
            measures=services.measures,
            doze_after=services.doze_after,
            surroundings=Surroundings(
                tell=emit,
                wake=weakly_if_there(self.wake),
                doze=weakly_if_there(self._doze),
                stop=weakly_if_there(self._stop),
                rest=rested,
                remember=partial(self.keeping.remember, None),
            ),
        )
        self.holding = Holding(context, self._desk, seat, self._approvals, call_timeout=services.call_timeout)
        runner = TurnRunner(
            context,
            services,
            holding=self.holding,
            approvals=self._approvals,
            ledger=self.keeping.ledger,
            telling=self._telling,
            emit=emit,
            plan=weakly(self._plan),
        )
        self._turns = Turns(
            self.key,
            self._session,
            turns.unfinished,
            ledger=self.keeping.ledger,
            telling=self._telling,
            calls=self._approvals,
            steps=Steps(self._desk.begin, runner.run, self._approvals.dozed, self.keeping.remember, rested),
        )
        on, owned = self._turns.on, weakly(self._own)
        self._intake = Intake(self.key, self._session, self._telling, on=on, owned=owned, rest=rested)
        self._tasks: set[asyncio.Task[None]] = set()
        if self._session.running is not None:
            cancelled = CANCELLED if self._session.is_cancelled else ""
            self._approvals.restore(self._session.running.message_id, turns.calls, cancelled)

    @property
    def is_running(self) -> bool:
        """Whether something goes on by itself, or by an answer from another device; a turn that sleeps does not."""
        return self._session.is_awake or not self._approvals.is_idle

    @property
    def is_quiet(self) -> bool:
        """Whether nothing goes on, and nobody waits for the end of a turn: another object could not tell them."""
        return not self.is_running and not self._intake.is_awaited

    @property
    def last_seq(self) -> int:
        """The number of the last update."""
        return self._session.seq

    @property
    def is_known(self) -> bool:
        """Whether it was ever used, or is just being begun on a connection."""
        return bool(self._session.seen) or self.holding.is_present

    def may_sleep(self) -> bool:
        """Whether it can be let go of and come back as it was. One that was never used is not worth it."""
        # The answer to a question that a tab shows must find the one who asked.
        is_asking = bool(self._desk.calls) and self.holding.is_present
        is_idle = self.is_quiet and not is_asking and self._telling.is_done
        return is_idle and (bool(self._session.seen) or not self.holding.is_present)

    # --- who holds it -------------------------------------------------------------------------------------

    def begin(self, tab: Tab, opening: Opening) -> str:
        """Let ``tab``, on whose connection it begins, hold it. The secret that takes it back."""
        secret = self.holding.take(tab)
        self._seat(opening)
        return secret

    def open(self, tab: Tab, opening: Opening, secret: str | None) -> tuple[str, asyncio.Future[bool]]:
        """Let ``tab`` hold it and have the updates replayed that ``opening`` asks for.

        The secret that takes it back, and when the lease is stored, which is the one that counts: from then on,
        whatever an older one claims is refused.
        """
        secret = self.holding.take(tab, secret)
        leased = self.keeping.hold(self.holding.lease)
        self._seat(opening)
        self.go_on()
        return secret, leased

    def come_back(self, tab: Tab, before: Lease | None) -> None:
        """``tab`` holds it, by ``before``: nothing changes for it if it had been let go of; or raise as ``check``."""
        if self.holding.is_held_by(tab.signature):
            return
        self.holding.check(tab, None, take_over=False)
        self.holding.come_back(tab, before)
        self._seat(None)

    def leave(self) -> None:
        """The tab is gone. The turn goes on without it, and what needs a tab waits for the next one."""
        self.holding.leave()
        self._seat(None)

    def _seat(self, opening: Opening | None) -> None:
        self._telling.move(self.holding.seat)
        if opening is not None:
            greeting: list[Update] = [CommandsOffered(self._services.agent.commands)]
            if self.context.todos:
                greeting.append(TodosChanged(self.context.todos))
            self._telling.open(opening, self.keeping.ledger, self._session.seq, greeting)
        self._approvals.seat(self.holding.seat)

    # --- messages and turns -------------------------------------------------------------------------------

    async def prompt(self, said: Said) -> TurnEnded:
        """Take a message and wait until its turn is over; see :meth:`Intake.take`."""
        ledger = await self.keeping.begin(self.holding.lease)
        self.context.update_activity()
        return await self._intake.take(ledger, said)

    async def cancel(self) -> None:
        """End the running turn and drop the messages that wait behind it."""
        await self._intake.settled()
        await self._turns.cancel()

    def go_on(self) -> None:
        """Go on with what stopped, unless it waits for a person."""
        if not self._desk.waits_for_a_person:
            self.wake()

    def wake(self) -> None:
        """Go on with what stopped."""
        self._turns.wake()

    async def close(self) -> None:
        """End the running turn and wait until it is over and all is sent."""
        await self.cancel()
        await self._turns.over()
        await self._telling.flush(within=FLUSH_TIME)

    async def suspend(self) -> None:
        """Stop the running turn, so that it goes on another time; tools that run come to their end first."""
        await self._turns.suspend()
        await self._telling.flush(within=FLUSH_TIME)

    def release(self) -> None:
        """It is let go of: whoever comes for it finds another, made from what is stored."""
        self._turns.release()
        self._approvals.close()

    # --- steps --------------------------------------------------------------------------------------------

    def _emit(self, update: Update) -> None:
        self._turns.on(Yielded(update))

    def _rested(self) -> None:
        self.context.update_activity()
        if self.is_quiet:
            self._on_rest(self)

    async def _plan(self, todos: tuple[Todo, ...]) -> None:
        self.context.todos = todos
        self._emit(TodosChanged(todos))
        await self.keeping.save()

    def _doze(self) -> None:
        self._turns.doze()

    def _stop(self) -> None:
        self._own(self.cancel())

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
