"""A turn that only waits for a person holds no task, and goes on as if it had never stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from server.context import TurnContext
from server.conversations.conversation import Conversation
from server.core.records import CallRecord, TurnState
from server.core.session_events import Said
from server.core.session_key import SessionKey
from server.core.tool_call import CallState
from server.recovery import go_on
from shared.catalog import change_bgm
from shared.frames import AgentSaid, ApprovalAnswered, ApprovalAsked, Choice, ToolStarted, TurnEnded, UserSaid
from shared.ids import MessageId, ToolCallId
from tests.server.agent_for_tests import AgentForTests, use
from tests.server.services_for_tests import ADA, Setup, answered, begun, until
from tests.server.tab_for_tests import TabForTests, never

ONE, TWO = Said(MessageId("one"), "hello"), Said(MessageId("two"), "again")
SOON = 0.05


class Resumable(AgentForTests):
    """As ADK's agent does: asks again, when it goes on, for the calls that it asked for before."""

    def __init__(self, calls: int = 1) -> None:
        super().__init__()
        self.calls = calls
        self.runs: list[bool] = []

    async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid]:
        self.runs.append(turn.told is not None)
        asking = [use(turn, f"call-{n}", change_bgm.SPEC, {"track": n}) for n in range(self.calls)]
        results = await asyncio.gather(*asking)
        if not turn.abort.is_set():
            yield AgentSaid(str([result.get("track", "no") for result in results]))


class Dozing:
    """A conversation whose turn waits for its tab, which answers when the test says so."""

    def __init__(self, calls: int = 1, *, doze_after: float = SOON, approval_timeout: float = 60) -> None:
        self.agent = Resumable(calls)
        self.setup = Setup(self.agent, doze_after=doze_after, approval_timeout=approval_timeout)
        self.tab = AskedTab()
        self.talk: Conversation = begun(self.setup.sessions, ADA, self.tab)
        self.turn = asyncio.create_task(self.talk.prompt(ONE))

    async def asked(self) -> None:
        await self.tab.until(lambda: len(self.tab.asked) == self.agent.calls)

    async def asleep(self) -> None:
        """The turn holds no task any more."""
        await self.asked()
        await until(lambda: not self.has_task)

    @property
    def has_task(self) -> bool:
        return any(task.get_name().startswith("turn ") for task in asyncio.all_tasks())

    async def ends(self) -> TurnEnded:
        async with asyncio.timeout(5):
            return await self.turn

    @property
    def said(self) -> list[str]:
        return [update.text for update in self.tab.updates if isinstance(update, AgentSaid)]


class AskedTab(TabForTests):
    """Answers each question when it is told to."""

    def __init__(self) -> None:
        super().__init__(decide=never)
        self.replies: list[Callable[[ApprovalAnswered | None], None]] = []

    async def ask(self, approval: ApprovalAsked, answered: Callable[[ApprovalAnswered | None], None]) -> None:
        self.asked.append(approval)
        self.replies.append(answered)
        await self._tell()

    def says(self, choice: Choice | None, nth: int = -1) -> None:
        self.replies[nth](ApprovalAnswered(self.asked[nth].call_id, choice))


async def test_a_turn_that_waits_for_a_person_dozes_after_its_time_and_holds_no_task() -> None:
    it = Dozing()
    await it.asked()
    assert it.has_task
    await it.asleep()
    assert not it.talk.is_running
    assert not it.turn.done(), "who sent the message waits on"
    assert it.setup.sessions.running_turns == 0


async def test_a_turn_that_is_answered_before_its_time_does_not_doze() -> None:
    it = Dozing(doze_after=60)
    await it.asked()
    it.tab.says(Choice.ALLOW_ONCE)
    await it.ends()
    assert it.agent.runs == [False]


