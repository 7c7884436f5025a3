"""What a connection lets through to its tab: of the conversation that it holds, each update once, all in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from client.link.guests import Guests
from client.link.in_order import InOrder
from client.link.place import Heard, Place
from client.link.wire import Listener
from shared.frames import (
    ApprovalAnswered,
    ApprovalAsked,
    ApprovalWithdrawn,
    Device,
    ToolCalled,
    ToolChanged,
    ToolStarted,
    Update,
)
from shared.ids import SessionId, ToolCallId
from shared.news import News, PersonReset

logger = logging.getLogger(__name__)


class Hearing:
    """``place`` is where in which conversation; ``None`` while the connection holds none.

    ``calls`` are the tool calls that were told and are not over; ``has_moved`` says that the conversation was taken by
    another connection.
    """

    def __init__(self, listener: Listener, end: Callable[[], None]) -> None:
        """``end`` begins to end the connection."""
        self._listener = listener
        self._end = end
        self._epoch = self._call_epoch = 0
        self.in_order = InOrder()
        self.place: Place | None = None
        self.calls: dict[ToolCallId, ToolStarted] = {}
        self.guests = Guests()
        self.has_moved = False

    def listen(self, place: Place | None, epoch: int) -> None:
        """Let through what comes behind ``place``, under the lease of that number."""
        self.place, self.has_moved = place, False
        self._epoch = self._call_epoch = epoch
        self.in_order.listen()

    # --- what comes ---------------------------------------------------------------------------------------

    def update(self, session_id: object, seq: object, frames: Sequence[Update]) -> None:
        """What the update numbered ``seq`` says."""
        self.in_order.do(partial(self._update, session_id, seq, frames))

    async def ask(self, approval: ApprovalAsked) -> ApprovalAnswered | None:
        """The person's answer; ``None`` if the question was closed without one, or was not for this tab."""
        answer: asyncio.Future[ApprovalAnswered | None] = asyncio.get_running_loop().create_future()
        self.in_order.do(partial(self._ask, approval, answer))
        answered = await answer
        if approval.asked_by:
            self.guests.answered(approval, answered)
        return answered

    def withdraw(self, withdrawal: ApprovalWithdrawn) -> None:
        """A question no longer counts."""
        self.in_order.do(partial(self._withdraw, withdrawal))

    def move(self, session_id: SessionId, epoch: int, holder: Device) -> None:
        """The conversation is with ``holder`` now."""
        self.in_order.do(partial(self._move, session_id, epoch, holder))

    def news(self, news: News) -> None:
        """Something beside the conversation."""
        self.in_order.do(partial(self._news, news))

    async def admit(self, call: ToolCalled) -> ToolCalled | None:
        """The call as the tab is to know it; ``None`` unless it is for the conversation as this connection holds it.

        One that the person sent here from another device, and allowed here, is let in as well.
        """
        is_listening = asyncio.Event()
        self.in_order.do(is_listening.set)
        await is_listening.wait()
        if not self._is_ours(call.session_id):
            return self.guests.admit(call)
        if call.epoch < self._call_epoch:
            return None
        self._call_epoch = call.epoch
        return call

    # --- in its turn --------------------------------------------------------------------------------------

    def _update(self, session_id: object, seq: object, frames: Sequence[Update]) -> None:
        place = self.place
        if place is None or session_id != place.session_id:
            return
        before = place.last_seq
        heard = place.hear(seq)
        if heard is Heard.MISSING:
            logger.warning("the update %s came after %s; the connection is begun anew", seq, before)
            self.place = None
            self._end()
            self._listener.skipped()
        elif heard is not Heard.AGAIN:
            if heard is Heard.HOLE:
                self._listener.missed(before + 1, place.last_seq - 1)
            for frame in frames:
                self._tell(frame)

    def _tell(self, update: Update) -> None:
        if isinstance(update, ToolStarted):
            self.calls[update.call_id] = update
        elif isinstance(update, ToolChanged) and update.result is not None:
            self.calls.pop(update.call_id, None)
        self._listener.heard(update)

    def _ask(self, approval: ApprovalAsked, answer: asyncio.Future[ApprovalAnswered | None]) -> None:
        if answer.done():
            return
        if approval.asked_by:
            self._listener.asked(self.guests.asked(approval), answer)
        elif self._is_ours(approval.session_id):
            self._listener.asked(approval, answer)
        else:
            answer.set_result(None)

    def _withdraw(self, withdrawal: ApprovalWithdrawn) -> None:
        guest = self.guests.withdrawn(withdrawal)
        if guest is not None:
            self._listener.withdrawn(guest)
        elif self._is_ours(withdrawal.session_id):
            self._listener.withdrawn(withdrawal)

    def _move(self, session_id: SessionId, epoch: int, holder: Device) -> None:
        # One of an older lease than this connection's is about what is over.
        if self._is_ours(session_id) and epoch > self._epoch:
            self.place, self.has_moved = None, True
            self._listener.moved(holder)

    def _news(self, news: News) -> None:
        if isinstance(news, PersonReset):
            self.calls.clear()
            self._epoch = self._call_epoch = 0
            if self.place is not None:
                self.place.start_over()
        self._listener.heard_news(news)

    def _is_ours(self, session_id: object) -> bool:
        return self.place is not None and session_id == self.place.session_id
