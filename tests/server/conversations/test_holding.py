"""Who holds a conversation: the lease, its secret, and what becomes of a call whose tab goes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from server.context import TurnContext
from server.conversations.conversation import Conversation
from server.conversations.leasing import opens
from server.core.refusal import IN_DOUBT
from server.core.session_events import Said
from server.core.tool_call import CallState
from shared.catalog import change_bgm
from shared.errors import LinkLostError, SessionHeldError, UnknownSessionError
from shared.frames import Device, ToolCalled, TurnEnded
from shared.ids import MessageId, SessionId, ToolCallId
from shared.json_types import JsonObject
from shared.news import Moved
from tests.server.agent_for_tests import AgentForTests, use
from tests.server.services_for_tests import ADA, ADA_OF_ACME, BOB, Setup, answered, begun, until
from tests.server.tab_for_tests import TabForTests, never

ONE = Said(MessageId("one"), "hello")
CALL = ToolCallId("call-one")


def tab_on(device: str, **more: object) -> TabForTests:
    tab = TabForTests(**more)  # type: ignore[arg-type]  # passed on as they came
    tab.device = Device(device, device.upper(), "pc")
    return tab


async def change_track(turn: TurnContext) -> str:
    return str(await use(turn, f"call-{turn.message_id}", change_bgm.SPEC, {"track": 1}))


class LosingTab(TabForTests):
    """Its tools run until its connection is gone."""

    def __init__(self, device: str) -> None:
        super().__init__(run_tool=self._hang)
        self.device = Device(device, device.upper(), "pc")
        self.lost = asyncio.Event()

    async def _hang(self, _: ToolCalled) -> JsonObject:
        await self.lost.wait()
        raise LinkLostError("The connection to the tab is gone.")


class Held:
    """A conversation that ``tab`` holds; what was said once is stored."""

    def __init__(self, tab: TabForTests, **more: float) -> None:
        self.setup = Setup(AgentForTests(change_track), **more)  # type: ignore[arg-type]  # passed on as they came
        self.tab = tab
        self.talk: Conversation = begun(self.setup.sessions, ADA, tab)
        self.name: SessionId = self.talk.context.session_id
        self.turn: asyncio.Task[TurnEnded] | None = None

    async def asks(self) -> None:
        """A turn is under way, and has got as far as its tab lets it."""
        self.turn = asyncio.create_task(self.talk.prompt(ONE))
        await self.tab.until(lambda: bool(self.tab.asked))

    async def runs(self) -> None:
        """The tool runs in the tab."""
        self.turn = asyncio.create_task(self.talk.prompt(ONE))
        await self.tab.until(lambda: bool(self.tab.called))

    async def goes(self) -> None:
        """The tab's connection is gone."""
        self.tab.is_gone = True
        if isinstance(self.tab, LosingTab):
            self.tab.lost.set()
        await self.setup.sessions.leave(self.tab.signature)

    async def ends(self) -> TurnEnded:
        assert self.turn is not None
        async with asyncio.timeout(5):
            return await self.turn

    def settled(self) -> tuple[CallState, JsonObject | None]:
        record = self.setup.ledger.settled(self.talk.key, CALL)
        return record.state, record.result


# --- who may take it --------------------------------------------------------------------------------------


async def test_while_its_holder_is_connected_nobody_else_gets_it_and_its_device_is_named() -> None:
    held, other = Held(tab_on("pc")), tab_on("phone")
    for secret in (None, "", "a guess", held.talk.holding.lease.secret_hash):
        with pytest.raises(SessionHeldError, match="held by PC") as refused:
            await held.setup.sessions.open(ADA, other, held.name, answered(), secret=secret)
        assert refused.value.holder == Device("pc", "PC", "pc")
    assert held.talk.holding.is_held_by(held.tab.signature)
    assert held.talk.holding.lease.epoch == 1


@pytest.mark.parametrize("how", ["secret", "take over", "gone"])
async def test_who_may_takes_it_and_the_one_before_is_told(how: str) -> None:
    setup, tab, other = Setup(AgentForTests()), tab_on("pc"), tab_on("phone")
    opened = setup.sessions.begin(ADA, tab, answered())
    name = opened.talk.context.session_id
    if how == "gone":
        await opened.talk.prompt(ONE)
        await setup.sessions.leave(tab.signature)
        await until(lambda: setup.sessions.live == ())
    secret = opened.secret if how == "secret" else None
    taken = await setup.sessions.open(ADA, other, name, answered(), secret=secret, take_over=how == "take over")
    lease = taken.talk.holding.lease
    assert (lease.epoch, lease.holder, lease.device) == (2, other.signature, other.device)
    assert taken.talk.holding.is_held_by(other.signature)
    assert setup.ledger.leases[taken.talk.key] == lease, "what counts is stored"
    if how == "gone":
        return
    await tab.until(lambda: bool(tab.news_told))
    assert tab.news_told == [Moved(name, 2, other.device)]
    with pytest.raises(SessionHeldError, match="held by PHONE"):
        await setup.sessions.held(ADA, tab, name)


