"""The desk of one conversation: which tool calls are open, who was asked, and what follows from each event.

Pure: :meth:`Desk.on` takes an event and returns effects, in the order they are to be done. An event that comes
too late (an answer to a settled call, a second result) returns no effects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from server.core.canonical import arguments_hash
from server.core.desk_events import (
    Abandoned,
    Answered,
    Ask,
    DeskEffect,
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
from server.core.doom_loop import DoomLoop, ordinal
from server.core.policy import Policy, Rule
from server.core.tool_call import TRANSITIONS, CallEvent, CallState, after
from shared.frames import Choice, ToolChanged, ToolStarted
from shared.ids import ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

WHETHER_TO_GO_ON = (Choice.ALLOW_ONCE, Choice.REJECT_ONCE)
"""The choices when the agent goes in circles: an "always" would be no answer to that."""


def refusal(error: str) -> JsonObject:
    """What the model is given in place of a result."""
    return {"success": False, "error": error}


@dataclass
class Call:
    """One call on the desk. ``hindrance`` says why it does not run whatever the person says; mostly empty."""

    spec: ToolSpec
    arguments: JsonObject
    arguments_hash: str
    hindrance: str = ""
    state: CallState = CallState.REQUESTED
    choices: tuple[Choice, ...] = tuple(Choice)

    @property
    def asks_whether_to_go_on(self) -> bool:
        """Whether the person is asked about the agent going in circles."""
        return self.choices == WHETHER_TO_GO_ON


@dataclass
class Desk:
    """The open calls of one conversation. Settled calls leave the desk; their ids are never taken again."""

    policy: Policy = field(default_factory=Policy)
    doom_loop: DoomLoop = field(default_factory=DoomLoop)
    calls: dict[ToolCallId, Call] = field(default_factory=dict)

    def on(self, event: DeskEvent) -> list[DeskEffect]:
        """What follows from ``event``."""
        match event:
            case Requested():
                return self._requested(event)
            case Answered(call_id, choice):
                return self._answered(call_id, choice)
            case Expired(call_id):
                return self._unanswered(call_id, CallEvent.EXPIRE, "Nobody answered the approval in time.")
            case Finished(call_id, result, failed):
                return self._finished(call_id, result, failed=failed)
            case Abandoned(reason):
                return [effect for call_id in list(self.calls) for effect in self._abandon(call_id, reason)]
            case _:
                assert_never(event)

    def _requested(self, event: Requested) -> list[DeskEffect]:
        if event.call_id in self.calls:
            return []
        call_id, spec = event.call_id, event.spec
        call = self.calls[call_id] = Call(spec, event.arguments, arguments_hash(event.arguments))
        started = Tell(ToolStarted(call_id, spec.name, spec.title, spec.kind, call.arguments))
        rule = self.policy.decide(spec.name, call.arguments_hash)
        if not event.is_offered:
            call.hindrance = f"This device does not offer the tool {spec.name}."
        elif rule is Rule.DENY:
            call.hindrance = f"The tool {spec.name} is not allowed here."
        # Asked about whatever became of it before: a refusal, too, can be asked for in circles.
        if self.doom_loop.seen(spec.name, call.arguments_hash):
            return [started, self._ask(call_id, call, is_repeated=True)]
        if call.hindrance:
            return [started, *self._end(call_id, CallEvent.DENY, call.hindrance)]
        if rule is Rule.ALLOW:
            return [started, *self._claim(call_id, CallEvent.ALLOW)]
        return [started, self._ask(call_id, call, is_repeated=False)]

    def _ask(self, call_id: ToolCallId, call: Call, *, is_repeated: bool) -> Ask:
        call.state = after(call.state, CallEvent.ASK)
        risk = call.hindrance or call.spec.risk
        if is_repeated:
            call.choices = WHETHER_TO_GO_ON
            times = ordinal(self.doom_loop.times(call.spec.name, call.arguments_hash))
            risk = f"The agent asks for this same call for the {times} time in this turn. Should it go on? {risk}"
        return Ask(call_id, call.spec, call.arguments, call.arguments_hash, risk, call.choices)

    def _answered(self, call_id: ToolCallId, choice: Choice | None) -> list[DeskEffect]:
        call = self.calls.get(call_id)
        if call is None or call.state is not CallState.SHOWN:
            return []
        if choice is None or choice not in call.choices:
            return self._unanswered(call_id, CallEvent.CANCEL, "The approval was closed without an answer.")
        self.policy.remember(choice, call.spec.name, call.arguments_hash)
        if choice.allows and call.hindrance:
            return self._end(call_id, CallEvent.REJECT, call.hindrance)
        if choice.allows:
            return self._claim(call_id, CallEvent.APPROVE)
        if call.asks_whether_to_go_on:
            error = f"The user stopped the turn: {call.spec.name} was asked for again and again."
            return [*self._end(call_id, CallEvent.REJECT, error), StopTurn()]
        return self._end(call_id, CallEvent.REJECT, f"The user declined to run {call.spec.name}.")

    def _unanswered(self, call_id: ToolCallId, event: CallEvent, error: str) -> list[DeskEffect]:
        # An agent that goes in circles does not go on unless somebody says so: nobody may be there any more.
        goes_in_circles = call_id in self.calls and self.calls[call_id].asks_whether_to_go_on
        effects = self._end(call_id, event, error)
        return [*effects, StopTurn()] if effects and goes_in_circles else effects

    def _claim(self, call_id: ToolCallId, approval: CallEvent) -> list[DeskEffect]:
        call = self.calls[call_id]
        call.state = after(after(call.state, approval), CallEvent.CLAIM)
        return [Tell(ToolChanged(call_id, "in_progress")), Run(call_id)]

    def _finished(self, call_id: ToolCallId, result: JsonObject, *, failed: bool) -> list[DeskEffect]:
        call = self.calls.get(call_id)
        if call is None or call.state is not CallState.CLAIMED:
            return []
        after(call.state, CallEvent.FAIL if failed else CallEvent.SUCCEED)
        del self.calls[call_id]
        return [Tell(ToolChanged(call_id, "failed" if failed else "completed", result))]

    def _abandon(self, call_id: ToolCallId, reason: str) -> list[DeskEffect]:
        if self.calls[call_id].state is CallState.CLAIMED:
            return self._end(call_id, CallEvent.LOSE, f"{reason} The tool may have run.")
        return [Withdraw(call_id, reason), *self._end(call_id, CallEvent.CANCEL, reason)]

    def _end(self, call_id: ToolCallId, event: CallEvent, error: str) -> list[DeskEffect]:
        call = self.calls.get(call_id)
        if call is None or (call.state, event) not in TRANSITIONS:
            return []
        after(call.state, event)
        del self.calls[call_id]
        result = refusal(error)
        effects: list[DeskEffect] = [Tell(ToolChanged(call_id, "failed", result)), Settle(call_id, result)]
        if event is CallEvent.EXPIRE:
            effects.insert(0, Withdraw(call_id, error))
        return effects
