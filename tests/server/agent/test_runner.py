"""A turn through the one runner: what is said, stored and kept apart."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from pathlib import Path

import pytest

from server.agent.history import WindowedHistory
from server.agent.models.demo_commands import COMMANDS
from server.agent.models.demo_script import MAX_LOOPS
from server.agent.runner import AdkAgent
from server.agent_loader import LoadingAgent
from shared.errors import TurnFailedError
from shared.frames import (
    AgentSaid,
    ApprovalAsked,
    Choice,
    ModelInfo,
    ToolChanged,
    TurnEnded,
    UsageChanged,
    UserSaid,
)
from tests.server.agent.talks import answer, begin, calls, open_talk, results, say, stored, unanswered
from tests.server.services_for_tests import ADA, Setup, begun
from tests.server.tab_for_tests import TabForTests, never, reject

NOW_PLAYING = "Now playing track 1."


@pytest.fixture
def agent(history: WindowedHistory) -> AdkAgent:
    return AdkAgent(session_service=history, model_name="demo")


def rows(database: Path, table: str) -> list[str]:
    with sqlite3.connect(database) as connection:
        return [json.dumps(row, default=str) for row in connection.execute(f"SELECT * FROM {table}")]


async def test_the_answer_comes_word_by_word_and_once(agent: AdkAgent) -> None:
    tab = TabForTests()
    end = await say(open_talk(agent, tab), "/stream 5")
    words = [update.text for update in tab.updates if isinstance(update, AgentSaid)]
    assert words == ["1 ", "2 ", "3 ", "4 ", "5"]
    assert end.stop_reason == "end_turn"
    assert end.problem is None


async def test_a_message_is_acknowledged_before_anything_is_said_and_usage_is_told(agent: AdkAgent) -> None:
    tab = TabForTests()
    await say(open_talk(agent, tab), "hello there")
    assert isinstance(tab.updates[0], UserSaid)
    assert isinstance(tab.updates[-2], UsageChanged)
    assert tab.updates[-2].used > 2
    assert isinstance(tab.updates[-1], TurnEnded)


async def test_the_demo_model_says_what_it_is_and_offers_its_commands(agent: AdkAgent) -> None:
    assert agent.model == ModelInfo("demo", "demo (scripted)", scripted=True)
    assert agent.commands == COMMANDS


async def test_another_model_offers_no_commands(history: WindowedHistory) -> None:
    assert AdkAgent(session_service=history, model_name="gemini-flash-latest").commands == ()


async def test_an_approved_frontend_tool_runs_in_its_tab_and_its_result_is_told(agent: AdkAgent) -> None:
    tab = TabForTests()
    await say(open_talk(agent, tab), "Change BGM to track 1")
    assert [(call.name, call.arguments) for call in tab.called] == [("change_bgm", {"track": 1})]
    assert answer(tab) == NOW_PLAYING
    assert [update.status for update in tab.updates if isinstance(update, ToolChanged)] == ["in_progress", "completed"]


async def test_a_declined_call_does_not_run_and_the_model_is_told(agent: AdkAgent) -> None:
    tab = TabForTests(decide=reject)
    await say(open_talk(agent, tab), "Change BGM to track 1")
    assert tab.called == []
    assert answer(tab) == "change_bgm did not work: The user declined to run change_bgm."


async def test_a_backend_tool_runs_without_asking(agent: AdkAgent) -> None:
    tab = TabForTests()
    await say(open_talk(agent, tab), "what is 2+2")
    assert tab.asked == []
    assert answer(tab) == "2+2 = 4"


async def test_parallel_calls_each_ask(agent: AdkAgent) -> None:
    tab = TabForTests()
    talk = open_talk(agent, tab)
    await say(
        talk, '/tools change_bgm {"track": 0} | copy_to_clipboard {"text": "a|b"} | calculate {"expression": "6*7"}'
    )
    assert [ask.name for ask in tab.asked] == ["change_bgm", "copy_to_clipboard"]
    assert {call.name: call.arguments for call in tab.called} == {
        "change_bgm": {"track": 0},
        "copy_to_clipboard": {"text": "a|b"},
    }
    assert len({call.call_id for call in calls(tab)}) == 3
    assert "6*7 = 42" in answer(tab)


async def test_a_loop_asks_again_after_each_result_and_ends(agent: AdkAgent) -> None:
    tab = TabForTests()
    await say(open_talk(agent, tab), '/loop change_bgm {"track": 2}')
    assert len(tab.asked) == MAX_LOOPS
    assert "Now playing track 2." in answer(tab)


async def test_a_tool_that_this_device_does_not_offer_is_a_failed_card_and_the_model_is_told(agent: AdkAgent) -> None:
    tab = TabForTests(tools=())
    await say(open_talk(agent, tab), "What's my location?")
    assert [call.name for call in calls(tab)] == ["get_location"]
    assert results(tab)[0].status == "failed"
    assert tab.asked == []
    assert answer(tab) == "get_location did not work: This device does not offer the tool get_location."


async def test_a_tool_that_nobody_knows_is_a_failed_card_and_the_turn_goes_on(agent: AdkAgent) -> None:
    tab = TabForTests()
    end = await say(open_talk(agent, tab), '/tools teleport {} | change_bgm {"track": 1}')
    assert end.problem is None
    assert {change.status for change in results(tab)} == {"failed", "completed"}
    assert "This device does not offer the tool teleport." in answer(tab)
    assert NOW_PLAYING in answer(tab)


async def test_a_failing_model_ends_the_turn_with_a_sentence_and_the_next_turn_works(
    agent: AdkAgent, history: WindowedHistory, caplog: pytest.LogCaptureFixture
) -> None:
    tab = TabForTests()
    talk = open_talk(agent, tab)
    end = await say(talk, "/fail")
    assert end.problem is not None
    assert end.problem.code == TurnFailedError.code
    assert end.problem.message.startswith("The model demo (scripted) failed to answer.")
    assert "asked to fail" not in end.problem.message
    assert "asked to fail" in caplog.text
    await say(talk, "Change BGM to track 1")
    assert answer(tab) == NOW_PLAYING
    assert unanswered(await stored(history, talk)) == set()


async def test_a_model_that_comes_to_no_end_is_stopped_with_a_sentence_of_its_own(
    agent: AdkAgent, history: WindowedHistory
) -> None:
    agent._run_config.max_llm_calls = 2
    tab = TabForTests()
    talk = open_talk(agent, tab)
    end = await say(talk, '/loop calculate {"expression": "1+1"}')
    assert end.problem is not None
    assert end.problem.code == TurnFailedError.code
    assert end.problem.message == (
        "The model was asked 2 times and came to no end, so the turn stopped. Tell it how to go on."
    )
    assert [result.status for result in results(tab)] == ["completed"] * 2
    assert unanswered(await stored(history, talk)) == set()
    assert (await say(talk, "hello")).problem is None


async def test_a_broken_database_ends_the_turn_with_a_sentence_of_its_own(
    agent: AdkAgent, history: WindowedHistory, tmp_path: Path
) -> None:
    talk = open_talk(agent, TabForTests())
    await say(talk, "hello")
    with sqlite3.connect(tmp_path / "ringback.db") as connection:
        connection.execute("DROP TABLE events")
    end = await say(talk, "hello again")
    assert end.problem is not None
    assert end.problem.message.startswith("This conversation could not be read or stored.")


async def test_the_row_of_a_session_is_made_at_its_first_prompt_and_holds_the_client_identifier(
    agent: AdkAgent, history: WindowedHistory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await history.prepare_tables()
    tab = TabForTests()
    talk = open_talk(agent, tab)
    assert rows(tmp_path / "ringback.db", "sessions") == []
    await say(talk, "hello")
    await say(talk, "hello again")
    (row,) = rows(tmp_path / "ringback.db", "sessions")
    assert talk.context.session_id in row
    assert f'\\"client_identifier\\":\\"{tab.signature}\\"' in row.replace(": ", ":")
    assert '"default:ada"' in row
    line = f"session_created client_identifier={tab.signature} session={talk.context.session_id}"
    assert [record.message for record in caplog.records].count(line) == 1


async def test_a_session_that_was_begun_before_a_restart_goes_on(agent: AdkAgent, history: WindowedHistory) -> None:
    tab = TabForTests()
    talk = open_talk(agent, tab)
    await say(talk, "hello")
    again = open_talk(AdkAgent(session_service=history, model_name="demo"), tab)
    assert again.context.session_id == talk.context.session_id
    assert (await say(again, "hello again")).problem is None
    assert len([event for event in await stored(history, again) if event.content]) == 4


async def test_temp_state_is_never_stored(agent: AdkAgent, tmp_path: Path) -> None:
    tab = TabForTests()
    await say(open_talk(agent, tab), "Change BGM to track 1")
    everything = "".join(
        row
        for table in ("sessions", "events", "app_states", "user_states")
        for row in rows(tmp_path / "ringback.db", table)
    )
    assert "change_bgm" in everything
    assert "client_identifier" in everything
    assert "temp:" not in everything
    assert "Delegate" not in everything


async def test_two_turns_at_once_on_one_runner_each_reach_only_their_own_tab(agent: AdkAgent) -> None:
    both = asyncio.Barrier(2)

    async def approve(_: ApprovalAsked) -> Choice:
        await both.wait()
        return Choice.ALLOW_ONCE

    async def decline(_: ApprovalAsked) -> Choice:
        await both.wait()
        return Choice.REJECT_ONCE

    first, second = TabForTests(decide=approve), TabForTests(decide=decline)
    await asyncio.gather(
        say(open_talk(agent, first), "Change BGM to track 1"), say(open_talk(agent, second), "What's my location?")
    )
    assert [call.name for call in first.called] == ["change_bgm"]
    assert second.called == []
    assert [ask.name for ask in second.asked] == ["get_location"]
    assert answer(first) == NOW_PLAYING


async def test_a_tab_that_goes_away_leaves_its_waiting_call_and_cancelling_answers_it(
    agent: AdkAgent, history: WindowedHistory
) -> None:
    tab = TabForTests(decide=never)
    talk = open_talk(agent, tab)
    turn = begin(talk, "Change BGM to track 1")
    await tab.until(lambda: bool(tab.asked))
    talk.leave()
    assert not turn.done()
    await talk.cancel()
    assert (await turn).stop_reason == "cancelled"
    assert tab.called == []
    assert unanswered(await stored(history, talk)) == set()


async def test_a_conversation_that_slept_after_being_cancelled_before_the_agent_was_there_wakes_up(
    agent: AdkAgent,
) -> None:
    is_loaded = asyncio.Event()

    async def load() -> AdkAgent:
        await is_loaded.wait()
        return agent

    loading = LoadingAgent(model=agent.model, commands=agent.commands, load=load)
    setup, tab = Setup(loading, idle_time=0), TabForTests()
    talk = begun(setup.sessions, ADA, tab)
    turn = begin(talk, "hello")
    await tab.until(lambda: bool(tab.sent))
    await talk.cancel()
    assert (await turn).stop_reason == "cancelled"
    is_loaded.set()
    await talk.keeping.save()
    assert await setup.sessions.cleanup_inactive() == 1
    again = await setup.sessions.held(ADA, tab, talk.context.session_id)
    assert again is not talk
    assert (await say(again, "what is 2+2")).problem is None
    assert answer(tab) == "2+2 = 4"