async def test_a_secret_opens_its_own_lease_and_is_kept_by_who_comes_with_it() -> None:
    setup, tab = Setup(AgentForTests()), tab_on("pc")
    opened = setup.sessions.begin(ADA, tab, answered())
    name, first = opened.talk.context.session_id, opened.secret
    assert opens(opened.talk.holding.lease, first)
    assert first not in str(opened.talk.holding.lease), "only its hash is kept"
    again = await setup.sessions.open(ADA, tab_on("pc"), name, answered(), secret=first)
    assert again.secret == first, "the answer that would tell a new one may be lost"
    other = await setup.sessions.open(ADA, tab_on("phone"), name, answered(), take_over=True)
    assert other.secret != first
    with pytest.raises(SessionHeldError):
        await setup.sessions.open(ADA, tab_on("pc"), name, answered(), secret=first)


async def test_somebody_elses_conversation_and_an_invented_one_cannot_be_taken() -> None:
    held = Held(tab_on("pc"))
    answers = set()
    for who in (BOB, ADA_OF_ACME):
        for name in (held.name, SessionId("invented")):
            with pytest.raises(UnknownSessionError) as refused:
                await held.setup.sessions.open(who, tab_on("phone"), name, answered(), take_over=True)
            answers.add(str(refused.value))
    assert len(answers) == 1
    await until(lambda: held.setup.sessions.live == (held.talk,))


async def test_of_two_that_come_at_once_for_a_free_conversation_one_is_refused() -> None:
    held = Held(tab_on("pc", decide=never))
    await held.asks()
    await held.goes()
    tabs = [tab_on("phone"), tab_on("tablet")]
    opening = (held.setup.sessions.open(ADA, tab, held.name, answered()) for tab in tabs)
    results = await asyncio.gather(*opening, return_exceptions=True)
    assert [isinstance(result, SessionHeldError) for result in results] == [False, True]
    assert held.talk.holding.is_held_by(tabs[0].signature)
    await held.ends()


async def test_a_connection_that_goes_after_it_lost_the_conversation_changes_nothing() -> None:
    held, other = Held(tab_on("pc")), tab_on("phone")
    await held.setup.sessions.open(ADA, other, held.name, answered(), take_over=True)
    await held.goes()
    assert held.talk.holding.is_held_by(other.signature)
    assert await held.setup.sessions.held(ADA, other, held.name) is held.talk


# --- what a call does when its tab goes -------------------------------------------------------------------


async def test_a_call_whose_tab_goes_waits_and_the_same_device_gets_the_same_claim_again() -> None:
    held = Held(LosingTab("pc"))
    await held.runs()
    await held.goes()
    for _ in range(50):
        await asyncio.sleep(0)
    assert held.turn is not None
    assert not held.turn.done()
    back = tab_on("pc")
    await held.setup.sessions.open(ADA, back, held.name, answered())
    assert (await held.ends()).stop_reason == "end_turn"
    assert back.asked == [], "it was answered already"
    assert [call.claim for call in back.called] == [call.claim for call in held.tab.called]
    assert back.called == [replace(held.tab.called[0], epoch=2)]
    assert held.settled() == (CallState.DONE, {"success": True, "track": 1})


async def test_a_call_may_have_run_as_soon_as_another_device_holds_the_conversation() -> None:
    held = Held(LosingTab("pc"))
    await held.runs()
    await held.goes()
    phone = tab_on("phone")
    await held.setup.sessions.open(ADA, phone, held.name, answered())
    await held.ends()
    assert phone.called == []
    assert held.settled()[1] == {"success": False, "error": IN_DOUBT}


async def test_a_call_whose_device_never_comes_back_ends_at_its_limit() -> None:
    held = Held(LosingTab("pc"), call_timeout=0.2)
    await held.runs()
    await held.goes()
    assert (await held.ends()).stop_reason == "end_turn"
    assert "The tool may have run." in str(held.settled()[1])


async def test_an_approved_call_that_is_claimed_under_an_older_lease_does_not_run() -> None:
    held = Held(tab_on("pc", decide=never))
    await held.asks()
    lease = held.talk.holding.lease
    # Another program took the conversation meanwhile: only the storage knows.
    held.setup.ledger.leases[held.talk.key] = replace(lease, epoch=lease.epoch + 1)
    phone = tab_on("pc")
    held.talk.holding.lease = replace(lease, epoch=0)
    await held.setup.sessions.open(ADA, phone, held.name, answered(), take_over=True)
    await held.ends()
    assert phone.called == held.tab.called == []
    assert held.settled() == (CallState.IN_DOUBT, {"success": False, "error": IN_DOUBT})


async def test_an_approved_call_without_a_tab_waits_and_runs_where_the_conversation_is_held_next() -> None:
    held = Held(tab_on("pc", decide=never))
    await held.asks()
    phone = tab_on("phone")
    await held.setup.sessions.open(ADA, phone, held.name, answered(), take_over=True)
    await held.ends()
    assert (len(held.tab.called), len(phone.called)) == (0, 1)
    assert phone.called[0].epoch == 2
