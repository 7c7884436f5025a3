"""Asks people: in the tab that holds the conversation, or on another device of theirs if they want it there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from server.core.deadline import Moment
from server.core.desk_events import Answered, DeskEvent, Expired
from server.core.records import CallRecord
from server.metrics.measures import Count, Measures, Timing
from server.tabs.outbox import Outbox
from server.tabs.seat import Seat
from server.tabs.tab import Tab
from server.tabs.timers import Timers
from shared.errors import LinkLostError
from shared.frames import ApprovalAnswered, ApprovalAsked, ApprovalWithdrawn, Choice
from shared.ids import ConnectionSignature, SessionId, ToolCallId
from shared.news import Notice

logger = logging.getLogger(__name__)

NOT_THERE = "That device is not connected now, or it does not have the tool. Choose another answer."
NOT_ELSEWHERE = frozenset({Choice.ALLOW_EXACT})
"""What another device is not offered: in which folder it would run the call, nobody said, so no grant is for that."""


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """One question in one tab, asked while the conversation was held by ``seat``."""

    call: CallRecord
    seat: Seat
    tab: Tab
    asked_at: float


class Asking:
    """The questions of one conversation. ``put`` takes what comes of them; each ends once, by whoever is asked now.

    ``find_tab`` finds another tab of the same person.
    """

    def __init__(
        self,
        session_id: SessionId,
        seat: Seat,
        *,
        put: Callable[[DeskEvent], None],
        find_tab: Callable[[ConnectionSignature], Tab | None],
        measures: Measures,
        clock: Callable[[], Moment],
    ) -> None:
        self.seat = seat
        self._session_id = session_id
        self._put = put
        self._find_tab = find_tab
        self._measures = measures
        self._clock = clock
        self._elsewhere: dict[ToolCallId, Tab] = {}
        self._asked: dict[ToolCallId, _Question] = {}
        self._on_their_way: set[ToolCallId] = set()
        self._expiries = Timers()

    def tab_of(self, call_id: ToolCallId) -> Tab | None:
        """The other device that the person chose for that call; ``None`` for the tab that holds the conversation."""
        return self._elsewhere.get(call_id)

    def reaches(self, call: CallRecord) -> bool:
        """Whether the device that the call was claimed for is the one that it would be sent to now."""
        tab = self.tab_of(call.call_id) or self.seat.tab
        return call.device in {"", tab.device.id}

    def folder_at(self, signature: str) -> str:
        """The working folder where that connection is, if it still holds the conversation; empty if not known."""
        tab = self.seat.tab
        return tab.folder(self._session_id) if tab.signature == signature else ""

    @property
    def is_elsewhere(self) -> bool:
        """Whether another device is asked, or runs what it was asked about."""
        return bool(self._elsewhere)

    def ask(self, call: CallRecord) -> None:
        """Ask where the conversation is held; a question that was sent to another device stays there."""
        self.expire_later(call)
        if call.call_id in self._on_their_way:
            return
        # A question that was being stored while the seat changed finds the new one, which asks for all there are.
        if call.call_id not in self._elsewhere and not self._is_asked_here(call.call_id):
            self._ask_in(self.seat.outbox, self.seat.tab, call, self._answered)

    def expire_later(self, call: CallRecord) -> None:
        """The question ends at its deadline."""
        self._expiries.begin(call.call_id, self._remaining(call), partial(self._expire, call.call_id))

    def withdraw(self, call_id: ToolCallId, reason: str) -> None:
        """Take the question back; ``reason`` is a sentence for the person."""
        withdrawal = ApprovalWithdrawn(self._session_id, call_id, reason)
        tab = self._elsewhere.get(call_id)
        if tab is None:
            self.seat.outbox.put(partial(self.seat.tab.withdraw, withdrawal))
        else:
            Outbox().put(partial(tab.withdraw, withdrawal))
        self.end(call_id)

    def heard(self, call_id: ToolCallId) -> None:
        """An answer that was put is taken now; until then it is not asked again."""
        self._on_their_way.discard(call_id)

    def decided(self, call_id: ToolCallId) -> None:
        """It was answered; where it runs, it is known until :meth:`end`."""
        self._expiries.end(call_id)

    def end(self, call_id: ToolCallId) -> None:
        """Nothing of the question is kept."""
        self._expiries.end(call_id)
        self._asked.pop(call_id, None)
        self._elsewhere.pop(call_id, None)

    def close(self) -> None:
        """Nothing more is waited for."""
        self._expiries.end_all()

    # --- what comes of it ---------------------------------------------------------------------------------

    def _answered(self, question: _Question, answer: ApprovalAnswered | None) -> None:
        call = question.call
        if not self._is_open(question) or answer is None:
            # Of a connection that is not the one to answer any more; one that is gone is taken care of elsewhere.
            return
        self._asked.pop(call.call_id, None)
        if answer.device is not None:
            self._send_elsewhere(call, answer.device)
            return
        self._take(answer, question.asked_at)

    def _answered_elsewhere(self, question: _Question, answer: ApprovalAnswered | None) -> None:
        call = question.call
        if not self._is_open(question):
            return
        self._asked.pop(call.call_id)
        if answer is None or answer.device is not None:
            # Gone, or passed on: the person is asked where the conversation is.
            del self._elsewhere[call.call_id]
            self.ask(call)
            return
        if answer.choice in NOT_ELSEWHERE:
            answer = replace(answer, choice=None)
        self._take(answer, question.asked_at, question.tab)

    def _is_asked_here(self, call_id: ToolCallId) -> bool:
        question = self._asked.get(call_id)
        return question is not None and question.seat is self.seat

    def _is_open(self, question: _Question) -> bool:
        """Whether this very question is still asked, and there: models repeat their ids, so the id does not say it."""
        call_id = question.call.call_id
        where = self._elsewhere.get(call_id)
        is_there = question.seat is self.seat if where is None else question.tab is where
        return is_there and self._asked.get(call_id) is question

    def _take(self, answer: ApprovalAnswered, asked_at: float, elsewhere: Tab | None = None) -> None:
        self._measures.time(Timing.APPROVAL, _now() - asked_at)
        self._measures.count(Count.APPROVALS, outcome="closed" if answer.choice is None else answer.choice.value)
        self._on_their_way.add(answer.call_id)
        answered = Answered(answer.call_id, answer.choice, answer.arguments, answer.reason)
        if elsewhere is not None:
            device = elsewhere.device
            answered = replace(answered, device=device.id, label=device.label, signature=elsewhere.signature)
        self._put(answered)

    def _send_elsewhere(self, call: CallRecord, signature: ConnectionSignature) -> None:
        tab = self._find_tab(signature)
        if tab is None or call.name not in tab.tools or tab.signature == self.seat.tab.signature:
            self.seat.outbox.put(partial(self.seat.tab.tell, Notice(NOT_THERE)))
            self.ask(call)
            return
        self._elsewhere[call.call_id] = tab
        self._ask_in(Outbox(), tab, call, self._answered_elsewhere)

    def _ask_in(
        self,
        outbox: Outbox,
        tab: Tab,
        call: CallRecord,
        answered: Callable[[_Question, ApprovalAnswered | None], None],
    ) -> None:
        self._asked[call.call_id] = question = _Question(call, self.seat, tab, _now())
        is_here = tab is self.seat.tab
        approval = ApprovalAsked(
            session_id=self._session_id,
            call_id=call.call_id,
            name=call.name,
            title=call.title,
            kind=call.kind,
            arguments=call.arguments,
            arguments_hash=call.arguments_hash,
            risk=call.risk,
            expires_in=max(0.0, self._remaining(call)),
            choices=call.choices if is_here else tuple(one for one in call.choices if one not in NOT_ELSEWHERE),
            asked_by="" if is_here else self.seat.tab.device.label,
        )
        outbox.put(partial(self._show, question, approval, partial(answered, question)))

    async def _show(
        self, question: _Question, approval: ApprovalAsked, answered: Callable[[ApprovalAnswered | None], None]
    ) -> None:
        if not self._is_open(question):
            # Its tab read slowly: it ended meanwhile, or another connection holds the conversation.
            return
        try:
            await question.tab.ask(approval, answered)
        except LinkLostError:
            answered(None)
        except Exception:
            # Of whatever kind: nobody would ever answer.
            logger.exception("a bug ended the question about %s", approval.call_id)
            answered(ApprovalAnswered(approval.call_id, None))

    def _remaining(self, call: CallRecord) -> float:
        assert call.deadline is not None  # noqa: S101  (what is shown has one)
        return call.deadline.remaining(self._clock())

    def _expire(self, call_id: ToolCallId) -> None:
        self._measures.count(Count.APPROVALS, outcome="expired")
        self._put(Expired(call_id))


def _now() -> float:
    return time.perf_counter()