@pytest.mark.parametrize(("choice", "said"), [(Choice.ALLOW_ONCE, "[0]"), (Choice.REJECT_ONCE, "['no']")])
async def test_an_answer_wakes_it_and_nothing_is_asked_or_told_twice(choice: Choice, said: str) -> None:
    it = Dozing()
    await it.asleep()
    it.tab.says(choice)
    assert (await it.ends()).stop_reason == "end_turn"
    assert it.agent.runs == [False, True]
    assert it.said == [said]
    assert len(it.tab.asked) == 1
    assert [type(update).__name__ for update in it.tab.updates].count(ToolStarted.__name__) == 1
    assert [seq for _, seq, _ in it.tab.sent] == list(range(1, len(it.tab.sent) + 1))
    assert len(it.tab.called) == (choice is Choice.ALLOW_ONCE)


async def test_an_answer_that_comes_while_it_falls_asleep_is_not_lost() -> None:
    """The answer is given in the very turn of the loop in which the task is being cancelled."""
    for ticks in range(12):
        it = Dozing(doze_after=60)
        await it.asked()
        it.talk._doze()
        for _ in range(ticks):
            await asyncio.sleep(0)
        it.tab.says(Choice.ALLOW_ONCE)
        assert (await it.ends()).stop_reason == "end_turn", ticks
        assert it.said == ["[0]"], ticks
        assert len(it.tab.called) == 1, ticks


async def test_who_comes_while_it_falls_asleep_does_not_have_it_sleep_again_once_it_is_answered() -> None:
    it, other = Dozing(), AskedTab()
    await it.asked()
    # Looked at while the gate is not yet gone.
    it.talk.open(other, answered(), None)
    it.talk._doze()
    await it.asleep()
    await other.until(lambda: bool(other.asked))
    # The answer is being stored for longer than until the turn might doze again.
    it.setup.ledger.is_stuck = True
    other.says(Choice.ALLOW_ONCE)
    await asyncio.sleep(3 * SOON)
    it.setup.ledger.unstick()
    assert (await it.ends()).stop_reason == "end_turn"
    assert len(other.called) == 1


@pytest.mark.parametrize("is_asleep", [True, False])
async def test_two_calls_that_are_answered_at_different_times_both_get_their_answer(is_asleep: bool) -> None:
    it = Dozing(2)
    await it.asleep()
    it.tab.says(Choice.ALLOW_ONCE, 1)
    await it.tab.until(lambda: len(it.tab.called) == 1)
    if is_asleep:
        await until(lambda: not it.has_task)
    it.tab.says(Choice.REJECT_ONCE, 0)
    assert (await it.ends()).stop_reason == "end_turn"
    assert it.said == ["['no', 1]"]
    assert [call.arguments for call in it.tab.called] == [{"track": 1}]
    assert len(it.tab.asked) == 2


async def test_a_question_that_expires_while_it_sleeps_wakes_it() -> None:
    it = Dozing(approval_timeout=0.3)
    await it.asleep()
    assert (await it.ends()).stop_reason == "end_turn"
    assert it.said == ["['no']"]
    assert it.tab.withdrawn[0].reason == "Nobody answered the approval in time."


async def test_a_sleeping_turn_can_be_cancelled() -> None:
    it = Dozing()
    await it.asleep()
    await it.talk.cancel()
    assert (await it.ends()).stop_reason == "cancelled"
    assert it.tab.called == []
    assert [withdrawal.call_id for withdrawal in it.tab.withdrawn] == [ToolCallId("call-0")]
    assert it.setup.ledger.settled(it.talk.key, ToolCallId("call-0")).state is CallState.CANCELLED


async def test_that_a_turn_is_cancelled_is_stored_with_the_ends_of_what_waits_and_before_anything_ends() -> None:
    it = Dozing(doze_after=60)
    await it.asked()
    second = asyncio.create_task(it.talk.prompt(TWO))
    ledger = it.setup.ledger
    await until(lambda: TWO.message_id in ledger.turns[it.talk.key])
    kept: list[dict[str, TurnState]] = []
    honest = ledger.put_call

    def put_call(key: SessionKey, call: CallRecord) -> asyncio.Future[None]:
        kept.append({name: turn.state for name, turn in ledger.turns[key].items()})
        return honest(key, call)

    ledger.put_call = put_call  # type: ignore[method-assign]  # looks on
    await it.talk.cancel()
    assert kept == [{"one": TurnState.CANCELLING, "two": TurnState.ENDED}]
    assert (await it.ends()).stop_reason == (await second).stop_reason == "cancelled"
    assert ledger.turns[it.talk.key][ONE.message_id].state is TurnState.ENDED


