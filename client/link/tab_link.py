"""The link of one tab: finds the server, opens a session, and comes back when the connection is lost.

::

    run ─► find the server ─► connect ─► open ─── lost ───┐
             ▲    │ cannot: failed          │ close: end   │
             │    ▼                                        │
             └──── wait a little, longer each time ◄───────┘

What the person says is kept until it was sent. What was sent and never acknowledged when the connection broke may or
may not have been taken: it is reported and never repeated by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

from client.link.backoff import delay
from client.link.endpoint import Endpoint
from client.link.loader import load_wire
from client.link.outbox import Message, Outbox, Stage
from client.link.personal_data import PersonalDataOverWire
from client.link.questions import Questions
from client.link.wire import Introduction, Wire
from client.ports import TabEvents
from client.tools.toolkit import Toolkit
from shared.errors import BadRequestError, LinkLostError, ProtocolError, RingbackError
from shared.frames import (
    ApprovalAnswered,
    ApprovalAsked,
    ApprovalWithdrawn,
    Choice,
    Device,
    Problem,
    StopReason,
    ToolCalled,
    TurnEnded,
    Update,
    UserSaid,
)
from shared.ids import MessageId
from shared.json_types import JsonObject
from shared.news import News, PersonReset

logger = logging.getLogger(__name__)

MAYBE_TAKEN = (
    "The connection broke before the server confirmed this message. It may have been taken; "
    "send it again if nothing came of it."
)


class TabLink:
    """Implements ``client.ports.TabLink``, and ``client.link.wire.Listener`` towards the wire."""

    def __init__(
        self,
        *,
        device: Device,
        events: TabEvents,
        toolkit: Toolkit,
        folder: Path,
        find_server: Callable[[], Awaitable[Endpoint]],
    ) -> None:
        """``folder`` is the session's working folder; ``find_server`` may raise ``RingbackError`` to end it all."""
        self._events = events
        self._toolkit = toolkit
        self._introduction = Introduction(device, toolkit.specs, folder.absolute())
        self._find_server = find_server
        self._outbox = Outbox()
        self._questions = Questions()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wire: Wire | None = None
        self._told = 0
        self._life: asyncio.Task[None] | None = None
        self._is_closed = False
        self.personal = PersonalDataOverWire(lambda: self._wire)

    # --- the tab's side -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect (starting the server if needed), stay, reconnect; ends after :meth:`close`."""
        if self._is_closed:
            return
        self._life = asyncio.create_task(self._live())
        try:
            await self._life
        except asyncio.CancelledError:
            if not self._is_closed:
                raise

    def say(self, message_id: MessageId, text: str) -> None:
        """Send a message; it is kept until connected. Its acknowledgement and its turn's end arrive as updates."""
        self._outbox.keep(message_id, text)
        self._send_kept()

    def cancel(self) -> None:
        """Cancel the running turn, and what waits to be sent."""
        for message_id in self._outbox.drop_kept():
            self._tell(TurnEnded(message_id, "cancelled"))
        if self._wire is not None:
            self._own(self._cancel(self._wire))

    def answer(self, answer: ApprovalAnswered) -> None:
        """Give the person's choice to the question of ``answer.call_id``; one that no longer counts is ignored."""
        self._questions.answer(answer)

    async def close(self) -> None:
        """End the connection and :meth:`run`."""
        self._is_closed = True
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait({self._life})

    # --- the wire's side ----------------------------------------------------------------------------------

    def heard(self, update: Update) -> None:
        """The next update of the session."""
        match update:
            case UserSaid(message_id):
                self._outbox.acknowledge(message_id)
            case TurnEnded(message_id):
                self._outbox.end(message_id)
            case _:
                pass
        self._tell(update)

    def heard_news(self, news: News) -> None:
        """Something beside the session's updates; a reset leaves no question open."""
        if isinstance(news, PersonReset):
            if self._wire is not None:
                self._withdraw_all("everything was reset", self._wire)
            self._told = 0
        self._events.heard_news(news)

    async def asked(self, approval: ApprovalAsked) -> Choice | None:
        """The person's choice, or ``None`` if the question was closed without one."""
        question = self._questions.open(approval.call_id)
        self._events.approval_asked(approval)
        return await question

    def withdrawn(self, withdrawal: ApprovalWithdrawn) -> None:
        """A question no longer counts."""
        if self._questions.take_back(withdrawal.call_id):
            self._events.approval_withdrawn(withdrawal)

    async def called(self, call: ToolCalled) -> JsonObject:
        """Run a tool of this device and return its dict."""
        if not self._toolkit.offers(call.name):
            raise BadRequestError(f"This device does not offer the tool {call.name}.")
        self._events.tool_called(call)
        return await self._toolkit.run(call)

    # --- its life -----------------------------------------------------------------------------------------

    async def _live(self) -> None:
        attempt, reason = 1, ""
        while True:
            self._events.connecting(attempt, reason)
            try:
                wire = await self._connect()
            except LinkLostError as error:
                attempt, reason = attempt + 1, str(error)
            except RingbackError as error:
                logger.warning("the link gave up: %s", error)
                self._events.failed(str(error))
                return
            else:
                attempt, reason = 1, await self._stay(wire)
            await asyncio.sleep(delay(attempt))

    async def _connect(self) -> Wire:
        # At once: the server starts in a process of its own while the wire protocol loads in this one.
        endpoint, open_wire = await asyncio.gather(self._find_server(), load_wire())
        return await open_wire(endpoint, self._introduction, self)

    async def _stay(self, wire: Wire) -> str:
        try:
            self._wire, self._told = wire, 0
            self._events.opened(wire.welcome)
            wire.listen()
            self._send_kept()
            reason = await wire.wait_lost()
            self._withdraw_all(reason, wire)
        finally:
            self._wire = None
            for task in self._tasks:
                task.cancel()
            await wire.close()
        self._report_loss(reason)
        return reason

    def _send_kept(self) -> None:
        if self._wire is not None:
            for message in self._outbox.send_all():
                self._own(self._prompt(self._wire, message))

    async def _prompt(self, wire: Wire, message: Message) -> None:
        if not wire.is_ringback:
            # Nobody will confirm it: what was given to the connection is the best that can be known.
            self.heard(UserSaid(message.message_id, message.text))
        try:
            self._end(message.message_id, await wire.prompt(message.message_id, message.text))
        except LinkLostError:
            logger.info("the connection broke while a message was under way")
        except ProtocolError as error:
            self._end(message.message_id, "end_turn", Problem(error.code, str(error)))

    def _end(self, message_id: MessageId, stop_reason: StopReason, problem: Problem | None = None) -> None:
        # A server of ours has told the end already, as part of the sequence, and that is the one that counts.
        if message_id in self._outbox:
            self.heard(TurnEnded(message_id, stop_reason, problem))

    async def _cancel(self, wire: Wire) -> None:
        await wire.cancel()
        if not wire.is_ringback:
            # ACP wants open questions to be answered as cancelled; a server of ours takes them back itself.
            self._withdraw_all("You cancelled the turn.", wire)

    def _withdraw_all(self, reason: str, wire: Wire) -> None:
        for call_id in self._questions.waiting:
            self.withdrawn(ApprovalWithdrawn(wire.welcome.session_id, call_id, reason))

    def _report_loss(self, reason: str) -> None:
        for message in self._outbox.drop_under_way():
            if message.stage is Stage.SENT:
                self._tell(TurnEnded(message.message_id, "end_turn", Problem(LinkLostError.code, MAYBE_TAKEN)))
        self._events.lost(reason)

    def _tell(self, update: Update) -> None:
        # Counted here and not taken from the server: a few updates are this link's own, and repeats never get here.
        self._told += 1
        self._events.updated(self._told, update)

    def _own(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a bug in the link", exc_info=error)
