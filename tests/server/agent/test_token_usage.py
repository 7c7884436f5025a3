"""What a model used is counted once, told to the tab, held against the budgets and entered into the books."""

from __future__ import annotations

import asyncio
import copy
import logging

import pytest
from google.adk.events.event import Event
from google.genai import types

from server.agent.history import WindowedHistory
from server.agent.runner import AdkAgent
from server.agent.telling import Telling
from server.agent.token_usage import token_usage
from server.conversations.conversation import Conversation
from server.core.usage import Budgets
from shared.errors import BudgetSpentError
from shared.frames import TurnEnded, UsageChanged
from shared.usage import TokenUsage
from tests.server.agent.talks import begin, calls, results, say, stored, unanswered
from tests.server.context.turn_for_tests import TurnsForTests
from tests.server.services_for_tests import ADA, ADA_OF_ACME, BOB, Setup, answered, begun, until
from tests.server.tab_for_tests import TabForTests, never


def setup_with(history: WindowedHistory, budgets: Budgets | None = None) -> Setup:
    return Setup(AdkAgent(session_service=history, model_name="demo"), budgets=budgets)


def told(tab: TabForTests) -> list[UsageChanged]:
    return [update for update in tab.updates if isinstance(update, UsageChanged)]


@pytest.mark.parametrize(
    ("told_by_model", "counted"),
    [
        ({"prompt_token_count": 3, "candidates_token_count": 4, "total_token_count": 7}, TokenUsage(3, 4, 7)),
        (
            {"prompt_token_count": 3, "candidates_token_count": 4, "thoughts_token_count": 5, "total_token_count": 12},
            TokenUsage(3, 9, 12),
        ),
        (
            {"prompt_token_count": 3, "candidates_token_count": 9, "thoughts_token_count": 5, "total_token_count": 12},
            TokenUsage(3, 9, 12),
        ),
        (
            {
                "prompt_token_count": 3,
                "tool_use_prompt_token_count": 2,
                "candidates_token_count": 4,
                "thoughts_token_count": 1,
                "total_token_count": 10,
            },
            TokenUsage(5, 5, 10),
        ),
        ({"prompt_token_count": 3, "candidates_token_count": 4, "thoughts_token_count": 5}, TokenUsage(3, 9, 12)),
        ({"prompt_token_count": 3, "candidates_token_count": 4, "total_token_count": 100}, TokenUsage(3, 4, 100)),
        ({"prompt_token_count": 3}, TokenUsage(3, 0, 3)),
        ({}, TokenUsage()),
    ],
)
def test_what_a_model_says_is_counted(told_by_model: dict[str, int], counted: TokenUsage) -> None:
    assert token_usage(types.GenerateContentResponseUsageMetadata.model_validate(told_by_model)) == counted


async def test_a_streamed_answer_is_counted_once(history: WindowedHistory) -> None:
    tab = TabForTests()
    await say(begun(setup_with(history).sessions, ADA, tab), "/stream 50")
    (usage,) = told(tab)
    assert usage.session == TokenUsage(2, 50, 52)
    assert usage.used == 52


async def test_what_comes_with_the_pieces_of_an_answer_is_not_counted() -> None:
    turn = await TurnsForTests().of()
    telling = Telling(turn, size=100)
    used = types.GenerateContentResponseUsageMetadata(
        prompt_token_count=1, candidates_token_count=2, total_token_count=3
    )
    for is_partial in (True, True, False):
        event = Event(author="ringback", partial=is_partial, usage_metadata=used)
        said = list(telling.updates(event))
        assert said == ([] if is_partial else [UsageChanged(3, 100, TokenUsage(1, 2, 3), TokenUsage(1, 2, 3))])
    assert turn.spending.turn == TokenUsage(1, 2, 3)


