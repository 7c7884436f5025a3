"""Asks the tab that holds the conversation, waits, and does what the desk decides."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import assert_never

from server.core.desk import Desk, refusal
from server.core.desk_events import (
    Abandoned,
    Answered,
    Ask,
    DeskEvent,
    Expired,
    Finished,
    Requested,
    Run,
    Settle,
    StopTurn,
    Tell,
    Withdraw,
)
from server.log import say
from server.metrics.measures import Count, Measures, Timing
from server.tabs.outbox import Outbox
from server.tabs.tab import Tab
from shared.errors import LinkLostError
from shared.frames import ApprovalAsked, ApprovalWithdrawn, Update
from shared.ids import SessionId, ToolCallId
from shared.json_types import JsonObject

logger = logging.getLogger(__name__)


class Approvals:
    """The shell around a :class:`Desk`: it owns the questions under way and the calls that wait at the gate."""

    def __init__(
        self,
        *,
        session_id: SessionId,
        desk: Desk,
        tab: Tab,
        emit: Callable[[Update], None],
        outbox: Outbox,
        approval_timeout: float,
        stop: Callable[[], None],
        measures: Measures,
    ) -> None:
        """``emit`` numbers an update and puts it into ``outbox``; ``approval_timeout`` is in seconds.

        ``stop`` begins to end the turn, as if the person had cancelled it.
        """
        self._session_id = session_id
        self._desk = desk
        self._tab = tab
        self._emit = emit
        self._outbox = outbox
        self._approval_timeout = approval_timeout
        self._stop_turn = stop
        self._measures = measures
        self._verdicts: dict[ToolCallId, asyncio.Future[JsonObject | None]] = {}
        self._questions: dict[ToolCallId, asyncio.Task[None]] = {}

    @property
    def open_calls(self) -> int:
        """How many calls wait or run."""
        return len(self._desk.calls)

    async def admit(self, request: Requested) -> JsonObject | None:
        """Decide about one call, asking the person if the policy says so.

        Returns ``None`` when the call is claimed and is to run now, or else the dict that the model is given in
        the tool's stead. Never raises but for cancellation.
        """
        if request.call_id in self._desk.calls:
            return refusal("Another call of this id is open; give each call an id of its own.")
        verdict: asyncio.Future[JsonObject | None] = asyncio.get_running_loop().create_future()
        self._verdicts[request.call_id] = verdict
        try:
            self._on(request)
            return await verdict
        finally:
            self._verdicts.pop(request.call_id, None)
            self._stop_asking(request.call_id)

    async def settle(self, call_id: ToolCallId, result: JsonObject, *, failed: bool) -> None:
        """A claimed call came to its end with ``result``."""
        outcome = "failed" if failed else "completed"
        say(logger, "tool_ended", **self._names(call_id), outcome=outcome)
        self._measures.count(Count.TOOL_CALLS, outcome=outcome)
        self._on(Finished(call_id, result, failed))

    async def abandon(self, reason: str) -> None:
        """End every open call: ``reason`` is a sentence for the model and the person."""
        self._on(Abandoned(reason))

    def _on(self, event: DeskEvent) -> None:
        for effect in self._desk.on(event):
            match effect:
                case Tell(update):
                    self._emit(update)
                case Ask():
                    self._questions[effect.call_id] = asyncio.create_task(self._ask(effect))
                case Run(call_id):
                    say(logger, "tool_begun", **self._names(call_id), tool=self._desk.calls[call_id].spec.name)
                    self._decide(call_id, None)
                case Settle(call_id, result):
                    self._stop_asking(call_id)
                    self._decide(call_id, result)
                case Withdraw(call_id, reason):
                    withdrawal = ApprovalWithdrawn(self._session_id, call_id, reason)
                    self._outbox.put(partial(self._tab.withdraw, withdrawal))
                case StopTurn():
                    self._stop_turn()
                case _:
                    assert_never(effect)

    async def _ask(self, ask: Ask) -> None:
        approval = ApprovalAsked(
            session_id=self._session_id,
            call_id=ask.call_id,
            name=ask.spec.name,
            title=ask.spec.title,
            kind=ask.spec.kind,
            arguments=ask.arguments,
            arguments_hash=ask.arguments_hash,
            risk=ask.risk,
            expires_in=self._approval_timeout,
            choices=ask.choices,
        )
        begun = time.perf_counter()
        event: DeskEvent
        try:
            await self._outbox.flush()
            async with asyncio.timeout(self._approval_timeout):
                answer = await self._tab.ask(approval)
            event = Answered(ask.call_id, answer.choice)
        except TimeoutError:
            event = Expired(ask.call_id)
        except LinkLostError:
            event = Answered(ask.call_id, None)
        except Exception:
            logger.exception("a bug ended the question about %s", ask.call_id)
            event = Answered(ask.call_id, None)
        self._questions.pop(ask.call_id, None)
        self._measures.time(Timing.APPROVAL, time.perf_counter() - begun)
        self._measures.count(Count.APPROVALS, outcome=_outcome(event))
        self._on(event)

    def _decide(self, call_id: ToolCallId, result: JsonObject | None) -> None:
        verdict = self._verdicts.get(call_id)
        if verdict is not None and not verdict.done():
            verdict.set_result(result)

    def _stop_asking(self, call_id: ToolCallId) -> None:
        question = self._questions.pop(call_id, None)
        if question is not None:
            question.cancel()

    def _names(self, call_id: ToolCallId) -> dict[str, str]:
        return {"client_identifier": self._tab.signature, "session": self._session_id, "call": call_id}


def _outcome(event: DeskEvent) -> str:
    if isinstance(event, Answered):
        return "closed" if event.choice is None else event.choice.value
    return "expired"
