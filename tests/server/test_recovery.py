"""What stopped goes on when a server starts, whatever it had got to, and though nobody is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from server.context import TurnContext
from server.conversations.sessions import SessionManager
from server.conversations.turns import CANCELLED
from server.core.canonical import arguments_hash
from server.core.deadline import Deadline, Moment
from server.core.lease import Lease
from server.core.records import CallRecord, TurnRecord, TurnState
from server.core.refusal import IN_DOUBT
from server.core.remembered import Remembered
from server.core.session_events import Said
from server.core.session_key import SessionKey
from server.core.tool_call import CallState
from server.recovery import go_on
from shared.catalog import change_bgm
from shared.errors import StorageError
from shared.frames import AgentSaid, Device, TurnEnded, Update, UserSaid
from shared.ids import ClaimId, ConnectionSignature, MessageId, SessionId, ToolCallId
from shared.json_types import JsonObject
from tests.server.agent_for_tests import AgentForTests, use
from tests.server.services_for_tests import ADA, BOB, Setup, answered, begun, until
from tests.server.tab_for_tests import TabForTests

KEY = SessionKey(ADA, SessionId("session_ada_1"))
ONE, TWO = MessageId("one"), MessageId("two")
CALL = ToolCallId("call-one")


class Playing(AgentForTests):
    """Asks for one tool, and says what came of it; greets who says hello. ``told`` is what it was told it had said."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str | None] = []

    async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid]:
        self.told.append(None if turn.told is None else turn.told.said)
        if turn.text == "hello" or turn.abort.is_set():
            # A turn that is cancelled gets no tool from the gate.
            yield AgentSaid("hello")
            return
        result = await use(turn, f"call-{turn.message_id}", change_bgm.SPEC, {"track": 1})
        yield AgentSaid(str(result))


class Stopped:
    """A server that comes after one that stopped; ``call`` is how far the turn's call had got."""

    def __init__(self, *, turn: TurnState = TurnState.RUNNING, call: CallState | None = None) -> None:
        self.agent = Playing()
        self.setup = Setup(self.agent)
        ledger = self.setup.ledger
        ledger.kept[ADA, KEY.session_id] = _remembered()
        ledger.leases[KEY] = Lease(
            3, ConnectionSignature("gone"), Device("device-1", "PC", "pc"), "", (change_bgm.SPEC,)
        )
        is_begun = turn is not TurnState.WAITING
        ledger.turns[KEY] = {ONE: TurnRecord(ONE, "play", turn, int(is_begun))}
        ledger.told[KEY] = {1: UserSaid(ONE, "play"), 2: AgentSaid("Well, ")} if is_begun else {}
        if call is not None:
            ledger.calls[KEY] = {(ONE, CALL, 1): self.record(call)}

    def record(self, state: CallState) -> CallRecord:
        is_claimed = state in {CallState.CLAIMED, CallState.DONE}
        return CallRecord(
            message_id=ONE,
            call_id=CALL,
            name="change_bgm",
            title="Change the music",
            kind=change_bgm.SPEC.kind,
            risk="",
            arguments={"track": 1},
            arguments_hash=arguments_hash({"track": 1}),
            state=state,
            deadline=Deadline(self.setup.clock(), 60),
            claim=ClaimId("claim-1") if is_claimed else None,
            epoch=3 if is_claimed else 0,
            device="device-1" if is_claimed else "",
            result={"success": True, "track": 1} if state is CallState.DONE else None,
        )

    async def starts(self) -> None:
        """The server is up: what stopped goes on, until nothing is under way any more."""
        recovery = asyncio.create_task(go_on(self.setup.sessions, self.setup.services.stores, self.setup.clock))
        for _ in range(100):
            await asyncio.sleep(0)
        recovery.cancel()
        await asyncio.wait({recovery})

    async def comes(self, device: str = "device-1") -> TabForTests:
        """A tab that holds the conversation now."""
        tab = TabForTests()
        tab.device = Device(device, device, "pc")
        await self.setup.sessions.open(ADA, tab, KEY.session_id, answered(after=0))
        return tab

    async def ends(self) -> None:
        await until(lambda: any(isinstance(update, TurnEnded) for update in self.told))

    @property
    def told(self) -> list[Update]:
        return list(self.setup.ledger.told[KEY].values())

    @property
    def result(self) -> JsonObject | None:
        return self.setup.ledger.settled(KEY, CALL).result