async def test_every_answer_of_a_turn_counts_and_the_books_hold_their_sum(history: WindowedHistory) -> None:
    setup, tab, other = setup_with(history), TabForTests(), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await say(talk, "calculate 1+1")
    assert len(told(tab)) == 2
    last = told(tab)[-1]
    assert last.session == talk.context.usage
    assert talk.context.usage.total > told(tab)[0].used
    await say(talk, "hello again")
    assert told(tab)[-1].session == talk.context.usage, "all turns of the conversation"
    second = begun(setup.sessions, ADA, other)
    await say(second, "hello")
    assert told(other)[-1].session == second.context.usage
    assert told(other)[-1].user == talk.context.usage + second.context.usage
    books = setup.stores.usage
    assert await books.of_session(ADA, talk.context.session_id) == talk.context.usage
    assert await books.of_user(ADA) == talk.context.usage + second.context.usage
    assert await books.of_tenant(ADA.tenant) == talk.context.usage + second.context.usage


async def test_a_turn_that_used_up_its_budget_stops_with_the_sentence_and_leaves_nothing_open(
    history: WindowedHistory,
) -> None:
    setup, tab = setup_with(history, Budgets(completion=1)), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    end = await say(talk, "calculate 1+1")
    assert end.problem is not None
    assert end.problem.code == BudgetSpentError.code
    assert end.problem.message.startswith("This turn used 1 completion tokens of the 1 that it may use")
    assert len(calls(tab)) == 1, "the call of the first answer ran to its end"
    assert unanswered(await stored(history, talk)) == set()
    assert (await say(talk, "hello")).problem is None, "the next turn begins anew"


async def test_a_person_without_anything_left_is_told_so_in_every_conversation(history: WindowedHistory) -> None:
    setup = setup_with(history, Budgets(user=5))
    talk = begun(setup.sessions, ADA, TabForTests())
    assert (await say(talk, "hello, this is a message of many words")).problem is None
    for again in (talk, begun(setup.sessions, ADA, TabForTests())):
        end = await say(again, "hello")
        assert end.problem is not None
        assert "that you may use a day" in end.problem.message
    assert unanswered(await stored(history, talk)) == set()


async def test_a_turn_in_which_no_model_answered_is_not_booked(history: WindowedHistory) -> None:
    setup, tab = setup_with(history), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await say(talk, "/fail")
    assert setup.conversations.booked == []
    await say(talk, "hello")
    assert len(setup.conversations.booked) == 1


async def test_what_stops_a_turn_is_in_the_log_of_events_once_and_tells_the_model_nothing(
    history: WindowedHistory, caplog: pytest.LogCaptureFixture
) -> None:
    setup, tab = setup_with(history, Budgets(completion=1)), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    await say(talk, "calculate 1+1")
    message, call, result, stop, _ = await stored(history, talk)
    assert message.author == "user"
    assert call.get_function_calls()
    assert result.get_function_responses()
    assert (stop.error_code, stop.content) == ("BUDGET_SPENT", None)
    assert (stop.error_message or "").startswith("This turn used 1 completion tokens")
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("budgets", [Budgets(prompt=2), Budgets(completion=1), Budgets(user=3)])
async def test_each_budget_lets_a_turn_come_to_its_end_and_stops_it_before_the_model_is_asked_once_more(
    history: WindowedHistory, budgets: Budgets
) -> None:
    setup, tab = setup_with(history, budgets), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    end = await say(talk, '/tools calculate {"expression": "1+1"} | recall {}')
    assert end.problem is not None
    assert end.problem.code == BudgetSpentError.code
    assert len(told(tab)) == 1, "the model was asked once"
    assert [change.status for change in results(tab)] == ["completed", "completed"]
    assert setup.conversations.booked[0][2].tokens == talk.context.usage, "what was used is booked all the same"


async def test_what_one_person_used_up_is_not_taken_from_another(history: WindowedHistory) -> None:
    setup = setup_with(history, Budgets(user=1))
    await say(begun(setup.sessions, ADA, TabForTests()), "hello")
    for other in (BOB, ADA_OF_ACME):
        assert (await say(begun(setup.sessions, other, TabForTests()), "hello")).problem is None
    assert (await say(begun(setup.sessions, ADA, TabForTests()), "hello")).problem is not None


