"""Cancelling a turn: over in a tenth of a second, with a clean history, and the next turn works."""

from __future__ import annotations

import asyncio
import time

import pytest
from google.adk.events.event import Event
from google.genai import types

from server.agent import backend_tool
from server.agent.backend_tool import BackendTool
from server.agent.history import WindowedHistory
from server.agent.runner import AdkAgent
from server.agent.stop import Stop
from server.conversations.conversation import Conversation
from shared.frames import AgentSaid, ApprovalAsked, Choice, ToolCalled, TurnEnded
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema
from tests.server.agent.talks import answer, begin, calls, open_talk, results, say, stored, unanswered
from tests.server.tab_for_tests import TabForTests, never

LIMIT = 1.0
CANCELLED = "The user cancelled the turn."


@pytest.fixture
def agent(history: WindowedHistory) -> AdkAgent:
    return AdkAgent(session_service=history, model_name="demo")


async def hang(_: object) -> JsonObject:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("a wait without an end ended")


async def cancel(talk: Conversation, turn: asyncio.Task[TurnEnded]) -> None:
    started = time.perf_counter()
    await talk.cancel()
    end = await turn
    assert time.perf_counter() - started < LIMIT
    assert end.stop_reason == "cancelled"
    assert end.problem is None


async def see_that_all_is_clean(talk: Conversation, tab: TabForTests, history: WindowedHistory) -> None:
    assert unanswered(await stored(history, talk)) == set()
    tab.sent.clear()
    assert (await say(talk, "what is 2+2")).stop_reason == "end_turn"
    assert answer(tab) == "2+2 = 4"


async def test_while_the_model_streams(agent: AdkAgent, history: WindowedHistory) -> None:
    tab = TabForTests()
    talk = open_talk(agent, tab)
    turn = begin(talk, "/stream 100000")
    await tab.until(lambda: len(tab.updates) > 20)
    await cancel(talk, turn)
    assert sum(isinstance(update, AgentSaid) for update in tab.updates) < 100_000
    await see_that_all_is_clean(talk, tab, history)


async def test_while_the_model_is_slow(agent: AdkAgent, history: WindowedHistory) -> None:
    tab = TabForTests()
    talk = open_talk(agent, tab)
    turn = begin(talk, "/slow 30")
    await tab.until(lambda: bool(tab.updates))
    await cancel(talk, turn)
    await see_that_all_is_clean(talk, tab, history)


async def test_while_an_approval_waits(agent: AdkAgent, history: WindowedHistory) -> None:
    tab = TabForTests(decide=never)
    talk = open_talk(agent, tab)
    turn = begin(talk, "Change BGM to track 1")
    await tab.until(lambda: bool(tab.asked))
    await cancel(talk, turn)
    assert tab.called == []
    assert [withdrawal.reason for withdrawal in tab.withdrawn] == [CANCELLED]
    (given,) = [given for event in await stored(history, talk) for given in event.get_function_responses()]
    assert given.response == {"success": False, "error": CANCELLED}
    await see_that_all_is_clean(talk, tab, history)


async def test_while_a_frontend_tool_runs(agent: AdkAgent, history: WindowedHistory) -> None:
    tab = TabForTests(run_tool=hang)
    talk = open_talk(agent, tab)
    turn = begin(talk, "Change BGM to track 1")
    await tab.until(lambda: bool(tab.called))
    await cancel(talk, turn)
    assert results(tab)[0].result == {"success": False, "error": f"{CANCELLED} The tool may have run."}
    await see_that_all_is_clean(talk, tab, history)


async def test_while_a_backend_tool_runs(history: WindowedHistory) -> None:
    begun = asyncio.Event()

    async def dawdle(_: JsonObject) -> JsonObject:
        begun.set()
        return await hang(None)

    spec = ToolSpec("calculate", "Calculate", "Never ends", object_schema())
    tab = TabForTests()
    agent = AdkAgent(session_service=history, model_name="demo", backend_tools=[BackendTool(spec, dawdle)])
    talk = open_talk(agent, tab)
    turn = begin(talk, "/tool calculate {}")
    async with asyncio.timeout(5):
        await begun.wait()
    await cancel(talk, turn)
    assert unanswered(await stored(history, talk)) == set()


