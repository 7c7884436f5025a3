"""One conversation: its session, its desk, and the turn that runs. The same object for every message."""

from __future__ import annotations

import asyncio
import logging
import uuid
from datetime import UTC, datetime
from functools import partial
from typing import assert_never

from server.approvals import Approvals
from server.context import Identity, TurnContext, bound
from server.core.desk import Desk
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
from server.delegate import FrontendToolDelegate
from server.outbox import Outbox
from server.ports import Agent
from server.tab import Tab
from shared.errors import BadRequestError, SessionBusyError, TurnFailedError
from shared.frames import CommandsOffered, Problem, TurnEnded, Update
from shared.ids import MessageId, SessionId

logger = logging.getLogger(__name__)


class Conversation:
    """The shell around a :class:`Session`. Its turns live in tasks that it owns, never in a socket's handler."""

    def __init__(
        self,
        *,
        identity: Identity,
        session_id: SessionId,
        tab: Tab,
        agent: Agent,
        approval_timeout: float,
        call_timeout: float,
    ) -> None:
        """``approval_timeout`` and ``call_timeout`` (of a frontend tool) are in seconds."""
        self.identity = identity
        self.session_id = session_id
        self.run_id = str(uuid.uuid4())
        self.created_at = datetime.now(UTC)
        self._tab = tab
        self._agent = agent
        self._session = Session()
        self._outbox = Outbox()
        self._delegate = FrontendToolDelegate(tab, session_id, call_timeout=call_timeout)
        self._approvals = Approvals(
            session_id=session_id,
            desk=Desk(),
            tab=tab,
            emit=self._emit,
            outbox=self._outbox,
            approval_timeout=approval_timeout,
        )
        self._ends: dict[MessageId, asyncio.Future[TurnEnded]] = {}
        self._task: asyncio.Task[None] | None = None
        self._abort = asyncio.Event()

    @property
    def is_running(self) -> bool:
        """Whether a turn runs or waits."""
        return self._session.phase is not Phase.IDLE

    async def prompt(self, said: Said) -> TurnEnded:
        """Take a message and wait until its turn is over. Cancelling the caller does not cancel the turn.

        Raises:
            BadRequestError: if a message of this id was taken before.
            SessionBusyError: if too many messages wait already.
        """
        end = self._ends.setdefault(said.message_id, asyncio.get_running_loop().create_future())
        try:
            self._on(Prompted(said))
        except (BadRequestError, SessionBusyError):
            if not self._is_taken(said.message_id):
                self._ends.pop(said.message_id, None)
            raise
        return await asyncio.shield(end)

    async def cancel(self) -> None:
        """End the running turn and drop the messages that wait behind it."""
        running = self._abort
        self._on(CancelAsked())
        if self._session.phase is Phase.CANCELLING:
            await self._approvals.abandon("The user cancelled the turn.")
            running.set()

    async def offer_commands(self) -> None:
        """Tell the tab which commands the agent understands."""
        self._emit(CommandsOffered(self._agent.commands))
        await self._outbox.flush()

    async def leave(self) -> None:
        """The tab is gone: its waiting calls end with an error, and the turn goes on to its end without it."""
        reason = "The tab that was asked is gone."
        self._delegate.close(reason)
        await self._approvals.abandon(reason)

    async def close(self, reason: str) -> None:
        """End the running turn and wait until it is over."""
        self._delegate.close(reason)
        await self.cancel()
        if self._task is not None:
            await asyncio.wait({self._task})

    def _is_taken(self, message_id: MessageId) -> bool:
        running = self._session.running
        waits = any(said.message_id == message_id for said in self._session.waiting)
        return waits or (running is not None and running.message_id == message_id)

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
            await self._tab.send(self.session_id, seq, update)
        finally:
            if isinstance(update, TurnEnded):
                self._ends.pop(update.message_id).set_result(update)

    async def _run(self, said: Said, abort: asyncio.Event) -> None:
        turn = TurnContext(
            identity=self.identity,
            session_id=self.session_id,
            client_identifier=self._tab.signature,
            message_id=said.message_id,
            text=said.text,
            delegate=self._delegate,
            approvals=self._approvals,
            stored=self._stored,
            room=partial(self._outbox.room, abort),
            abort=abort,
        )
        problem: Problem | None = None
        try:
            with bound(turn):
                async for update in self._agent.run(turn):
                    self._emit(update)
                    await turn.room()
        except TurnFailedError as error:
            problem = Problem(error.code, str(error))
        except Exception:
            logger.exception("a bug ended the turn %s of %s", said.message_id, self.session_id)
            problem = Problem(TurnFailedError.code, "The turn failed inside Ringback; the log says more.")
        finally:
            await self._approvals.abandon("The turn is over.")
            self._on(Finished(problem))

    async def _stored(self) -> None:
        self._on(Stored())
