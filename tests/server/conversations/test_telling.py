"""What a tab is told, in which order: nothing before it is stored, nothing twice, nothing missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.context import TurnContext
from server.conversations.telling import Opening, told_since
from server.core.session_events import Said
from server.core.session_key import SessionKey
from server.tabs.seat import Seat
from shared.catalog import change_bgm
from shared.frames import AgentSaid, AgentThought, AnswerRestarted, TurnEnded, Update, UserSaid
from shared.ids import MessageId, SessionId
from tests.server.agent_for_tests import AgentForTests, use
from tests.server.ledger_for_tests import LedgerForTests
from tests.server.services_for_tests import ADA, Setup, answered, begun, until
from tests.server.tab_for_tests import TabForTests, never

ONE, TWO = (Said(MessageId(name), name) for name in ("one", "two"))
PIECES = 400


class Chatty(AgentForTests):
    """Says so many pieces, and lets others work in between; holds on at ``pause_at`` until it may go on."""

    def __init__(self, pause_at: int | None = None) -> None:
        super().__init__()
        self.pause_at = pause_at
        self.is_paused, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid]:
        for number in range(PIECES):
            if number == self.pause_at:
                self.is_paused.set()
                await self.may_go_on.wait()
            yield AgentSaid(f"{number} ")
            if number % 7 == 0:
                await asyncio.sleep(0)


class SlowTab(TabForTests):
    """Reads nothing until it is let."""

    def __init__(self) -> None:
        super().__init__(decide=never)
        self.may_read = asyncio.Event()

    async def send(self, session_id: SessionId, seq: int | None, update: Update) -> None:
        await self.may_read.wait()
        await super().send(session_id, seq, update)


def seqs(tab: TabForTests) -> list[int]:
    return [seq for _, seq, _ in tab.sent]


async def test_nothing_is_told_before_it_is_stored() -> None:
    setup, tab = Setup(AgentForTests()), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    setup.ledger.is_stuck = True
    turn = asyncio.create_task(talk.prompt(ONE))
    await until(lambda: bool(setup.ledger.waiting))
    for _ in range(50):
        await asyncio.sleep(0)
    assert tab.sent == []
    setup.ledger.unstick()
    async with asyncio.timeout(5):
        await turn
    assert [update for _, _, update in tab.sent] == list(setup.ledger.told[talk.key].values())


async def test_what_is_acknowledged_is_stored_with_its_turn() -> None:
    class Watching(TabForTests):
        async def send(self, session_id: SessionId, seq: int | None, update: Update) -> None:
            if isinstance(update, UserSaid):
                record = setup.ledger.turns[talk.key][update.message_id]
                acknowledged.append((record.state.value, record.seq == seq))
            await super().send(session_id, seq, update)

    acknowledged: list[tuple[str, bool]] = []
    setup = Setup(AgentForTests())
    talk = begun(setup.sessions, ADA, Watching())
    await talk.prompt(ONE)
    assert acknowledged in ([("running", True)], [("ended", True)])


async def test_no_end_counts_before_it_is_stored_though_another_tab_takes_the_conversation() -> None:
    setup, tab, later = Setup(AgentForTests()), TabForTests(), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    setup.ledger.is_stuck = True
    ended = TurnEnded(MessageId("one"), "cancelled")
    telling = talk._telling
    end = telling.end_of(ended.message_id)
    telling.put(setup.ledger, 1, ended)
    telling.move(Seat(later, talk.holding.lease))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not end.done()
    setup.ledger.unstick()
    async with asyncio.timeout(5):
        assert await end == ended


@pytest.mark.parametrize("after", [0, 1, 2, 3, 6])
async def test_a_tab_that_comes_gets_exactly_what_is_above_what_it_has(after: int) -> None:
    setup, tab, later = Setup(AgentForTests()), TabForTests(), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    for said in (ONE, TWO):
        await talk.prompt(said)
    await setup.sessions.open(ADA, later, talk.context.session_id, answered(after=after), take_over=True)
    await later.until(lambda: bool(later.greeted))
    assert later.sent == tab.sent[after:]
    await talk.prompt(Said(MessageId("three"), "three"))
    assert seqs(later) == list(range(after + 1, 10))
    assert len(tab.sent) == 6, "who held it before is told nothing more"


async def test_a_tab_that_wants_no_replay_gets_only_what_is_new() -> None:
    setup, tab, later = Setup(AgentForTests()), TabForTests(), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await talk.prompt(ONE)
    await setup.sessions.open(ADA, later, talk.context.session_id, answered(), take_over=True)
    await talk.prompt(TWO)
    assert seqs(later) == [4, 5, 6]


@pytest.mark.parametrize("is_replayed_first", [True, False])
async def test_a_load_is_told_before_its_answer_and_a_resume_after_it(is_replayed_first: bool) -> None:
    setup, tab, later = Setup(AgentForTests()), TabForTests(), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await talk.prompt(ONE)
    opening = Opening(after=0, is_replayed_first=is_replayed_first)
    await setup.sessions.open(ADA, later, talk.context.session_id, opening, take_over=True)
    live = asyncio.create_task(talk.prompt(TWO))
    for _ in range(100):
        await asyncio.sleep(0)
    assert seqs(later) == ([1, 2, 3] if is_replayed_first else [])
    assert opening.replayed.is_set() is is_replayed_first
    assert later.greeted == []
    assert not live.done(), "its end was not told yet"
    opening.answered.set()
    async with asyncio.timeout(5):
        await live
    assert seqs(later) == [1, 2, 3, 4, 5, 6]
    assert len(later.greeted) == 1


@pytest.mark.parametrize("is_replayed_first", [True, False])
async def test_open_questions_are_asked_again_after_all_that_is_told(is_replayed_first: bool) -> None:
    class Watching(TabForTests):
        async def ask(self, *asked: object) -> None:
            before.append(len(self.sent))
            await super().ask(*asked)  # type: ignore[arg-type]  # passed on as they came

    async def play(turn: TurnContext) -> str:
        return str(await use(turn, "call-1", change_bgm.SPEC, {"track": 1}))

    before: list[int] = []
    setup, tab, later = Setup(AgentForTests(play)), TabForTests(decide=never), Watching()
    talk = begun(setup.sessions, ADA, tab)
    turn = asyncio.create_task(talk.prompt(ONE))
    await tab.until(lambda: bool(tab.asked))
    opening = Opening(after=0, is_replayed_first=is_replayed_first)
    await setup.sessions.open(ADA, later, talk.context.session_id, opening, take_over=True)
    for _ in range(100):
        await asyncio.sleep(0)
    assert later.asked == []
    opening.answered.set()
    async with asyncio.timeout(5):
        await turn
    assert before == [2], "after the acknowledgement and the card"


@pytest.mark.parametrize("at", [0, 1, 50, 255, 256, 257, 399])
async def test_nothing_is_missing_or_told_twice_when_a_tab_is_replaced_in_the_middle_of_a_burst(at: int) -> None:
    agent = Chatty()
    setup, tab = Setup(agent), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    turn = asyncio.create_task(talk.prompt(ONE))
    await tab.until(lambda: len(tab.sent) > at)
    have = seqs(tab)[-1]
    later = TabForTests()
    later.sent = list(tab.sent)
    await setup.sessions.open(ADA, later, talk.context.session_id, answered(after=have), take_over=True)
    async with asyncio.timeout(5):
        await turn
    assert seqs(later) == list(range(1, PIECES + 3))
    assert seqs(tab) == list(range(1, len(tab.sent) + 1))


async def test_tabs_that_come_one_after_the_other_in_a_burst_each_see_a_conversation_without_holes() -> None:
    setup, tab = Setup(Chatty()), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    turn = asyncio.create_task(talk.prompt(ONE))
    await tab.until(lambda: bool(tab.sent))
    tabs = [tab]
    while not turn.done():
        later = TabForTests()
        later.sent = list(tabs[-1].sent)
        await setup.sessions.open(ADA, later, talk.context.session_id, answered(after=len(later.sent)), take_over=True)
        tabs.append(later)
        for _ in range(9):
            await asyncio.sleep(0)
    await tabs[-1].until(lambda: seqs(tabs[-1]) == list(range(1, PIECES + 3)))
    for each in tabs:
        assert seqs(each) == list(range(1, len(each.sent) + 1))
    assert len(tabs) > 5


async def test_a_tab_that_does_not_read_is_replaced_by_one_that_does_and_the_turn_ends() -> None:
    agent = Chatty()
    setup, slow, quick = Setup(agent), SlowTab(), TabForTests()
    talk = begun(setup.sessions, ADA, slow)
    turn = asyncio.create_task(talk.prompt(ONE))
    await until(lambda: len(setup.ledger.told.get(talk.key, {})) > 200)
    await setup.sessions.open(ADA, quick, talk.context.session_id, answered(after=0), take_over=True)
    async with asyncio.timeout(5):
        assert (await turn).stop_reason == "end_turn"
    assert seqs(quick) == list(range(1, PIECES + 3))
    assert slow.sent == []


@pytest.mark.parametrize("how", ["replaced", "gone"])
async def test_who_waits_for_an_end_that_was_on_its_way_to_a_tab_that_does_not_read_gets_it(how: str) -> None:
    setup, slow = Setup(AgentForTests()), SlowTab()
    talk = begun(setup.sessions, ADA, slow)
    turn = asyncio.create_task(talk.prompt(ONE))
    await until(lambda: len(setup.ledger.told.get(talk.key, {})) == 3)
    assert not turn.done()
    if how == "gone":
        await setup.sessions.leave(slow.signature)
    else:
        await setup.sessions.open(ADA, TabForTests(), talk.context.session_id, answered(after=0), take_over=True)
    async with asyncio.timeout(5):
        assert (await turn).stop_reason == "end_turn"


async def test_a_turn_whose_tab_is_dead_goes_on_at_full_speed_and_is_all_there_for_the_next() -> None:
    agent = Chatty(pause_at=10)
    setup, tab, later = Setup(agent), TabForTests(), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    turn = asyncio.create_task(talk.prompt(ONE))
    await agent.is_paused.wait()
    tab.is_gone = True
    await setup.sessions.leave(tab.signature)
    agent.may_go_on.set()
    async with asyncio.timeout(5):
        assert (await turn).stop_reason == "end_turn"
    await setup.sessions.open(ADA, later, talk.context.session_id, answered(after=0))
    await later.until(lambda: seqs(later) == list(range(1, PIECES + 3)))


async def test_a_load_answers_though_the_ledger_is_read_page_by_page() -> None:
    class Pages(LedgerForTests):
        async def updates(self, key: SessionKey, *, after: int, limit: int = 500) -> list[tuple[int, Update]]:
            return await super().updates(key, after=after, limit=3)

    setup, tab, later = Setup(Chatty()), TabForTests(), TabForTests()
    setup.ledger.__class__ = Pages
    talk = begun(setup.sessions, ADA, tab)
    await talk.prompt(ONE)
    await setup.sessions.open(ADA, later, talk.context.session_id, answered(after=0), take_over=True)
    await later.until(lambda: len(later.sent) == len(tab.sent))
    assert later.sent == tab.sent


async def test_what_was_told_of_an_answer_leaves_void_pieces_out() -> None:
    ledger, key = LedgerForTests(), SessionKey(ADA, SessionId("one"))
    told: list[Update] = [
        AgentSaid("before"),
        UserSaid(MessageId("m"), "hello"),
        AgentThought("hm, "),
        AgentSaid("Hello wrold"),
        AgentThought("no"),
        AnswerRestarted(said=6, thought=4),
        AgentSaid("world"),
        TurnEnded(MessageId("m"), "end_turn"),
    ]
    ledger.told[key] = dict(enumerate(told, start=1))
    found = await told_since(ledger, key, 2)
    assert (found.said, found.thought) == ("Hello world", "hm, ")
