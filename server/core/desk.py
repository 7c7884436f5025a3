"""The desk of one conversation: which tool calls are open, who was asked, and what follows from each event.

Pure: :meth:`Desk.on` takes an event and returns effects, in the order they are to be done. An event that comes
too late (an answer to a settled call, a second result) returns no effects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import assert_never

from server.core.canonical import arguments_hash
from server.core.deadline import Deadline, Moment
from server.core.decision import CHOSEN, Decided, Decision
from server.core.desk_call import Call, call_of, hindrance
from server.core.desk_events import (
    Abandoned,
    Answered,
    Ask,
    Claim,
    DeskEffect,
    DeskEvent,
    Dozed,
    Expired,
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
from server.core.doom_loop import DoomLoop
from server.core.policy_rules import Rule
from server.core.records import CallRecord
from server.core.refusal import IN_DOUBT, SAME_ID, refusal
from server.core.ruled_calls import RuledCalls
from server.core.tool_call import CallEvent, CallState, after
from shared.frames import ToolStarted
from shared.ids import MessageId, ToolCallId


@dataclass(kw_only=True)
class Desk(RuledCalls):
    """Decides about the calls of one conversation's running turn.

    ``patience`` is how long a person may think about an approval, in seconds. ``over`` says why this turn takes up
    nothing new; mostly empty.
    """

    doom_loop: DoomLoop = field(default_factory=DoomLoop)
    epoch: int = 0
    patience: float = 300.0
    over: str = ""
    clock: Callable[[], Moment] = lambda: Moment("", 0.0)

    def begin(self, message_id: MessageId) -> None:
        """The turn of that message begins: what was settled in the one before is not asked for again."""
        self.message_id, self.over = message_id, ""
        self.settled.clear()
        self.doom_loop.clear()

    def restore(self, message_id: MessageId, records: Iterable[CallRecord]) -> None:
        """Put the calls of the turn of that message, which stopped, back on the desk."""
        self.begin(message_id)
        for record in records:
            self.doom_loop.seen(record.name, record.arguments_hash)
            if record.result is not None:
                self.settled[record.call_id, record.occurrence] = record.result
            else:
                self.calls[record.call_id] = call_of(record)

    def on(self, event: DeskEvent) -> list[DeskEffect]:  # noqa: PLR0911  (one return for each kind)
        """What follows from ``event``."""
        match event:
            case Requested():
                return self._requested(event)
            case Answered():
                return self._answered(event)
            case Expired(call_id):
                return self._unanswered(call_id, CallEvent.EXPIRE, "Nobody answered the approval in time.")
            case Finished(call_id, result, failed):
                return self.finish(call_id, result, failed=failed)
            case Missed(call_id):
                return self.end(call_id, CallEvent.LOSE, IN_DOUBT)
            case Unsent(call_id):
                return self.release(call_id)
            case Seated(device, epoch, label, signature):
                self.device, self.epoch, self.label, self.signature = device, epoch, label, signature
                return self._seated() if device else []
            case Dozed():
                return self.doze()
            case Abandoned(reason):
                self.over = reason
                return [effect for call_id in list(self.calls) for effect in self._abandon(call_id, reason)]
            case _:
                assert_never(event)

    # --- the model asks -----------------------------------------------------------------------------------

    def _requested(self, event: Requested) -> list[DeskEffect]:
        call_id, spec = event.call_id, event.spec
        given = refusal(self.over) if self.over else None
        if (result := self.settled.get((call_id, event.occurrence), given)) is not None:
            return [Settle(call_id, result)]
        if call_id in self.calls:
            return self._requested_again(event, self.calls[call_id])
        call = Call(spec, event.arguments, arguments_hash(event.arguments), event.occurrence, event.is_frontend)
        self.calls[call_id] = call
        started = Tell(ToolStarted(call_id, spec.name, spec.title, spec.kind, call.arguments))
        ruling = self.ruling(call, is_granted=event.is_granted)
        call.hindrance = hindrance(spec.name, ruling.rule, is_offered=event.is_offered)
        decided = Decided(ruling.why if event.is_offered and ruling.why else Decision.NOT_OFFERED, self.here)
        # Asked about whatever became of it before: a refusal, too, can be asked for in circles.
        if self.doom_loop.seen(spec.name, call.arguments_hash):
            return [started, *self._ask(call_id, call, is_repeated=True)]
        if call.hindrance:
            return [started, *self.end(call_id, CallEvent.DENY, call.hindrance, decided)]
        if ruling.rule is Rule.ALLOW:
            call.state = after(call.state, CallEvent.ALLOW)
            return [started, *self._allowed(call_id, call, decided)]
        return [started, *self._ask(call_id, call, is_repeated=False)]

    def _requested_again(self, event: Requested, call: Call) -> list[DeskEffect]:
        if call.is_awaited:
            return []
        if not call.is_asked_for_by(event):
            return [Settle(event.call_id, refusal(SAME_ID))]
        call.is_awaited, call.is_frontend, call.spec = True, event.is_frontend, event.spec
        # Nothing of it is stored, and another device may be there: found out anew.
        rule = self.ruling(call).rule
        call.hindrance = hindrance(event.spec.name, rule, is_offered=event.is_offered) or call.misfit
        match call.state:
            case CallState.APPROVED if call.hindrance:
                return self.end(event.call_id, CallEvent.CANCEL, call.hindrance)
            case CallState.APPROVED:
                return self._go_after_all(event.call_id, call, is_granted=event.is_granted)
            case CallState.CLAIMED:
                return self._claimed_before(event.call_id, call)
            case _:
                return []

    def _ask(self, call_id: ToolCallId, call: Call, *, is_repeated: bool) -> list[DeskEffect]:
        times = self.doom_loop.times(call.spec.name, call.arguments_hash) if is_repeated else None
        call.ask(Deadline(self.clock(), self.patience), times)
        record = self.record(call_id, call)
        return [Keep(record), Ask(record)]

    # --- the person answers -------------------------------------------------------------------------------

    def _answered(self, event: Answered) -> list[DeskEffect]:
        call_id, choice = event.call_id, event.choice
        call = self.calls.get(call_id)
        if call is None or call.state is not CallState.SHOWN:
            return []
        if choice is None or not call.offers(choice):
            return self._unanswered(call_id, CallEvent.CANCEL, "The approval was closed without an answer.")
        if choice.allows and event.arguments is not None:
            call.edit(event.arguments)
        misfit = call.misfit
        if not misfit:
            self.policy.remember(choice, call.spec)
        where = self.where(event)
        if choice.allows and (barred := self.barred(call, where) or misfit):
            decided = Decided(Decision.UNFIT if barred == misfit else Decision.DENIED_BY_POLICY, where)
            return self.end(call_id, CallEvent.REJECT, barred, decided)
        decided = Decided(CHOSEN[choice], where)
        if choice.allows:
            call.approve(self.device, sent_to=event.device)
            return self._allowed(call_id, call, decided)
        if call.asks_whether_to_go_on:
            error = f"The user stopped the turn: {call.spec.name} was asked for again and again."
            return [*self.end(call_id, CallEvent.REJECT, error, decided), StopTurn()]
        why = f" They say: {event.reason}" if event.reason else ""
        return self.end(call_id, CallEvent.REJECT, f"The user declined to run {call.spec.name}.{why}", decided)

    def _unanswered(self, call_id: ToolCallId, event: CallEvent, error: str) -> list[DeskEffect]:
        # An agent that goes in circles does not go on unless somebody says so: nobody may be there any more.
        goes_in_circles = call_id in self.calls and self.calls[call_id].asks_whether_to_go_on
        effects = self.end(call_id, event, error)
        return [*effects, StopTurn()] if effects and goes_in_circles else effects

    # --- it runs ------------------------------------------------------------------------------------------

    def _allowed(self, call_id: ToolCallId, call: Call, decided: Decided) -> list[DeskEffect]:
        # Stored in any case: only what is stored can be claimed.
        keep = Keep(self.record(call_id, call), decided)
        return [keep, *self._go(call_id, call)] if call.is_awaited else [keep, Wake()]

    def _go_after_all(self, call_id: ToolCallId, call: Call, *, is_granted: bool = False) -> list[DeskEffect]:
        if call.deadline is not None or (call.is_frontend and not self.device):
            return self._go(call_id, call)
        # No person was asked, and what allowed it then may not hold here and now.
        ruling = self.ruling(call, is_granted=is_granted)
        if why := hindrance(call.spec.name, ruling.rule, is_offered=True):
            return self.end(call_id, CallEvent.CANCEL, why)
        if ruling.why is None:
            return self._ask(call_id, call, is_repeated=False)
        return self._allowed(call_id, call, Decided(ruling.why, self.here))

    def _go(self, call_id: ToolCallId, call: Call) -> list[DeskEffect]:
        device = call.sent_to or self.device
        if call.is_frontend and not device:  # it waits for a tab to run in
            return []
        if call.is_for_another_than(device):
            call.ask_again()
            record = self.record(call_id, call)
            return [Keep(record), Ask(record)]
        call.claim_for(device, self.epoch)
        return [Claim(self.record(call_id, call))]

    def _claimed_before(self, call_id: ToolCallId, call: Call) -> list[DeskEffect]:
        # The device that it was claimed for keeps a journal: asked again, it gives what it gave.
        if call.is_frontend and not self.device:
            return []
        if call.is_frontend and call.device == self.device and not call.hindrance:
            call.is_under_way = True
            return [Run(call_id)]
        return self.end(call_id, CallEvent.LOSE, IN_DOUBT)

    # --- who is there -------------------------------------------------------------------------------------

    def _seated(self) -> list[DeskEffect]:
        effects: list[DeskEffect] = []
        for call_id, call in list(self.calls.items()):
            match call.state:
                case CallState.SHOWN:
                    effects.append(Ask(self.record(call_id, call)))
                case _ if not call.is_awaited:
                    effects.append(Wake())
                case CallState.APPROVED:
                    effects += self._go_after_all(call_id, call)
                case CallState.CLAIMED if not call.is_under_way:
                    effects += self._claimed_before(call_id, call)
                case _:
                    pass
        return effects

    # --- it ends ------------------------------------------------------------------------------------------

    def _abandon(self, call_id: ToolCallId, reason: str) -> list[DeskEffect]:
        if self.calls[call_id].state is CallState.CLAIMED:
            return self.end(call_id, CallEvent.LOSE, f"{reason} The tool may have run.")
        return [Withdraw(call_id, reason), *self.end(call_id, CallEvent.CANCEL, reason)]
