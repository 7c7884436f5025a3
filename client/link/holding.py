"""What one tab has of its conversation - its place, its messages, its questions - and what it is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from client.link.mail import Mail
from client.link.place import Place
from client.link.questions import Questions
from client.link.taking_up import TakenUp, Way
from client.link.wire import Wire
from client.ports import Resumed, TabEvents
from client.tools.toolkit import Toolkit
from shared.errors import BadRequestError
from shared.frames import (
    ApprovalAnswered,
    ApprovalAsked,
    ApprovalWithdrawn,
    Device,
    ToolCalled,
    ToolChanged,
    Update,
    UserSaid,
)
from shared.ids import SessionId, ToolCallId
from shared.json_types import JsonObject
from shared.news import News, PersonReset

LOST_THERE = "The conversation was lost on the server, and a new one began."
ASKED_AGAIN = "the connection is lost; it will be asked again"


class Holding:
    """Implements ``client.link.wire.Listener``. It outlives connections; ``place`` is ``None`` before the first one.

    ``is_held`` says that another connection holds the conversation.
    """

    def __init__(self, events: TabEvents, toolkit: Toolkit, place: Place | None) -> None:
        self._events = events
        self._toolkit = toolkit
        self._told = 0
        self._gone: Place | None = None
        self._looking: set[asyncio.Task[None]] = set()
        self.place = place
        self.is_held = False
        self.mail = Mail(self.heard, self.moved)
        self.questions = Questions()

    @property
    def resumable(self) -> Resumed | None:
        """What to go on from; ``None`` while nothing was said in the conversation."""
        place = self.place
        if place is None or not (place.is_used or self.mail.is_under_way):
            return None
        return Resumed(place.session_id, place.last_seq, place.lease_secret)

    @property
    def is_resumable(self) -> bool:
        """Whether the conversation outlives its connection."""
        return self.place is not None and self.place.is_resumable

    # --- connections --------------------------------------------------------------------------------------

    def take(self, taken: TakenUp, wire: Wire) -> None:
        """``wire`` holds the conversation for this tab: tell what came, send what waits."""
        before, self.place, self._gone, self.is_held = self.place or self._gone, taken.place, None, False
        match taken.way:
            case Way.LOADED:
                self._told = 0
                taken.place.start_over()
                self.mail.doubt()
                self._events.cleared()
            case Way.BEGUN | Way.FORGOTTEN:
                self._told = 0
                self.mail.begin_anew()
                if before is not None and before.is_used:
                    self._events.session_lost(LOST_THERE)
            case Way.RESUMED:
                pass
        self._events.opened(taken.welcome)
        if taken.refusal is not None:
            self._events.refused(taken.refusal)
        wire.listen(taken.place)
        self.mail.connect(wire)

    def break_off(self, reason: str) -> None:
        """The connection is gone; ``reason`` is a sentence."""
        if self.is_resumable:
            if not self.is_held:
                self._events.interrupted(reason)
            return
        self.mail.give_up()
        self.place, self._gone = None, self.place
        self._events.lost(reason)

    def withdraw_all(self, reason: str) -> None:
        """No question counts any more."""
        self._withdraw(self.questions.waiting, reason)

    # --- what comes ---------------------------------------------------------------------------------------

    def heard(self, update: Update) -> None:
        """The next update of the session."""
        self.mail.note(update)
        if self.place is not None and isinstance(update, UserSaid):
            self.place.is_used = True
        # Counted here and not taken from the server: a few updates are this side's own.
        self._told += 1
        self._events.updated(self._told, update)

    def heard_news(self, news: News) -> None:
        """Something beside the session's updates; a reset leaves no question open."""
        if isinstance(news, PersonReset):
            self.withdraw_all("everything was reset")
            self.mail.begin_anew()
            self._told = 0
            if self.place is not None:
                self.place.start_over()
                self.place.is_used = False
        self._events.heard_news(news)

    def asked(self, approval: ApprovalAsked, answer: asyncio.Future[ApprovalAnswered | None]) -> None:
        """The server asks the person."""
        self.questions.open(approval, answer)
        self._events.approval_asked(approval)
        looking = asyncio.create_task(self._look(approval), name=f"look at {approval.call_id}")
        self._looking.add(looking)
        looking.add_done_callback(self._looking.discard)

    async def _look(self, approval: ApprovalAsked) -> None:
        preview = await self._toolkit.preview(approval)
        if preview is not None:
            self._events.approval_previewed(approval, preview)

    def withdrawn(self, withdrawal: ApprovalWithdrawn) -> None:
        """A question no longer counts."""
        if self.questions.take_back(withdrawal.call_id):
            self._events.approval_withdrawn(withdrawal)

    def moved(self, holder: Device) -> None:
        """Another connection holds the conversation: what is unsent stays here, and nothing is answered."""
        self.is_held = True
        self.mail.disconnect()
        self._withdraw(self.questions.own, f"the conversation is held by {holder.label} now")
        self._events.held(holder)

    def skipped(self) -> None:
        """An update is missing: whatever else comes on this connection is not to be believed."""
        self.mail.disconnect()

    def missed(self, first: int, last: int) -> None:
        """A hole that cannot be filled."""
        which = f"The update {first}" if first == last else f"The updates {first} to {last}"
        self._events.remark(f"{which} of this conversation could not be had from the server.")

    async def called(self, call: ToolCalled) -> JsonObject:
        """Run a tool of this device and return its dict."""
        if not self._toolkit.offers(call.name):
            raise BadRequestError(f"This device does not offer the tool {call.name}.")
        self._events.tool_called(call)
        result = await self._toolkit.run(call)
        if self.place is None or call.session_id != self.place.session_id:
            # It runs here for another conversation, where the server tells how it ended.
            self.heard(ToolChanged(call.call_id, "completed", result))
        return result

    def _withdraw(self, call_ids: Iterable[ToolCallId], reason: str) -> None:
        session_id = SessionId("") if self.place is None else self.place.session_id
        for call_id in call_ids:
            self.withdrawn(ApprovalWithdrawn(session_id, call_id, reason))