def _remembered() -> Remembered:
    """What is kept of a conversation that has just begun."""
    return _KEPT[0]


_KEPT: list[Remembered] = []


@pytest.fixture(autouse=True)
async def _kept() -> None:
    setup = Setup(AgentForTests())
    talk = begun(setup.sessions, ADA, TabForTests())
    await talk.prompt(Said(MessageId("zero"), "hello"))
    kept = setup.ledger.kept[ADA, talk.key.session_id]
    _KEPT[:] = [replace(kept, seen=(ONE,), seq=2)]


async def test_a_turn_that_had_not_begun_begins_and_asks_whoever_comes() -> None:
    it = Stopped(turn=TurnState.WAITING)
    await it.starts()
    assert it.agent.told == [None]
    tab = await it.comes()
    await it.ends()
    assert (len(tab.asked), len(tab.called)) == (1, 1)
    assert isinstance(tab.updates[0], UserSaid)


async def test_a_turn_that_had_begun_goes_on_and_is_told_what_it_said() -> None:
    it = Stopped()
    await it.starts()
    assert it.agent.told == ["Well, "]
    tab = await it.comes()
    await it.ends()
    assert [seq for _, seq, _ in tab.sent] == list(range(1, len(tab.sent) + 1)), "no number is used twice"


async def test_a_question_that_was_open_waits_and_is_asked_of_whoever_comes() -> None:
    it = Stopped(call=CallState.SHOWN)
    await it.starts()
    assert it.agent.told == [], "nothing runs for it"
    assert it.setup.sessions.running_turns == 0
    tab = await it.comes("phone")
    await it.ends()
    assert [asked.call_id for asked in tab.asked] == [CALL]
    assert it.result == {"success": True, "track": 1}


async def test_an_approved_call_runs_once_a_tab_is_there() -> None:
    it = Stopped(call=CallState.APPROVED)
    await it.starts()
    tab = await it.comes()
    await it.ends()
    assert (len(tab.asked), len(tab.called)) == (0, 1)
    assert it.result == {"success": True, "track": 1}


@pytest.mark.parametrize("device", ["device-1", "phone"])
async def test_a_claimed_call_is_sent_again_to_its_own_device_and_to_no_other(device: str) -> None:
    it = Stopped(call=CallState.CLAIMED)
    await it.starts()
    tab = await it.comes(device)
    await it.ends()
    assert tab.asked == []
    assert [call.claim for call in tab.called] == (["claim-1"] if device == "device-1" else [])
    expected: JsonObject = {"success": True, "track": 1}
    assert it.result == (expected if device == "device-1" else {"success": False, "error": IN_DOUBT})


async def test_a_call_that_was_settled_is_not_run_again_and_the_turn_ends_though_nobody_is_there() -> None:
    it = Stopped(call=CallState.DONE)
    await it.starts()
    await it.ends()
    assert AgentSaid("{'success': True, 'track': 1}") in it.told
    await until(lambda: it.setup.sessions.live == ())


async def test_turns_that_waited_behind_go_on_in_their_order() -> None:
    it = Stopped(call=CallState.DONE)
    it.setup.ledger.turns[KEY][TWO] = TurnRecord(TWO, "again")
    await it.starts()
    tab = await it.comes()
    await until(lambda: sum(isinstance(update, TurnEnded) for update in it.told) == 2)
    assert [update.message_id for update in it.told if isinstance(update, UserSaid)] == [ONE, TWO]
    assert len(tab.called) == 1


