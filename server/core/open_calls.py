"""The tool calls of a running turn: the open ones, the results of those that are settled, and how one ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.core.decision import Decided, Decision, Whereabouts
from server.core.desk_call import Call
from server.core.desk_events import DeskEffect, Keep, Settle, Tell, Wake, Withdraw
from server.core.records import CallRecord
from server.core.refusal import refusal
from server.core.tool_call import TRANSITIONS, CallEvent, CallState, after
from shared.frames import ToolChanged, ToolStatus
from shared.ids import MessageId, ToolCallId
from shared.json_types import JsonObject

DECISIONS = {
    CallEvent.DENY: Decision.DENIED_BY_POLICY,
    CallEvent.REJECT: Decision.REJECTED_ONCE,
    CallEvent.EXPIRE: Decision.EXPIRED,
    CallEvent.CANCEL: Decision.CANCELLED,
}
"""What an end without a run decides, if nothing more is said."""


@dataclass(kw_only=True)
class OpenCalls:
    """The turn is that of ``message_id``; ``settled`` holds results by call and occurrence. Pure.

    ``device`` is the id of the device that holds the conversation, empty while none does; ``label`` is what it, or the
    last one, is called, and ``signature`` its connection.
    """

    calls: dict[ToolCallId, Call] = field(default_factory=dict)
    settled: dict[tuple[ToolCallId, int], JsonObject] = field(default_factory=dict)
    message_id: MessageId | None = None
    device: str = ""
    label: str = ""
    signature: str = ""

    @property
    def here(self) -> Whereabouts:
        """Where the conversation is held."""
        return Whereabouts(self.device, self.label, self.signature)

    @property
    def waits_for_a_person(self) -> bool:
        """Whether there are open calls, and each can only go on when somebody answers or comes back."""
        return bool(self.calls) and all(call.needs_somebody for call in self.calls.values())

    @property
    def may_doze(self) -> bool:
        """Whether the turn's gate waits, and only for what somebody must answer or come back for."""
        return self.waits_for_a_person and any(call.is_awaited for call in self.calls.values())

    @property
    def has_running(self) -> bool:
        """Whether a tool of the server runs; what runs in a tab can be asked for again."""
        return any(call.is_under_way and not call.is_frontend for call in self.calls.values())

    @property
    def shown(self) -> list[CallRecord]:
        """The calls that a person is asked about."""
        return [self.record(name, call) for name, call in self.calls.items() if call.state is CallState.SHOWN]

    def record(self, call_id: ToolCallId, call: Call) -> CallRecord:
        """What is stored of ``call`` as it is now."""
        assert self.message_id is not None  # noqa: S101  (calls are asked for in a turn)
        return call.record(self.message_id, call_id)

    def doze(self) -> list[DeskEffect]:
        """Nobody waits at the gate."""
        for call in self.calls.values():
            call.is_awaited = call.is_under_way = False
        return []

    def release(self, call_id: ToolCallId) -> list[DeskEffect]:
        """What was claimed was sent nowhere: it may be claimed again."""
        call = self.calls.get(call_id)
        if call is None or call.state is not CallState.CLAIMED:
            return []
        call.release()
        return [Keep(self.record(call_id, call))]

    def finish(self, call_id: ToolCallId, result: JsonObject, *, failed: bool) -> list[DeskEffect]:
        """What was claimed ran, and gave ``result``."""
        call = self.calls.get(call_id)
        if call is None or call.state is not CallState.CLAIMED:
            return []
        event = CallEvent.FAIL if failed else CallEvent.SUCCEED
        return self.close(call_id, call, event, result, "failed" if failed else "completed")

    def end(
        self, call_id: ToolCallId, event: CallEvent, error: str, decided: Decided | None = None
    ) -> list[DeskEffect]:
        """The call does not give a result of its own: the model is told ``error``, a sentence.

        One that is not open, or to which ``event`` cannot happen, stays as it is: no effects.
        """
        call = self.calls.get(call_id)
        if call is None or (call.state, event) not in TRANSITIONS:
            return []
        is_awaited, result = call.is_awaited, refusal(error)
        if decided is None and event in DECISIONS:
            decided = Decided(DECISIONS[event], self.here)
        effects = self.close(call_id, call, event, result, "failed", decided=decided)
        effects.append(Settle(call_id, result) if is_awaited else Wake())
        return [Withdraw(call_id, error), *effects] if event is CallEvent.EXPIRE else effects

    def close(
        self,
        call_id: ToolCallId,
        call: Call,
        event: CallEvent,
        result: JsonObject,
        status: ToolStatus,
        *,
        decided: Decided | None = None,
    ) -> list[DeskEffect]:
        """The call is over with ``result``: that is stored and told."""
        call.state, call.result = after(call.state, event), result
        self.settled[call_id, call.occurrence] = result
        del self.calls[call_id]
        return [Keep(self.record(call_id, call), decided), Tell(ToolChanged(call_id, status, result))]