async def test_two_conversations_at_once_are_counted_apart_and_for_their_person_together(
    history: WindowedHistory,
) -> None:
    setup, tabs = setup_with(history), [TabForTests() for _ in range(4)]
    people = (ADA, ADA, BOB, ADA_OF_ACME)
    talks = [begun(setup.sessions, who, tab) for who, tab in zip(people, tabs, strict=True)]
    await asyncio.gather(*(say(talk, f"/stream {words}") for talk, words in zip(talks, (10, 20, 30, 40), strict=True)))
    assert [talk.context.usage.completion for talk in talks] == [10, 20, 30, 40]
    books = setup.stores.usage
    assert [(await books.of_user(who)).completion for who in (ADA, BOB, ADA_OF_ACME)] == [30, 30, 40]
    assert (await books.of_tenant(ADA.tenant)).completion == 60


# --- turns that stopped and go on ---------------------------------------------------------------------------------


MUSIC = "Change BGM to track 1"


async def paid(history: WindowedHistory, talk: Conversation) -> TokenUsage:
    """What the model was asked for in that conversation, as ADK stored it."""
    told = [event.usage_metadata for event in await stored(history, talk)]
    return sum((token_usage(one) for one in told if one is not None), TokenUsage())


async def over(tab: TabForTests) -> TurnEnded:
    await tab.until(lambda: any(isinstance(update, TurnEnded) for update in tab.updates))
    return next(update for update in tab.updates if isinstance(update, TurnEnded))


async def waiting_turn(setup: Setup) -> Conversation:
    """A conversation whose model was asked once; its turn waits for a person who is gone."""
    tab = TabForTests(decide=never)
    talk = begun(setup.sessions, ADA, tab)
    begin(talk, MUSIC)
    await tab.until(lambda: bool(tab.asked))
    tab.is_gone = True
    return talk


def after_a_crash(history: WindowedHistory, setup: Setup, budgets: Budgets | None = None) -> Setup:
    """The next server, which finds what was stored until now; what the one before does still is nothing to it."""
    later = setup_with(history, budgets)
    for name in ("kept", "booked", "turns", "told", "calls", "leases"):
        setattr(later.ledger, name, copy.deepcopy(getattr(setup.ledger, name)))
    return later


async def test_a_turn_that_a_crash_cut_pays_for_each_call_of_the_model_once(history: WindowedHistory) -> None:
    setup = setup_with(history)
    talk = await waiting_turn(setup)
    later, tab = after_a_crash(history, setup), TabForTests()
    assert later.ledger.booked == []
    await later.sessions.open(ADA, tab, talk.context.session_id, answered(after=0))
    assert (await over(tab)).stop_reason == "end_turn"
    whole = await paid(history, talk)
    await until(lambda: bool(later.ledger.booked))
    assert await later.stores.usage.of_session(ADA, talk.context.session_id) == whole
    assert told(tab)[-1].session == told(tab)[-1].user == whole
    assert len([event for event in await stored(history, talk) if event.usage_metadata]) == 2


async def test_a_turn_that_slept_pays_for_each_call_of_the_model_once(history: WindowedHistory) -> None:
    setup, tab = setup_with(history), TabForTests()
    talk = await waiting_turn(setup)
    talk._doze()
    await until(lambda: bool(setup.ledger.booked))
    await setup.sessions.open(ADA, tab, talk.context.session_id, answered(after=0), take_over=True)
    await over(tab)
    await until(lambda: len(setup.ledger.booked) == 2)
    whole = await paid(history, talk)
    assert await setup.stores.usage.of_session(ADA, talk.context.session_id) == whole
    assert told(tab)[-1].session == whole
    assert talk.context.usage == whole


@pytest.mark.parametrize("is_crash", [True, False])
async def test_the_budget_of_a_turn_holds_what_it_used_before_it_stopped(
    history: WindowedHistory, *, is_crash: bool
) -> None:
    budgets = Budgets(completion=1)
    setup, tab = setup_with(history, budgets), TabForTests()
    talk = await waiting_turn(setup)
    if is_crash:
        setup = after_a_crash(history, setup, budgets)
    else:
        talk._doze()
        await until(lambda: bool(setup.ledger.booked))
    await setup.sessions.open(ADA, tab, talk.context.session_id, answered(after=0), take_over=True)
    ended = await over(tab)
    assert ended.problem is not None
    assert ended.problem.code == BudgetSpentError.code