async def test_a_turn_that_is_cancelled_while_it_falls_asleep_ends_cancelled() -> None:
    for ticks in range(8):
        it = Dozing(doze_after=60)
        await it.asked()
        it.talk._doze()
        for _ in range(ticks):
            await asyncio.sleep(0)
        await it.talk.cancel()
        assert (await it.ends()).stop_reason == "cancelled", ticks


async def test_messages_wait_behind_a_turn_that_sleeps() -> None:
    it = Dozing()
    await it.asleep()
    second = asyncio.create_task(it.talk.prompt(TWO))
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(it.agent.runs) == 1
    it.tab.says(Choice.ALLOW_ONCE)
    await it.ends()
    await it.tab.until(lambda: len(it.tab.asked) == 2)
    it.tab.says(Choice.ALLOW_ONCE)
    async with asyncio.timeout(5):
        assert (await second).stop_reason == "end_turn"
    assert [u.message_id for u in it.tab.updates if isinstance(u, UserSaid)] == ["one", "two"]


async def test_a_conversation_whose_turn_sleeps_is_let_go_of_with_its_tab_and_comes_back() -> None:
    it = Dozing()
    await it.asleep()
    it.tab.is_gone = True
    it.turn.cancel()
    await it.setup.sessions.leave(it.tab.signature)
    await until(lambda: it.setup.sessions.live == ())
    later = AskedTab()
    await it.setup.sessions.open(ADA, later, it.talk.key.session_id, answered(after=0))
    await later.until(lambda: bool(later.asked))
    assert later.asked[0].call_id == it.tab.asked[0].call_id
    assert not it.has_task, "it still waits for a person"
    later.says(Choice.ALLOW_ONCE)
    await later.until(lambda: any(isinstance(update, TurnEnded) for update in later.updates))
    assert it.agent.runs == [False, True]
    assert len(later.called) == 1
    assert [seq for _, seq, _ in later.sent] == list(range(1, len(later.sent) + 1))
    it.turn.cancel()


async def test_a_question_that_nobody_holds_ends_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.recovery.LOOK_EVERY", 0.01)
    it = Dozing()
    await it.asleep()
    it.turn.cancel()
    await it.setup.sessions.leave(it.tab.signature)
    await until(lambda: it.setup.sessions.live == ())
    recovery = asyncio.create_task(go_on(it.setup.sessions, it.setup.services.stores, it.setup.clock))
    await asyncio.sleep(0)
    it.setup.ahead = 61
    ledger = it.setup.ledger
    await until(lambda: any(isinstance(update, TurnEnded) for update in ledger.told[it.talk.key].values()))
    recovery.cancel()
    assert ledger.settled(it.talk.key, ToolCallId("call-0")).state is CallState.EXPIRED
    await until(lambda: it.setup.sessions.live == ())
    it.turn.cancel()


async def test_a_turn_that_is_suspended_is_found_by_the_next_server_as_it_was() -> None:
    it = Dozing(doze_after=60)
    await it.asked()
    await it.setup.sessions.close(5)
    assert not it.has_task
    record = it.setup.ledger.settled(it.talk.key, ToolCallId("call-0"))
    assert record.state is CallState.SHOWN
    assert it.setup.ledger.turns[it.talk.key][ONE.message_id].state is TurnState.RUNNING
    it.turn.cancel()


async def test_a_turn_that_is_put_to_sleep_before_its_first_step_goes_on_all_the_same() -> None:
    it = Dozing()
    await it.asleep()
    it.tab.says(Choice.ALLOW_ONCE)
    begun_at = len(it.agent.runs)
    turns = it.talk._turns
    await until(lambda: turns._task is not None)
    assert len(it.agent.runs) == begun_at
    turns.doze()
    turns.wake()
    assert (await it.ends()).stop_reason == "end_turn"
