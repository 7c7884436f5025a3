"""Stores what the desk decides, asks the tab that holds the conversation, and tells the gate what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import assert_never

from server.core.desk import Desk
from server.core.desk_events import (
    Abandoned,
    Answered,
    Ask,
    Claim,
    DeskEffect,
    DeskEvent,
    Dozed,
    Finished,
    Keep,
    Missed,
    Requested,
    Run,
    Seated,
    Settle,
    StopTurn,
    Tell,
    Unsent,
    Wake,
    Withdraw,
)
from server.core.records import CallRecord
from server.core.refusal import NOT_STORED, SAME_ID, TOO_MANY, refusal
from server.core.session_key import SessionKey
from server.core.verdict import Given, Go, Verdict
from server.log import say
from server.metrics.measures import Count, Measures
from server.tabs.asking import Asking
from server.tabs.bookkeeping import Bookkeeping
from server.tabs.outbox import Outbox
from server.tabs.seat import Seat
from server.tabs.surroundings import Surroundings
from server.tabs.tab import Tab
from server.tabs.timers import Timers
from server.tabs.verdicts import Verdicts
from shared.frames import ToolChanged
from shared.ids import ConnectionSignature, MessageId, ToolCallId
from shared.json_types import JsonObject

logger = logging.getLogger(__name__)


class Approvals:
    """The shell around a :class:`Desk`. Events are taken one after the other, each stored before the next."""

    def __init__(
        self,
        key: SessionKey,
        desk: Desk,
        seat: Seat,
        *,
        books: Bookkeeping,
        find_tab: Callable[[ConnectionSignature], Tab | None],
        measures: Measures,
        doze_after: float,
        surroundings: Surroundings,
    ) -> None:
        """``doze_after`` is how long a turn that only waits for a person stays awake, in seconds."""
        self._key = key
        self._desk = desk
        self._books = books
        self._measures = measures
        self._surroundings = surroundings
        self._doze_after = doze_after
        self._asking = Asking(
            key.session_id, seat, put=self._put, find_tab=find_tab, measures=measures, clock=desk.clock
        )
        self._steps = Outbox()
        self._changed = asyncio.Event()
        self._verdicts = Verdicts()
        self._dozing = Timers()

    # --- the gate's side ----------------------------------------------------------------------------------

    async def admit(self, request: Requested) -> Verdict:
        """Decide about one call, asking the person if the policy says so. Never raises but for cancellation.

        What was asked for before the turn stopped is found as it was: settled, claimed or still to be answered.
        """
        if request.call_id in self._verdicts:
            return Given(refusal(SAME_ID))
        if self._verdicts.is_full:
            return Given(refusal(TOO_MANY))
        return await self._verdicts.about(request.call_id, partial(self._put, request))

    async def decide_anew(self, call_id: ToolCallId) -> Verdict:
        """Decide about what was let run and was sent nowhere: another device came to hold the conversation."""
        if call_id in self._verdicts or call_id not in self._desk.calls:
            return Given(refusal("The call is over already, so the tool was not run."))
        return await self._verdicts.about(call_id, partial(self._unsent, call_id))

    async def settle(self, call_id: ToolCallId, result: JsonObject, *, failed: bool) -> None:
        """A claimed call came to its end with ``result``, which is stored when this returns."""
        outcome = "failed" if failed else "completed"
        say(logger, "tool_ended", **self._names(call_id), outcome=outcome)
        self._measures.count(Count.TOOL_CALLS, outcome=outcome)
        await self._taken(Finished(call_id, result, failed))
        self._asking.end(call_id)

    # --- the conversation's side --------------------------------------------------------------------------

    def seat(self, seat: Seat) -> None:
        """Another connection holds the conversation now, or its tab is gone: open approvals move along."""
        self._asking.seat = seat
        device = seat.tab.device
        self._put(Seated(device.id, seat.lease.epoch, device.label, seat.tab.signature))

    def restore(self, message_id: MessageId, calls: Iterable[CallRecord], cancelled: str = "") -> None:
        """Put the stored calls of that turn back; their time runs on, or with ``cancelled``, a sentence, they end."""
        self._desk.restore(message_id, (call for call in calls if call.message_id == message_id))
        if cancelled:
            self._put(Abandoned(cancelled))
        for call in self._desk.shown:
            self._asking.expire_later(call)

    def tab_of(self, call_id: ToolCallId) -> Tab | None:
        """The other device that the person chose for that call; ``None`` for the tab that holds the conversation."""
        return self._asking.tab_of(call_id)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way, and no other device is asked."""
        return self._steps.is_empty and not self._asking.is_elsewhere

    async def quiet(self) -> None:
        """Wait until no tool runs."""
        while self._desk.has_running:
            await self._changed.wait()
            self._changed.clear()

    def dozed(self) -> None:
        """The turn was stopped: nobody waits at the gate."""
        self._desk.on(Dozed())

    def close(self) -> None:
        """Nothing more is waited for."""
        self._asking.close()
        self._dozing.end_all()

    async def abandon(self, reason: str) -> None:
        """End every open call: ``reason`` is a sentence for the model and the person."""
        await self._taken(Abandoned(reason))

    # --- steps --------------------------------------------------------------------------------------------

    def _put(self, event: DeskEvent) -> None:
        self._steps.put(partial(self._take, event))

    async def _taken(self, event: DeskEvent) -> None:
        # To its end, whoever is cancelled meanwhile.
        self._put(event)
        await self._steps.made()

    async def _take(self, event: DeskEvent) -> None:
        try:
            event = await self._books.with_grant(event, self._desk, self._asking.folder_at)
            if isinstance(event, Requested) and event.call_id not in self._verdicts:
                # The turn was stopped before this was looked at; it is asked for again when it goes on.
                return
            effects = self._desk.on(event)
            if isinstance(event, Answered):
                self._asking.heard(event.call_id)
                if event.choice is not None and event.choice.is_lasting:
                    self._surroundings.remember()
            await self._do(effects)
        except Exception:
            # Of whatever kind: the gate would wait for ever.
            logger.exception("a call of %s could not be stored", self._key.session_id)
            if isinstance(event, Requested | Answered):
                self._verdicts.decide(event.call_id, Given(refusal(NOT_STORED)))
        self._changed.set()
        asyncio.get_running_loop().call_soon(self._surroundings.rest)
        if self._desk.may_doze:
            self._dozing.begin("doze", self._doze_after, self._fall_asleep)
        else:
            self._dozing.end("doze")

    async def _do(self, effects: list[DeskEffect]) -> None:
        # Put without a pause, so that all of it is stored, or nothing.
        kept = [self._books.keep(effect, self._asking.folder_at) for effect in effects if isinstance(effect, Keep)]
        claims = [(effect.call, self._books.claim(effect.call)) for effect in effects if isinstance(effect, Claim)]
        for effect in effects:
            if isinstance(effect, Tell):
                self._surroundings.tell(effect.update)
        await asyncio.gather(*chain.from_iterable(kept))
        for effect in effects:
            self._do_afterwards(effect)
        for call, is_claimed in claims:
            has_claimed = await is_claimed
            if has_claimed and self._asking.reaches(call):
                self._surroundings.tell(ToolChanged(call.call_id, "in_progress"))
                self._run(call.call_id)
            elif has_claimed or self._asking.seat.lease.epoch != call.epoch:
                await self._do(self._desk.on(Unsent(call.call_id)))
                self.seat(self._asking.seat)
            else:
                await self._do(self._desk.on(Missed(call.call_id)))

    def _unsent(self, call_id: ToolCallId) -> None:
        self._put(Unsent(call_id))
        self.seat(self._asking.seat)

    def _do_afterwards(self, effect: DeskEffect) -> None:
        match effect:
            case Tell() | Keep() | Claim():
                pass  # done
            case Withdraw(call_id, reason):
                self._asking.withdraw(call_id, reason)
            case Ask(call):
                self._asking.ask(call)
            case Run(call_id):
                self._run(call_id)
            case Settle(call_id, result):
                self._asking.end(call_id)
                self._verdicts.decide(call_id, Given(result))
            case Wake():
                self._surroundings.wake()
            case StopTurn():
                self._surroundings.stop()
            case _:
                assert_never(effect)

    def _run(self, call_id: ToolCallId) -> None:
        self._asking.decided(call_id)
        call = self._desk.calls[call_id]
        say(logger, "tool_begun", **self._names(call_id), tool=call.spec.name)
        self._verdicts.decide(call_id, Go(call.arguments, call.is_edited))

    def _fall_asleep(self) -> None:
        self._steps.put(self._sleep)

    async def _sleep(self) -> None:
        if self._desk.may_doze:
            self._surroundings.doze()

    def _names(self, call_id: ToolCallId) -> dict[str, str]:
        return {"client_identifier": self._asking.seat.tab.signature, "session": self._key.session_id, "call": call_id}
