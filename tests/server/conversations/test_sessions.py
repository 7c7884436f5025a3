"""One conversation is one object, for all who ask; what is not used sleeps, and comes back as it was."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from server.context import TurnContext, current_turn, set_conversation_state
from server.conversations.conversation import Conversation
from server.core.identity import Identity
from server.core.remembered import Remembered
from server.core.session_events import Said
from server.core.session_key import SessionKey
from shared.catalog import change_bgm
from shared.errors import BadRequestError, SessionBusyError, SessionHeldError, StorageError, UnknownSessionError
from shared.frames import AgentSaid, Choice, TodosChanged, TurnEnded
from shared.ids import MessageId, SessionId
from shared.todos import Todo
from shared.usage import TokenUsage
from tests.server.agent_for_tests import AgentForTests, use
from tests.server.services_for_tests import ADA, ADA_OF_ACME, BOB, Setup, answered, begun, until
from tests.server.tab_for_tests import TabForTests

TALK = SessionId("session_ada_1")


async def say(talk: Conversation, name: str = "one") -> TurnEnded:
    async with asyncio.timeout(5):
        return await talk.prompt(Said(MessageId(name), f"text of {name}"))


class Clock:
    """Moves when it is told to; the conversations' own activity stays at real time."""

    def __init__(self, setup: Setup) -> None:
        self.ahead = 0.0
        setup.sessions._monotonic = lambda: asyncio.get_running_loop().time() + self.ahead


# --- the same object --------------------------------------------------------------------------------------


async def test_fifty_messages_have_one_session_context_and_one_run_id() -> None:
    seen: list[tuple[int, str]] = []

    async def note(turn: TurnContext) -> str:
        seen.append((id(turn.session), turn.session.run_id))
        return "noted"

    setup, tab = Setup(AgentForTests(note)), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    for number in range(50):
        held = await setup.sessions.held(ADA, tab, talk.context.session_id)
        assert held is talk
        assert held.context is talk.context
        await say(held, f"message-{number}")
    assert set(seen) == {(id(talk.context), talk.context.run_id)}
    assert len(seen) == 50


async def test_a_hundred_callers_at_once_get_one_object() -> None:
    setup = Setup(AgentForTests())
    asking = (setup.sessions.get_or_create(ADA, TALK, TabForTests().signature) for _ in range(100))
    talks = await asyncio.gather(*asking)
    assert len({id(talk) for talk in talks}) == 1
    assert len({id(talk.context) for talk in talks}) == 1
    assert setup.conversations.loads == 1
    assert (setup.sessions.counts.opened, setup.sessions.counts.reused) == (1, 99)


async def test_two_conversations_are_two_objects_whatever_makes_them_two() -> None:
    setup, tab = Setup(AgentForTests()), TabForTests()
    keys = [(ADA, TALK), (ADA, SessionId("session_ada_2")), (BOB, TALK), (ADA_OF_ACME, TALK)]
    talks = [await setup.sessions.get_or_create(who, name, tab.signature) for who, name in keys]
    assert len({id(talk.context) for talk in talks}) == 4
    assert len({talk.context.run_id for talk in talks}) == 4
    assert [(talk.context.identity, talk.context.session_id) for talk in talks] == keys


async def test_callers_of_a_failing_storage_all_get_the_sentence_and_the_next_one_gets_the_conversation() -> None:
    setup = Setup(AgentForTests())
    setup.conversations.is_broken = True
    asking = [setup.sessions.get_or_create(ADA, TALK, TabForTests().signature) for _ in range(3)]
    assert [type(result) for result in await asyncio.gather(*asking, return_exceptions=True)] == [StorageError] * 3
    setup.conversations.is_broken = False
    assert await setup.sessions.get_or_create(ADA, TALK, TabForTests().signature) in setup.sessions.live


