"""A conversation with an agent that does what the test says and a tab held in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NoReturn

import pytest

from server.context import TurnContext, current_turn
from server.conversations.conversation import Conversation
from server.conversations.telling import Opening
from server.core.desk_events import Requested
from server.core.records import TurnState
from server.core.session import MAX_WAITING
from server.core.session_events import Said
from server.core.tool_call import CallState
from server.core.verdict import Go
from shared.catalog import change_bgm
from shared.errors import SessionBusyError, SessionHeldError, StorageError, TurnFailedError, UnknownSessionError
from shared.frames import (
    AgentSaid,
    AgentThought,
    ApprovalAsked,
    Choice,
    Command,
    CommandsOffered,
    ToolChanged,
    ToolStarted,
    TurnEnded,
    Update,
    UsageChanged,
    UserSaid,
)
from shared.ids import MessageId, SessionId, ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema
from tests.server.agent_for_tests import Act, AgentForTests, echo, use
from tests.server.services_for_tests import ADA, Setup, answered, begun
from tests.server.tab_for_tests import TabForTests, never, reject


async def change_track(turn: TurnContext) -> str:
    return str(await use(turn, f"call-{turn.message_id}", change_bgm.SPEC, {"track": 1}))


def open_conversation(
    tab: TabForTests, act: Act = echo, *, approval_timeout: float = 60, call_timeout: float = 60
) -> Conversation:
    setup = Setup(AgentForTests(act), approval_timeout=approval_timeout, call_timeout=call_timeout)
    return begun(setup.sessions, ADA, tab)


def said(name: str = "one") -> Said:
    return Said(MessageId(name), f"text of {name}")


async def ended(talk: Conversation, name: str = "one") -> TurnEnded:
    async with asyncio.timeout(5):
        return await talk.prompt(said(name))


async def test_a_turn_is_acknowledged_answered_and_ended_in_numbered_order() -> None:
    tab = TabForTests()
    talk = open_conversation(tab)
    assert await ended(talk) == TurnEnded(MessageId("one"), "end_turn")
    assert tab.sent == [
        (talk.context.session_id, 1, UserSaid(MessageId("one"), "text of one")),
        (talk.context.session_id, 2, AgentSaid("you said text of one")),
        (talk.context.session_id, 3, TurnEnded(MessageId("one"), "end_turn")),
    ]


async def test_messages_sent_while_a_turn_runs_are_answered_one_after_the_other() -> None:
    tab = TabForTests()
    talk = open_conversation(tab)
    names = [str(n) for n in range(10)]
    await asyncio.gather(*(ended(talk, name) for name in names))
    assert [update.message_id for update in tab.updates if isinstance(update, UserSaid)] == names
    assert [seq for _, seq, _ in tab.sent] == list(range(1, 31))


async def test_an_allowed_tool_runs_in_the_tab_and_its_result_reaches_the_agent() -> None:
    tab = TabForTests()
    talk = open_conversation(tab, change_track)
    await ended(talk)
    assert [(call.name, call.arguments) for call in tab.called] == [("change_bgm", {"track": 1})]
    assert AgentSaid("{'success': True, 'track': 1}") in tab.updates
    states = [type(update).__name__ for update in tab.updates]
    assert states == ["UserSaid", "ToolStarted", "ToolChanged", "ToolChanged", "AgentSaid", "TurnEnded"]


async def test_a_rejected_tool_does_not_run() -> None:
    tab = TabForTests(decide=reject)
    talk = open_conversation(tab, change_track)
    await ended(talk)
    assert tab.called == []
    assert AgentSaid("{'success': False, 'error': 'The user declined to run change_bgm.'}") in tab.updates


async def test_the_approval_is_asked_after_the_tool_was_announced() -> None:
    tab = TabForTests(decide=never)
    talk = open_conversation(tab, change_track)
    turn = asyncio.create_task(ended(talk))
    await tab.until(lambda: bool(tab.asked))
    assert isinstance(tab.updates[-1], ToolStarted)
    await talk.cancel()
    await turn


async def test_cancelling_takes_the_approval_back_and_ends_the_turn_at_once() -> None:
    tab = TabForTests(decide=never)
    talk = open_conversation(tab, change_track)
    turn = asyncio.create_task(ended(talk))
    await tab.until(lambda: bool(tab.asked))
    started = asyncio.get_running_loop().time()
    await talk.cancel()
    assert (await turn).stop_reason == "cancelled"
    assert asyncio.get_running_loop().time() - started < 0.1
    assert [withdrawal.reason for withdrawal in tab.withdrawn] == ["The user cancelled the turn."]
    assert tab.called == []


async def test_cancelling_drops_what_waits_behind_the_turn() -> None:
    tab = TabForTests(decide=never)
    talk = open_conversation(tab, change_track)
    turns = [asyncio.create_task(ended(talk, name)) for name in ("one", "two", "three")]
    await tab.until(lambda: bool(tab.asked))
    await talk.cancel()
    assert [turn.stop_reason for turn in await asyncio.gather(*turns)] == ["cancelled"] * 3
    assert len(tab.asked) == 1


async def test_cancelling_an_idle_conversation_does_nothing_to_the_next_turn() -> None:
    tab = TabForTests()
    talk = open_conversation(tab)
    await talk.cancel()
    assert (await ended(talk)).stop_reason == "end_turn"


async def test_a_tab_that_goes_away_leaves_its_waiting_approval_to_whoever_comes() -> None:
    tab, later = TabForTests(decide=never), TabForTests()
    sessions = Setup(AgentForTests(change_track)).sessions
    talk = begun(sessions, ADA, tab)
    turn = asyncio.create_task(ended(talk))
    await tab.until(lambda: bool(tab.asked))
    tab.is_gone = True
    await sessions.leave(tab.signature)
    assert sessions.running_turns == 1
    await sessions.open(ADA, later, talk.context.session_id, answered(after=0))
    assert (await turn).stop_reason == "end_turn"
    assert [asked.call_id for asked in later.asked] == [asked.call_id for asked in tab.asked]
    assert (len(tab.called), len(later.called)) == (0, 1)


async def test_a_turn_whose_tab_is_gone_runs_to_its_end() -> None:
    go_on = asyncio.Event()

    async def wait(_: TurnContext) -> str:
        await go_on.wait()
        return "done"

    tab = TabForTests()
    sessions = Setup(AgentForTests(wait)).sessions
    turn = asyncio.create_task(ended(begun(sessions, ADA, tab)))
    await tab.until(lambda: bool(tab.sent))
    tab.is_gone = True
    await sessions.leave(tab.signature)
    assert sessions.running_turns == 1
    go_on.set()
    assert (await turn).stop_reason == "end_turn"
    assert sessions.running_turns == 0


async def test_an_approval_that_nobody_answers_expires() -> None:
    tab = TabForTests(decide=never)
    talk = open_conversation(tab, change_track, approval_timeout=0.05)
    assert (await ended(talk)).stop_reason == "end_turn"
    assert tab.withdrawn[0].reason == "Nobody answered the approval in time."
    assert tab.called == []


async def test_a_bug_in_asking_is_logged_and_the_call_ends_at_its_deadline(caplog: pytest.LogCaptureFixture) -> None:
    class BrokenTab(TabForTests):
        async def ask(self, approval: ApprovalAsked, answered: object) -> None:
            raise ZeroDivisionError("bug-4711")

    tab = BrokenTab()
    talk = open_conversation(tab, change_track, approval_timeout=0.1)
    assert (await ended(talk)).stop_reason == "end_turn"
    assert tab.called == []
    assert "bug-4711" in caplog.text


async def test_a_tool_that_hangs_in_the_tab_ends_at_its_limit() -> None:
    async def hang(_: object) -> JsonObject:
        await never(None)
        return {}

    tab = TabForTests(run_tool=hang)
    talk = open_conversation(tab, change_track, call_timeout=0.05)
    await ended(talk)
    failed = [update for update in tab.updates if isinstance(update, ToolChanged) and update.status == "failed"]
    assert "did not answer within 0.05 seconds" in str(failed[0].result)


async def test_always_answers_hold_for_the_next_turn_of_the_conversation() -> None:
    async def always(_: object) -> Choice | None:
        return Choice.ALLOW_TOOL

    tab = TabForTests(decide=always)
    talk = open_conversation(tab, change_track)
    await ended(talk, "one")
    await ended(talk, "two")
    assert (len(tab.asked), len(tab.called)) == (1, 2)


async def test_one_message_too_many_is_refused() -> None:
    tab = TabForTests(decide=never)
    talk = open_conversation(tab, change_track)
    turns = [asyncio.create_task(ended(talk, str(n))) for n in range(MAX_WAITING + 1)]
    await tab.until(lambda: bool(tab.asked))
    with pytest.raises(SessionBusyError, match="Too many messages wait"):
        await ended(talk, "one more")
    await talk.cancel()
    await asyncio.gather(*turns)


async def test_a_caller_that_gives_up_does_not_end_the_turn() -> None:
    tab = TabForTests(decide=never)
    talk = open_conversation(tab, change_track)
    caller = asyncio.create_task(talk.prompt(said()))
    await tab.until(lambda: bool(tab.asked))
    caller.cancel()
    await asyncio.wait({caller})
    assert talk.is_running
    await talk.cancel()
    await tab.until(lambda: isinstance(tab.updates[-1], TurnEnded))


async def test_a_failure_of_the_model_is_told_with_its_sentence() -> None:
    async def fail(_: TurnContext) -> str:
        raise TurnFailedError("The model did not answer. Try again.")

    problem = (await ended(open_conversation(TabForTests(), fail))).problem
    assert problem is not None
    assert (problem.code, problem.message) == (-32013, "The model did not answer. Try again.")


async def test_a_bug_is_logged_and_told_without_its_inner_text(caplog: pytest.LogCaptureFixture) -> None:
    async def crash(_: TurnContext) -> str:
        raise ValueError("secret-4711")

    tab = TabForTests()
    talk = open_conversation(tab, crash)
    problem = (await ended(talk)).problem
    assert problem is not None
    assert "secret-4711" not in problem.message
    assert "secret-4711" in caplog.text
    assert not talk.is_running


async def test_the_turn_is_bound_while_it_runs_and_not_outside() -> None:
    async def look(turn: TurnContext) -> str:
        assert current_turn() is turn
        assert await asyncio.create_task(inner()) is turn
        assert await asyncio.to_thread(current_turn) is turn
        return "found"

    async def inner() -> TurnContext:
        return current_turn()

    tab = TabForTests()
    await ended(open_conversation(tab, look))
    assert AgentSaid("found") in tab.updates
    with pytest.raises(LookupError, match="No turn is bound here"):
        current_turn()


async def test_two_connections_have_two_delegates_and_two_sessions() -> None:
    delegates = []

    async def keep(turn: TurnContext) -> str:
        delegates.append((turn.delegate, turn.delegate.client_identifier, turn.session_id))
        return ""

    sessions = Setup(AgentForTests(keep)).sessions
    tabs = [TabForTests(), TabForTests()]
    for tab in tabs:
        await ended(begun(sessions, ADA, tab))
    (first, *_), (second, *_) = delegates
    assert first is not second
    assert [signature for _, signature, _ in delegates] == [tab.signature for tab in tabs]
    assert [session for *_, session in delegates] == [f"session_ada_{tab.signature}" for tab in tabs]


async def test_a_connection_finds_only_the_sessions_that_it_holds() -> None:
    sessions = Setup(AgentForTests()).sessions
    mine, theirs = TabForTests(), TabForTests()
    talk = begun(sessions, ADA, mine)
    assert await sessions.held(ADA, mine, talk.context.session_id) is talk
    with pytest.raises(SessionHeldError, match="held by PC") as held:
        await sessions.held(ADA, theirs, talk.context.session_id)
    assert held.value.holder == mine.device
    with pytest.raises(UnknownSessionError) as caught:
        await sessions.held(ADA, theirs, SessionId("session_invented"))
    assert str(caught.value) == "This connection holds no session of that id. Begin one with session/new."


async def test_further_sessions_of_a_connection_have_ids_of_their_own() -> None:
    tab = TabForTests()
    sessions = Setup(AgentForTests()).sessions
    first, second = begun(sessions, ADA, tab), begun(sessions, ADA, tab)
    assert second.context.session_id == f"{first.context.session_id}-2"


async def test_stopping_the_server_suspends_every_turn_within_its_grace_and_answers_nobody() -> None:
    tab = TabForTests(decide=never)
    setup = Setup(AgentForTests(change_track))
    talks = [begun(setup.sessions, ADA, tab) for _ in range(3)]
    turns = [asyncio.create_task(talk.prompt(said())) for talk in talks]
    await tab.until(lambda: len(tab.asked) == 3)
    async with asyncio.timeout(2):
        await setup.sessions.close(1)
    assert setup.sessions.running_turns == 0
    for talk in talks:
        (record,) = setup.ledger.turns[talk.key].values()
        assert record.state is TurnState.RUNNING
    assert not any(isinstance(update, TurnEnded) for update in tab.updates)
    assert not any(turn.done() for turn in turns)
    for turn in turns:
        turn.cancel()


async def test_stopping_the_server_lets_its_own_tool_end_first() -> None:
    may_end = asyncio.Event()

    async def calculate(turn: TurnContext) -> str:
        spec = ToolSpec("calculate", "Calculate", "Calculate", object_schema())
        verdict = await turn.approvals.admit(Requested(ToolCallId("call-one"), spec, {"expression": "1+1"}))
        assert isinstance(verdict, Go)
        await may_end.wait()
        await turn.approvals.settle(ToolCallId("call-one"), {"success": True}, failed=False)
        return "2"

    tab = TabForTests()
    setup = Setup(AgentForTests(calculate))
    talk = begun(setup.sessions, ADA, tab)
    turn = asyncio.create_task(talk.prompt(said()))
    await tab.until(lambda: any(isinstance(update, ToolChanged) for update in tab.updates))
    closing = asyncio.create_task(setup.sessions.close(5))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not closing.done()
    may_end.set()
    async with asyncio.timeout(5):
        await closing
    record = setup.ledger.settled(talk.key, ToolCallId("call-one"))
    assert (record.state, record.result) == (CallState.DONE, {"success": True})
    turn.cancel()


async def test_stopping_the_server_does_not_wait_for_a_tool_in_a_tab_that_can_be_asked_for_again() -> None:
    tab = TabForTests(run_tool=never)  # type: ignore[arg-type]  # it never gives anything
    setup = Setup(AgentForTests(change_track))
    talk = begun(setup.sessions, ADA, tab)
    turn = asyncio.create_task(talk.prompt(said()))
    await tab.until(lambda: bool(tab.called))
    async with asyncio.timeout(2):
        await setup.sessions.close(30)
    record = setup.ledger.settled(talk.key, ToolCallId("call-one"))
    assert (record.state, record.claim) == (CallState.CLAIMED, tab.called[0].claim)
    turn.cancel()


async def test_a_slow_reader_holds_its_own_turn_back_and_loses_nothing() -> None:
    class SlowTab(TabForTests):
        opened = asyncio.Event()

        async def send(self, session_id: SessionId, seq: int | None, update: Update) -> None:
            await self.opened.wait()
            await super().send(session_id, seq, update)

    class Chatty(AgentForTests):
        said = 0

        async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid | AgentThought | UsageChanged]:
            for n in range(1000):
                yield AgentSaid(str(n))
                self.said = n

    tab, agent = SlowTab(), Chatty()
    talk = begun(Setup(agent).sessions, ADA, tab)
    turn = asyncio.create_task(ended(talk))
    for _ in range(2000):
        await asyncio.sleep(0)
    assert agent.said < 300
    tab.opened.set()
    await turn
    assert [seq for _, seq, _ in tab.sent] == list(range(1, 1003))


async def test_a_turn_that_a_slow_reader_holds_back_can_be_cancelled() -> None:
    class StuckTab(TabForTests):
        async def send(self, session_id: SessionId, seq: int | None, update: Update) -> None:
            await never(None)

    class Chatty(AgentForTests):
        is_over = asyncio.Event()

        async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid | AgentThought | UsageChanged]:
            while not turn.abort.is_set():
                yield AgentSaid("and")
            self.is_over.set()

    agent = Chatty()
    talk = begun(Setup(agent).sessions, ADA, StuckTab())
    turn = asyncio.create_task(talk.prompt(said()))
    for _ in range(1000):
        await asyncio.sleep(0)
    await talk.cancel()
    async with asyncio.timeout(5):
        await agent.is_over.wait()
    turn.cancel()


async def test_the_agents_commands_are_offered_to_the_tab() -> None:
    tab = TabForTests()
    talk = open_conversation(tab)
    await ended(talk)
    assert tab.greeted == [CommandsOffered((Command("tool", "Ask for a tool"),))]
    assert tab.sent[0][1] == 1, "a greeting has no number"


async def test_a_greeting_waits_for_the_answer_to_the_opening_request() -> None:
    tab, opening = TabForTests(), Opening()
    Setup(AgentForTests()).sessions.begin(ADA, tab, opening)
    for _ in range(20):
        await asyncio.sleep(0)
    assert tab.greeted == []
    opening.answered.set()
    await tab.until(lambda: bool(tab.greeted))


@pytest.mark.parametrize("what", ["what is kept", "storing it"])
async def test_a_bug_at_the_end_of_a_turn_ends_the_turn(
    what: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> NoReturn:
        raise RuntimeError("dictionary changed size during iteration")

    setup = Setup(AgentForTests())
    if what == "what is kept":
        monkeypatch.setattr("server.conversations.keeping.snapshot", fail)
    else:
        monkeypatch.setattr(setup.ledger, "put_remembered", fail)
    tab = TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    assert await ended(talk) == TurnEnded(MessageId("one"), "end_turn")
    assert await ended(talk, "two") == TurnEnded(MessageId("two"), "end_turn")
    assert "could not be kept" in caplog.text
    assert [type(update).__name__ for update in tab.updates] == ["UserSaid", "AgentSaid", "TurnEnded"] * 2


async def test_what_cannot_be_stored_at_the_end_of_a_turn_is_logged_and_the_turn_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    setup = Setup(AgentForTests())

    def fail(*_: object) -> asyncio.Future[None]:
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        failed.set_exception(StorageError("The database failed."))
        return failed

    setup.ledger.put_remembered = fail  # type: ignore[method-assign, assignment]  # a storage that fails
    talk = begun(setup.sessions, ADA, TabForTests())
    assert await ended(talk) == TurnEnded(MessageId("one"), "end_turn")
    assert "could not be stored" in caplog.text
