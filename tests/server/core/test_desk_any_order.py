"""Whatever happens, in any order and with crashes: what was approved runs once at most, and nothing else runs."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from server.core.canonical import arguments_hash
from server.core.decision import Decision
from server.core.desk import Desk
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
    Wake,
)
from server.core.identity import identity_named
from server.core.policy import Policy
from server.core.policy_rules import Rule
from server.core.records import CallRecord
from server.core.tool_call import TRANSITIONS, CallState
from shared.catalog import change_bgm
from shared.frames import Choice
from shared.ids import ClaimId, MessageId, ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

TURN = MessageId("turn")
ADA = identity_named("default", "ada")
DONE: JsonObject = {"success": True}
RULES = {"calculate": Rule.ALLOW, "forbidden": Rule.DENY}
ANY: JsonObject = {"type": "object"}
SPECS = (
    replace(change_bgm.SPEC, input_schema=ANY),
    ToolSpec("search", "Search", "Search", ANY),
    ToolSpec("forbidden", "Forbidden", "Forbidden", ANY),
    ToolSpec("calculate", "Calculate", "Calculate", ANY),
)
FRONTEND = {change_bgm.SPEC.name}
NAMES = tuple(ToolCallId(str(n)) for n in range(9))
CALLS = st.sampled_from(NAMES)
CLAIMABLE = {CallState.SHOWN, CallState.APPROVED}
REFUSED = {CallState.DENIED, CallState.EXPIRED, CallState.CANCELLED}
SETTLED = set(CallState) - {state for state, _ in TRANSITIONS}
Key = tuple[ToolCallId, int]


def wanted(call_id: ToolCallId, occurrence: int, *, is_offered: bool = True) -> Requested:
    """What the model asks for under that id: always the same, as it is read from the stored answer."""
    # Few tools and no arguments: the same call comes again and again.
    spec = SPECS[(int(call_id) + occurrence - 1) % 3 if int(call_id) else 3]
    is_frontend = spec.name in FRONTEND
    return Requested(call_id, spec, {}, is_offered or not is_frontend, occurrence, is_frontend)


class DeskMachine(RuleBasedStateMachine):
    """A desk, the gate and the storage around it: each event's effects are stored together, or lost in a crash."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[Key, CallRecord] = {}
        self.claims: Counter[Key] = Counter()
        self.gone: dict[Key, list[tuple[ClaimId | None, str]]] = {}
        self.edits: dict[Key, str] = {}
        self.shown: dict[Key, str] = {}
        self.yes: set[Key] = set()
        self.grants: set[tuple[str, str, str]] = set()
        self.granted: set[Key] = set()
        self.gate: dict[ToolCallId, Requested] = {}
        self.running: set[ToolCallId] = set()
        self.policy = Policy(RULES)
        self.seat = Seated("pc", 1)
        self.is_lost = self.is_stolen = False
        self.desk = Desk(message_id=TURN, policy=self.policy, device="pc", epoch=1)

    # --- what happens ---------------------------------------------------------------------------------------

    @rule(call_id=CALLS, occurrence=st.sampled_from([1, 1, 1, 2]), is_offered=st.sampled_from([True, True, False]))
    def ask(self, call_id: ToolCallId, occurrence: int, *, is_offered: bool) -> None:
        if call_id in self.gate or call_id in self.running:
            return
        request = wanted(call_id, occurrence, is_offered=is_offered)
        asked = self.desk.may_be_granted(request, ADA, "/work")
        if asked is not None and (asked.device, asked.tool, asked.arguments_hash) in self.grants:
            request = replace(request, is_granted=True)
            self.granted.add((call_id, occurrence))
        self.gate[call_id] = request
        was = self.stored.get((call_id, occurrence))
        is_lost = self.is_lost
        effects = self.happens(request)
        if not is_lost and was is not None and was.state is CallState.CLAIMED and not request.is_frontend and effects:
            assert self.stored[call_id, occurrence].state is CallState.IN_DOUBT

    @rule(call_id=CALLS, choice=st.none() | st.sampled_from(Choice) | st.just(Choice.ALLOW_ONCE), edit=st.booleans())
    def answer(self, call_id: ToolCallId, choice: Choice | None, *, edit: bool) -> None:
        # Mostly to what is asked, at times to what is not.
        shown = [call.call_id for call in self.desk.shown]
        if shown and int(call_id) % 4:
            call_id = shown[int(call_id) % len(shown)]
        self.answered(call_id, choice, edit=edit)

    def answered(self, call_id: ToolCallId, choice: Choice | None, *, edit: bool) -> None:
        call = self.desk.calls.get(call_id)
        arguments: JsonObject | None = {"edited": True} if edit else None
        if (
            call is not None
            and call.state is CallState.SHOWN
            and choice in call.choices
            and choice.allows
            and not self.is_lost
        ):
            self.yes.add((call_id, call.occurrence))
            if arguments is not None:
                self.edits[call_id, call.occurrence] = arguments_hash(arguments)
        is_shown = not self.is_lost and call is not None and call.state is CallState.SHOWN
        was_awaited = call is not None and call.is_awaited
        effects = self.happens(Answered(call_id, choice, arguments))
        if is_shown and not was_awaited:
            assert Wake() in effects, "the turn goes on with what was answered"

    @rule(call_id=CALLS, edit=st.booleans())
    def ask_and_allow(self, call_id: ToolCallId, *, edit: bool) -> None:
        """What mostly happens: without it, too little would ever run here."""
        self.ask(call_id, 1, is_offered=True)
        self.answered(call_id, Choice.ALLOW_ONCE, edit=edit)

    @rule(is_offered=st.sampled_from([True, True, False]))
    def go_on(self, *, is_offered: bool) -> None:
        """The turn goes on: its gate asks again for what is open."""
        for call_id, call in list(self.desk.calls.items()):
            self.ask(call_id, call.occurrence, is_offered=is_offered)

    @rule(call_id=CALLS)
    def expire(self, call_id: ToolCallId) -> None:
        self.happens(Expired(call_id))

    @rule(call_id=CALLS, failed=st.booleans())
    def finish(self, call_id: ToolCallId, *, failed: bool) -> None:
        if call_id in self.running:
            self.happens(Finished(call_id, DONE, failed=failed))
            self.running.discard(call_id)

    @rule(device=st.sampled_from(["pc", "pc", "phone", ""]))
    def sit(self, device: str) -> None:
        self.seat = Seated(device, self.seat.epoch + bool(device))
        self.happens(self.seat)

    @rule()
    def doze(self) -> None:
        self.happens(Dozed())
        self.gate.clear()
        self.running.clear()

    @rule()
    def abandon(self) -> None:
        is_lost = self.is_lost
        self.happens(Abandoned("The turn is cancelled."))
        self.running.clear()
        assert is_lost or self.desk.calls == {}
        assert self.gate == {}, "every request is answered"

    @rule()
    def steal(self) -> None:
        self.is_stolen = True

    @rule(is_early=st.booleans())
    def crash(self, *, is_early: bool) -> None:
        """Now, or before the next effects are stored."""
        self.is_lost = is_early
        if not is_early:
            self.restart()

    def restart(self) -> None:
        self.is_lost = False
        self.gate.clear()
        self.running.clear()
        self.seat = Seated("", self.seat.epoch)
        self.desk = Desk(policy=self.policy, epoch=self.seat.epoch)
        self.desk.restore(TURN, self.stored.values())

    # --- what follows ---------------------------------------------------------------------------------------

    def happens(self, event: DeskEvent) -> list[DeskEffect]:
        answers = deepcopy(self.policy.answers)
        effects = self.desk.on(event)
        if self.is_lost:
            self.policy = Policy(RULES, answers)
            self.restart()
            return [Wake()]
        for effect in effects:
            if isinstance(effect, Keep):
                self.keep(effect.call)
                if effect.decided is not None and effect.decided.decision is Decision.ALLOWED_EXACTLY:
                    where, call = effect.decided.where, effect.call
                    self.grants.add((where.device, call.name, call.arguments_hash))
        for effect in effects:
            match effect:
                case Ask(call):
                    key = call.call_id, call.occurrence
                    assert self.stored[key] == call, "stored before it is shown"
                    assert self.shown.setdefault(key, call.arguments_hash) == call.arguments_hash
                case Claim(call):
                    self.claim(call)
                case Run(call_id):
                    self.run_again(call_id)
                case Settle(call_id):
                    self.running.discard(call_id)
                    assert self.gate.pop(call_id, None) or isinstance(event, Abandoned), "each is answered once"
                case _:
                    pass
        return effects

    def keep(self, call: CallRecord) -> None:
        key = call.call_id, call.occurrence
        before = self.stored.get(key)
        assert before is None or before.result is None, "what is settled stays so"
        assert call.state is not CallState.CLAIMED, "only a claim claims"
        self.stored[key] = call

    def claim(self, call: CallRecord) -> None:
        key = call.call_id, call.occurrence
        assert self.stored[key].state in CLAIMABLE, "only what is stored and not claimed is claimed"
        assert call.epoch == self.seat.epoch
        if self.is_stolen:
            self.is_stolen = False
            self.happens(Missed(call.call_id))
            return
        self.stored[key] = call
        self.claims[key] += 1
        self.go(call)

    def run_again(self, call_id: ToolCallId) -> None:
        call = self.desk.calls[call_id]
        record = self.stored[call_id, call.occurrence]
        assert record.state is CallState.CLAIMED
        assert call.record(TURN, call_id).claim == record.claim, "the same claim, which the device's journal knows"
        assert record.device == self.seat.device != "", "only on the device that it was claimed for"
        self.go(record)

    def go(self, call: CallRecord) -> None:
        key = call.call_id, call.occurrence
        request = self.gate.pop(call.call_id)
        self.running.add(call.call_id)
        assert self.claims[key] == 1, "a call is claimed once"
        assert (call.name, call.occurrence) == (request.spec.name, request.occurrence), "what was asked for runs"
        assert call.name != "forbidden"
        assert request.is_offered, "what the device lacks never runs"
        runs = self.gone.setdefault(key, [])
        assert not runs or (call.name in FRONTEND and {(call.claim, call.device)} == set(runs))
        runs.append((call.claim, call.device))
        assert not request.is_frontend or call.device
        asked = arguments_hash({})
        if call.is_edited:
            assert key in self.yes, "the person changed it"
            asked = self.edits[key]
        assert call.arguments_hash == asked == arguments_hash(call.arguments)
        is_allowed = call.name == "calculate" or call.name in self.policy.answers.allowed_tools
        assert key in self.yes or key in self.granted or is_allowed, "nothing runs that nobody approved"

    # --- what always holds ----------------------------------------------------------------------------------

    @invariant()
    def each_request_is_answered_or_waits_for_somebody(self) -> None:
        for call_id in self.gate:
            call = self.desk.calls[call_id]
            assert call.is_awaited
            assert call.needs_somebody
            waits_for_a_tab = call.state in {CallState.APPROVED, CallState.CLAIMED}
            assert not waits_for_a_tab or (call.is_frontend and not self.seat.device)

    @invariant()
    def a_call_is_claimed_at_most_once_and_what_was_refused_never_ran(self) -> None:
        assert all(count == 1 for count in self.claims.values())
        for key, record in self.stored.items():
            assert record.state not in REFUSED or key not in self.gone
            assert record.result is None or record.state in SETTLED

    @invariant()
    def the_desk_holds_what_is_stored(self) -> None:
        for call_id, call in self.desk.calls.items():
            assert self.stored[call_id, call.occurrence] == call.record(TURN, call_id)
        open_ones = {key for key, record in self.stored.items() if record.result is None}
        assert open_ones == {(call_id, call.occurrence) for call_id, call in self.desk.calls.items()}

    @precondition(lambda self: not self.gate)
    @rule(device=st.sampled_from(["pc", "phone"]))
    def come_to_an_end(self, device: str) -> None:
        """The turn goes on, somebody comes and says yes to all: nothing hangs."""
        self.is_lost = self.is_stolen = False
        self.sit(device)
        for call_id, call in list(self.desk.calls.items()):
            if call_id not in self.running:
                self.ask(call_id, call.occurrence, is_offered=True)
                self.answered(call_id, Choice.ALLOW_ONCE, edit=False)
        assert self.gate == {}
        for call_id in list(self.running):
            self.finish(call_id, failed=False)
        assert self.desk.calls == {}


TestInAnyOrder = DeskMachine.TestCase
TestInAnyOrder.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