@pytest.mark.parametrize("call", [None, CallState.SHOWN, CallState.APPROVED, CallState.CLAIMED])
async def test_a_turn_that_was_being_cancelled_ends_cancelled_and_what_was_said_later_is_answered(
    call: CallState | None,
) -> None:
    it = Stopped(turn=TurnState.CANCELLING, call=call)
    it.setup.ledger.turns[KEY][TWO] = TurnRecord(TWO, "hello")
    await it.starts()
    await until(lambda: sum(isinstance(update, TurnEnded) for update in it.told) == 2)
    tab = await it.comes()
    assert [(end.message_id, end.stop_reason) for end in it.told if isinstance(end, TurnEnded)] == [
        (ONE, "cancelled"),
        (TWO, "end_turn"),
    ]
    assert (tab.asked, tab.called) == ([], [])
    if call is not None:
        expected = CallState.IN_DOUBT if call is CallState.CLAIMED else CallState.CANCELLED
        assert it.setup.ledger.settled(KEY, CALL).state is expected


@pytest.mark.parametrize("call", [CallState.SHOWN, CallState.CLAIMED])
async def test_a_turn_that_was_being_cancelled_asks_and_runs_nothing_when_its_tab_comes_first(call: CallState) -> None:
    it = Stopped(turn=TurnState.CANCELLING, call=call)
    tab = await it.comes()
    await it.ends()
    assert [end.stop_reason for end in it.told if isinstance(end, TurnEnded)] == ["cancelled"]
    assert (tab.asked, tab.called) == ([], [])
    assert it.result is not None
    assert str(it.result["error"]).startswith(CANCELLED)


async def test_a_question_whose_time_is_over_ends_though_nobody_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.recovery.LOOK_EVERY", 0.01)
    it = Stopped(call=CallState.SHOWN)
    recovery = asyncio.create_task(go_on(it.setup.sessions, it.setup.services.stores, it.setup.clock))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not any(isinstance(update, TurnEnded) for update in it.told)
    it.setup.ahead = 61
    await it.ends()
    recovery.cancel()
    assert it.setup.ledger.settled(KEY, CALL).state is CallState.EXPIRED


async def test_after_a_restart_of_the_machine_a_question_has_its_whole_time_again() -> None:
    it = Stopped(call=CallState.SHOWN)
    record = it.setup.ledger.calls[KEY][ONE, CALL, 1]
    old = replace(record, deadline=Deadline(Moment("the boot before", 10**9), 60))
    it.setup.ledger.calls[KEY][ONE, CALL, 1] = old
    await it.starts()
    tab = await it.comes()
    await it.ends()
    assert 59 < tab.asked[0].expires_in <= 60


async def test_a_conversation_that_cannot_be_read_does_not_keep_the_server_from_looking_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("server.recovery.LOOK_EVERY", 0.01)
    it = Stopped(call=CallState.SHOWN)
    honest, fails = it.setup.ledger.overdue, [True, True]

    async def overdue(now: Moment) -> list[SessionKey]:
        if fails:
            fails.pop()
            raise StorageError("The database failed.")
        return await honest(now)

    it.setup.ledger.overdue = overdue  # type: ignore[method-assign]  # a storage that fails twice
    it.setup.ahead = 61
    recovery = asyncio.create_task(go_on(it.setup.sessions, it.setup.services.stores, it.setup.clock))
    await it.ends()
    recovery.cancel()
    assert "could not go on" in caplog.text or not fails


async def test_nobody_elses_turn_goes_on_with_it() -> None:
    it = Stopped(call=CallState.DONE)
    sessions: SessionManager = it.setup.sessions
    tab = TabForTests()
    bobs = begun(sessions, BOB, tab)
    await it.starts()
    await it.ends()
    assert tab.sent == []
    assert sessions.live == (bobs,)