async def test_a_finished_call_beside_a_waiting_one_keeps_its_result(agent: AdkAgent, history: WindowedHistory) -> None:
    async def only_the_music(approval: ApprovalAsked) -> Choice | None:
        return Choice.ALLOW_ONCE if approval.name == "change_bgm" else await never(approval)

    tab = TabForTests(decide=only_the_music)
    talk = open_talk(agent, tab)
    turn = begin(talk, '/tools change_bgm {"track": 1} | get_location {}')
    await tab.until(lambda: bool(results(tab)) and len(tab.asked) == 2)
    await cancel(talk, turn)
    given = {g.name: g.response for event in await stored(history, talk) for g in event.get_function_responses()}
    assert given == {
        "change_bgm": {"success": True, "track": 1},
        "get_location": {"success": False, "error": CANCELLED},
    }
    await see_that_all_is_clean(talk, tab, history)


async def test_a_finished_call_beside_a_running_one_keeps_its_result(agent: AdkAgent, history: WindowedHistory) -> None:
    async def only_the_music(call: ToolCalled) -> JsonObject:
        return {"success": True, "track": 1} if call.name == "change_bgm" else await hang(call)

    tab = TabForTests(run_tool=only_the_music)
    talk = open_talk(agent, tab)
    turn = begin(talk, '/tools change_bgm {"track": 1} | get_location {}')
    await tab.until(lambda: bool(results(tab)) and len(tab.called) == 2)
    await cancel(talk, turn)
    given = {g.name: g.response for event in await stored(history, talk) for g in event.get_function_responses()}
    assert given["change_bgm"] == {"success": True, "track": 1}
    await see_that_all_is_clean(talk, tab, history)


async def test_a_tool_that_will_not_end_is_given_up(history: WindowedHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    async def to_the_end(work: object, abort: asyncio.Event) -> JsonObject:
        return await work  # type: ignore[no-any-return, misc]

    async def dawdle(_: JsonObject) -> JsonObject:
        begun.set()
        return await hang(None)

    monkeypatch.setattr(backend_tool, "unless_cancelled", to_the_end)
    begun = asyncio.Event()
    spec = ToolSpec("calculate", "Calculate", "Never ends", object_schema())
    agent = AdkAgent(session_service=history, model_name="demo", backend_tools=[BackendTool(spec, dawdle)])
    tab = TabForTests()
    talk = open_talk(agent, tab)
    turn = begin(talk, "/tool calculate {}")
    async with asyncio.timeout(5):
        await begun.wait()
    await cancel(talk, turn)
    assert unanswered(await stored(history, talk)) == set()


async def test_the_model_is_not_asked_again_after_the_cancel(agent: AdkAgent, history: WindowedHistory) -> None:
    tab = TabForTests(decide=never)
    talk = open_talk(agent, tab)
    turn = begin(talk, '/loop change_bgm {"track": 1}')
    await tab.until(lambda: bool(tab.asked))
    await cancel(talk, turn)
    assert len(calls(tab)) == 1
    assert sum(len(event.get_function_calls()) for event in await stored(history, talk)) == 1


async def test_adk_is_stopped_before_it_goes_on_from_the_last_result() -> None:
    call = types.Part(function_call=types.FunctionCall(id="1", name="x", args={}))
    given = types.Part(function_response=types.FunctionResponse(id="1", name="x", response={}))
    abort = asyncio.Event()
    stop = Stop(abort)
    stop.see(Event(author="ringback", content=types.Content(role="model", parts=[call])))
    abort.set()
    assert not stop.signal.is_set()
    stop.see(Event(author="ringback", content=types.Content(role="user", parts=[given])))
    assert stop.signal.is_set()