async def test_a_caller_who_gives_up_spoils_nothing_for_the_others() -> None:
    setup = Setup(AgentForTests())
    tasks = [asyncio.create_task(setup.sessions.get_or_create(ADA, TALK, TabForTests().signature)) for _ in range(2)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert await tasks[1] in setup.sessions.live


# --- who may ----------------------------------------------------------------------------------------------


async def test_somebody_elses_id_and_an_invented_one_get_the_same_answer() -> None:
    setup, mine, theirs = Setup(AgentForTests()), TabForTests(), TabForTests()
    talk = begun(setup.sessions, ADA, mine)
    begun(setup.sessions, BOB, theirs)
    answers = []
    for session_id in (talk.context.session_id, SessionId("invented")):
        for who in (BOB, ADA_OF_ACME):
            with pytest.raises(UnknownSessionError) as refused:
                await setup.sessions.held(who, theirs, session_id)
            answers.append(str(refused.value))
    assert len(set(answers)) == 1
    assert len(setup.sessions.live) == 2, "asking opened nothing"


async def test_people_who_share_a_connection_have_conversations_of_their_own_under_one_id() -> None:
    setup = Setup(AgentForTests())
    gateway = TabForTests()
    session_id = begun(setup.sessions, BOB, gateway).context.session_id
    ada, acme = [await setup.sessions.held(who, gateway, session_id) for who in (ADA, ADA_OF_ACME)]
    assert ada is not acme
    assert (ada.context.identity, acme.context.identity) == (ADA, ADA_OF_ACME)
    assert await setup.sessions.held(ADA, gateway, session_id) is ada


# --- sleeping ---------------------------------------------------------------------------------------------


async def keep_everything(turn: TurnContext) -> str:
    current_turn().count(TokenUsage(10, 5, 15))
    set_conversation_state("colour", "blue")
    await turn.plan((Todo("rest"),))
    await use(turn, f"call-{turn.message_id}", change_bgm.SPEC, {"track": 1})
    return "kept"


async def always(_: object) -> Choice:
    return Choice.ALLOW_TOOL


async def test_what_sleeps_comes_back_with_the_next_message_as_it_was() -> None:
    setup, tab = Setup(AgentForTests(keep_everything)), TabForTests(decide=always)
    clock = Clock(setup)
    talk = begun(setup.sessions, ADA, tab)
    await say(talk)
    before = talk.context
    clock.ahead = 10_000
    assert await setup.sessions.cleanup_inactive() == 1
    assert setup.sessions.live == ()
    clock.ahead = 0
    woken = await setup.sessions.held(ADA, tab, before.session_id)
    assert woken is not talk
    after = woken.context
    for name in ("identity", "session_id", "client_identifier", "run_id", "created_at", "state", "todos", "usage"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.usage == TokenUsage(10, 5, 15)
    await say(woken, "two")
    assert [seq for _, seq, _ in tab.sent] == list(range(1, len(tab.sent) + 1)), "numbers go on without a gap"
    assert len(tab.asked) == 1, "what was always allowed still is"
    assert setup.sessions.counts.cleaned == 1
    assert setup.sessions.counts.reloaded == 1


async def test_a_message_taken_before_the_sleep_starts_nothing_after_it() -> None:
    setup, tab = Setup(AgentForTests()), TabForTests()
    clock = Clock(setup)
    talk = begun(setup.sessions, ADA, tab)
    await say(talk)
    clock.ahead = 10_000
    await setup.sessions.cleanup_inactive()
    woken = await setup.sessions.held(ADA, tab, talk.context.session_id)
    told = len(tab.sent)
    assert await say(woken) == TurnEnded(MessageId("one"), "end_turn")
    assert len(tab.sent) == told, "nothing is started or told again"
    with pytest.raises(BadRequestError, match="taken before"):
        await woken.prompt(Said(MessageId("one"), "other words"))


async def test_only_what_was_idle_for_the_whole_time_sleeps() -> None:
    setup, tab = Setup(AgentForTests(), idle_time=100), TabForTests()
    clock = Clock(setup)
    talk = begun(setup.sessions, ADA, tab)
    await say(talk)
    clock.ahead = 99
    assert await setup.sessions.cleanup_inactive() == 0
    clock.ahead = 101
    talk.context.active_at += 2
    assert await setup.sessions.cleanup_inactive() == 0, "used since"
    clock.ahead = 103
    assert await setup.sessions.cleanup_inactive() == 1


async def test_a_running_turn_keeps_its_conversation_awake() -> None:
    go_on = asyncio.Event()

    async def wait(_: TurnContext) -> str:
        await go_on.wait()
        return "done"

    setup, tab = Setup(AgentForTests(wait)), TabForTests()
    clock = Clock(setup)
    talk = begun(setup.sessions, ADA, tab)
    turn = asyncio.create_task(say(talk))
    await tab.until(lambda: bool(tab.sent))
    clock.ahead = 10_000
    assert await setup.sessions.cleanup_inactive() == 0
    assert setup.sessions.live == (talk,)
    go_on.set()
    await turn
    clock.ahead = 20_000
    assert await setup.sessions.cleanup_inactive() == 1


async def test_a_message_that_comes_while_it_is_put_to_sleep_wins() -> None:
    setup, tab = Setup(AgentForTests()), TabForTests()
    clock = Clock(setup)
    talk = begun(setup.sessions, ADA, tab)
    await say(talk)
    setup.ledger.is_stuck = True
    clock.ahead = 10_000
    cleaning = asyncio.create_task(setup.sessions.cleanup_inactive())
    await until(lambda: bool(setup.ledger.waiting))
    held = await setup.sessions.held(ADA, tab, talk.context.session_id)
    setup.ledger.unstick()
    assert await cleaning == 0
    assert held is talk
    assert (await say(held, "two")).problem is None


async def test_what_cannot_be_stored_stays_awake() -> None:
    setup, tab = Setup(AgentForTests()), TabForTests()
    clock = Clock(setup)
    talk = begun(setup.sessions, ADA, tab)
    await say(talk)
    setup.conversations.is_broken = True
    clock.ahead = 10_000
    assert await setup.sessions.cleanup_inactive() == 0
    assert setup.sessions.live == (talk,)


async def test_a_tab_that_was_never_used_leaves_nothing_and_keeps_its_numbers() -> None:
    setup, tab = Setup(AgentForTests()), TabForTests()
    clock = Clock(setup)
    talk = begun(setup.sessions, ADA, tab)
    clock.ahead = 10_000
    assert await setup.sessions.cleanup_inactive() == 0
    await say(await setup.sessions.held(ADA, tab, talk.context.session_id))
    assert [seq for _, seq, _ in tab.sent] == list(range(1, len(tab.sent) + 1))
    other = begun(setup.sessions, ADA, tab)
    await setup.sessions.leave(tab.signature)
    await until(lambda: other not in setup.sessions.live)
    assert list(setup.conversations.kept) == [(ADA, talk.context.session_id)]


async def test_todos_are_told_when_a_session_opens_with_some_and_kept_on_every_change() -> None:
    async def plan(turn: TurnContext) -> str:
        await turn.plan((Todo("one"), Todo("two")))
        assert setup.conversations.kept[ADA, turn.session_id].todos == (Todo("one"), Todo("two"))
        await turn.plan((Todo("two", "completed"),))
        assert setup.conversations.kept[ADA, turn.session_id].todos == (Todo("two", "completed"),)
        return "planned"

    setup, tab = Setup(AgentForTests(plan)), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    assert (await say(talk)).problem is None
    assert [u for u in tab.updates if isinstance(u, TodosChanged)][-1].todos == (Todo("two", "completed"),)
    later = TabForTests()
    await setup.sessions.open(ADA, later, talk.context.session_id, answered(), take_over=True)
    await later.until(lambda: len(later.greeted) == 2)
    assert later.greeted[-1] == TodosChanged((Todo("two", "completed"),))


# --- ending -----------------------------------------------------------------------------------------------


async def test_nothing_of_a_connection_is_left_when_it_is_gone() -> None:
    setup = Setup(AgentForTests())
    for _ in range(50):
        tab = TabForTests()
        for _ in range(2):
            await say(begun(setup.sessions, ADA, tab))
        await setup.sessions.leave(tab.signature)
    del tab
    await until(lambda: setup.sessions.live == ())
    assert setup.sessions.counts.left == 100
    gc.collect()
    assert setup.sessions.leaked == 0
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not others


async def test_what_is_let_go_of_is_gone_at_once_and_waits_for_no_garbage_collection() -> None:
    setup, tab = Setup(AgentForTests()), TabForTests()
    clock = Clock(setup)
    gc.collect()
    gc.disable()
    try:
        await say(begun(setup.sessions, ADA, tab))
        clock.ahead = 10_000
        assert await setup.sessions.cleanup_inactive() == 1
        clock.ahead = 0
        await asyncio.sleep(0)
        assert setup.sessions.leaked == 0
    finally:
        gc.enable()


async def test_the_last_turn_of_a_connection_that_is_gone_takes_its_conversation_with_it() -> None:
    go_on = asyncio.Event()

    async def wait(_: TurnContext) -> str:
        await go_on.wait()
        return "done"

    setup, tab = Setup(AgentForTests(wait)), TabForTests()
    turn = asyncio.create_task(say(begun(setup.sessions, ADA, tab)))
    await tab.until(lambda: bool(tab.sent))
    await setup.sessions.leave(tab.signature)
    assert setup.sessions.running_turns == 1
    go_on.set()
    await turn
    assert setup.sessions.live == ()


async def test_while_a_person_is_reset_their_messages_wait_and_begin_anew_and_others_go_on() -> None:
    setup, tab, other = Setup(AgentForTests()), TabForTests(), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await say(talk)
    bobs = begun(setup.sessions, BOB, other)
    async with setup.sessions.ended(ADA):
        waiting = asyncio.create_task(setup.sessions.held(ADA, tab, talk.context.session_id))
        assert await setup.sessions.held(BOB, other, bobs.context.session_id) is bobs
        assert (await say(bobs)).problem is None
        assert not waiting.done()
        await setup.conversations.forget(ADA)
    renewed = await waiting
    assert renewed is not talk
    assert renewed.context.run_id != talk.context.run_id
    assert (await say(renewed)).problem is None, "the same message id counts as new"
    assert setup.sessions.counts.reset == 1


async def test_a_running_turn_ends_before_its_person_is_reset() -> None:
    async def wait(_: TurnContext) -> str:
        await asyncio.get_running_loop().create_future()
        return "never"

    setup, tab = Setup(AgentForTests(wait)), TabForTests()
    turn = asyncio.create_task(say(begun(setup.sessions, ADA, tab)))
    await tab.until(lambda: bool(tab.sent))
    async with setup.sessions.ended(ADA):
        assert (await turn).stop_reason == "cancelled"
        assert setup.sessions.live == ()


async def test_a_turn_that_does_not_end_is_told_and_nothing_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.conversations.live.PATIENCE", 0.05)
    go_on = asyncio.Event()

    class Stubborn(AgentForTests):
        async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid]:
            await go_on.wait()
            yield AgentSaid("at last")

    setup, tab = Setup(Stubborn()), TabForTests()
    turn = asyncio.create_task(say(begun(setup.sessions, ADA, tab)))
    await tab.until(lambda: bool(tab.sent))
    with pytest.raises(SessionBusyError, match="nothing was deleted"):
        async with setup.sessions.ended(ADA):
            raise AssertionError("not reached")
    go_on.set()
    await turn


async def test_two_resets_of_one_person_take_turns() -> None:
    setup = Setup(AgentForTests())
    inside = 0

    async def reset() -> None:
        nonlocal inside
        async with setup.sessions.ended(ADA):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(reset() for _ in range(5)))
    assert setup.sessions.counts.reset == 5


async def test_a_conversation_being_opened_while_its_person_is_reset_begins_anew() -> None:
    setup, tab = Setup(AgentForTests()), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await say(talk)
    kept = setup.conversations.kept[ADA, talk.context.session_id]
    setup.conversations.kept[ADA, TALK] = replace(kept, run_id="stale")
    opening = asyncio.create_task(setup.sessions.get_or_create(ADA, TALK, tab.signature))
    await asyncio.sleep(0)
    async with setup.sessions.ended(ADA):
        await setup.conversations.forget(ADA)
    assert (await opening).context.run_id != "stale"


async def test_what_was_woken_for_a_connection_that_went_meanwhile_is_let_go_of_again() -> None:
    setup, tab = Setup(AgentForTests()), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await say(talk)
    session_id = talk.context.session_id
    setup.sessions._forget(SessionKey(ADA, session_id), talk)
    may_load = asyncio.Event()
    load = setup.conversations.load

    async def slowly(identity: Identity, session_id: SessionId) -> Remembered | None:
        await may_load.wait()
        return await load(identity, session_id)

    setup.conversations.load = slowly  # type: ignore[method-assign]  # a slow storage
    waking = asyncio.create_task(setup.sessions.held(ADA, tab, session_id))
    while not setup.sessions._opening:
        await asyncio.sleep(0)
    await setup.sessions.leave(tab.signature)
    may_load.set()
    with pytest.raises(UnknownSessionError):
        await waking
    assert setup.sessions.live == ()


@pytest.mark.parametrize("is_first", [True, False])
async def test_who_loses_a_conversation_while_it_is_woken_for_them_is_told_so_and_does_not_wait(is_first: bool) -> None:
    setup, tab, other = Setup(AgentForTests()), TabForTests(), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await say(talk)
    session_id = talk.context.session_id
    setup.sessions._forget(SessionKey(ADA, session_id), talk)
    taking = setup.sessions.open(ADA, other, session_id, answered(), take_over=True)
    prompting = setup.sessions.held(ADA, tab, session_id)
    async with asyncio.timeout(5):
        works = (prompting, taking) if is_first else (taking, prompting)
        results = await asyncio.gather(*works, return_exceptions=True)
    given = results[0 if is_first else 1]
    assert is_first or isinstance(given, SessionHeldError)
    # In any case from now on.
    with pytest.raises(SessionHeldError):
        await setup.sessions.held(ADA, tab, session_id)
    assert (await setup.sessions.held(ADA, other, session_id)).holding.is_held_by(other.signature)


async def test_one_conversation_that_cannot_be_stored_does_not_keep_the_others_awake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setup = Setup(AgentForTests(), idle_time=10)
    clock = Clock(setup)
    talks = [begun(setup.sessions, ADA, TabForTests()) for _ in range(2)]
    for talk in talks:
        await say(talk)

    async def fail() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(talks[0].keeping, "save", fail)
    clock.ahead = 11
    assert await setup.sessions.cleanup_inactive() == 1
    assert setup.sessions.live == (talks[0],)
