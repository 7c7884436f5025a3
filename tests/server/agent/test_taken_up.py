"""Turns that stopped and go on in the same process, and the ones of which nothing is left to do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.adk.events.event import Event
from google.genai import types

from server.agent.gate import BUDGET_SPENT, GatePlugin
from server.agent.history import WindowedHistory
from server.agent.invocation import MESSAGE_ID_KEY, find_invocation
from server.agent.models.demo_script import MAX_LOOPS
from server.agent.models.demo_steps import Call
from server.agent.runner import AdkAgent
from server.agent.stop import LANDING_TIME
from server.context import TurnContext
from server.context.turn_context import Told
from server.core.desk_events import Requested
from server.core.verdict import Given, Go, Verdict
from shared.errors import BudgetSpentError, TurnFailedError
from shared.frames import AnswerRestarted
from shared.ids import MessageId
from shared.json_types import JsonObject
from tests.server.agent.stopped_turns import (
    LIMIT,
    WHO,
    ApprovalsForTests,
    Screen,
    agent_of,
    events_of,
    never,
    play,
    shape,
    turn_of,
)
from tests.server.agent.talks import unanswered
from tests.server.tab_for_tests import TabForTests

MUSIC = '/tool change_bgm {"track": 1}'
TWICE = '/tools calculate {"expression": "6*7"} | change_bgm {"track": 1}'


@pytest.fixture
def agent(history: WindowedHistory) -> AdkAgent:
    return agent_of(history)


def running(agent: AdkAgent) -> dict[Any, Go]:
    (gate,) = [plugin for plugin in agent._runner.plugin_manager.plugins if isinstance(plugin, GatePlugin)]
    return gate._running


async def put_to_sleep(agent: AdkAgent, turn: TurnContext, approvals: ApprovalsForTests, calls: int = 1) -> None:
    """Run the turn until ``calls`` calls wait at the gate, then cancel its task."""
    playing = asyncio.create_task(play(agent, turn))
    await approvals.until(lambda: len(approvals.requested) == calls)
    playing.cancel()
    async with asyncio.timeout(LIMIT):
        await asyncio.wait({playing})
    assert playing.cancelled()


async def test_two_rounds_of_sleep_and_waking_leave_no_trace(agent: AdkAgent, history: WindowedHistory) -> None:
    rounds = [ApprovalsForTests(never) for _ in range(3)]
    for told, approvals in zip((None, Told(), Told()), rounds, strict=True):
        await put_to_sleep(agent, await turn_of(TWICE, told=told, approvals=approvals), approvals, calls=2)
        assert shape(await events_of(history)) == ["message", "calls calculate change_bgm"]
        assert running(agent) == {}
        assert approvals.settled == []
    assert len({request.call_id for approvals in rounds for request in approvals.requested}) == 2
    screen = await play(agent, await turn_of(TWICE, told=Told()))
    assert screen.said == "6*7 = 42\n\nNow playing track 1."
    events = await events_of(history)
    assert shape(events) == [
        "message",
        "calls calculate change_bgm",
        "results calculate change_bgm",
        "answer",
        "end",
    ]
    assert unanswered(events) == set()
    assert len({event.invocation_id for event in events}) == 1


async def test_a_turn_put_to_sleep_amid_a_tool_settles_nothing(history: WindowedHistory) -> None:
    begun = asyncio.Event()

    async def dawdle(_: JsonObject) -> JsonObject:
        begun.set()
        return await never(None)  # type: ignore[no-any-return]

    agent, approvals = agent_of(history, dawdle), ApprovalsForTests()
    playing = asyncio.create_task(play(agent, await turn_of("/tool dawdle {}", approvals=approvals)))
    async with asyncio.timeout(LIMIT):
        await begun.wait()
        assert len(running(agent)) == 1
        playing.cancel()
        await asyncio.wait({playing})
    assert (approvals.settled, running(agent)) == ([], {})
    assert shape(await events_of(history)) == ["message", "calls dawdle"]


async def test_the_message_is_there_once_however_often_its_turn_goes_on(
    agent: AdkAgent, history: WindowedHistory
) -> None:
    waiting = ApprovalsForTests(never)
    await put_to_sleep(agent, await turn_of(MUSIC, approvals=waiting), waiting)
    for _ in range(2):
        await play(agent, await turn_of(MUSIC, told=Told()))
    assert shape(await events_of(history)).count("message") == 1


async def test_a_frontend_tool_runs_in_the_tab_that_has_the_conversation_now(agent: AdkAgent) -> None:
    before, now, waiting = TabForTests(), TabForTests(), ApprovalsForTests(never)
    await put_to_sleep(agent, await turn_of(MUSIC, approvals=waiting, tab=before), waiting)
    await play(agent, await turn_of(MUSIC, told=Told(), tab=now))
    assert ([call.call_id for call in now.called], before.called) == ([waiting.requested[0].call_id], [])


async def test_a_message_that_was_never_stored_runs_as_a_new_one(agent: AdkAgent, history: WindowedHistory) -> None:
    await play(agent, await turn_of("hello", message_id="message-0"))
    screen = await play(agent, await turn_of("/stream 3", told=Told("1 2", "hm")), Screen("1 2", "hm"))
    assert (screen.restarts, screen.told) == ([AnswerRestarted(0, 0)], Told("1 2 3", ""))
    assert shape(await events_of(history)) == ["message", "answer", "end"] * 2


async def test_the_first_message_of_a_conversation_that_was_never_stored_runs(agent: AdkAgent) -> None:
    assert (await play(agent, await turn_of("/stream 3", told=Told()))).said == "1 2 3"


async def test_a_finished_turn_is_not_answered_again(agent: AdkAgent, history: WindowedHistory) -> None:
    first = await play(agent, await turn_of(MUSIC))
    approvals = ApprovalsForTests()
    again = await play(agent, await turn_of(MUSIC, told=Told("Now"), approvals=approvals), Screen("Now"))
    assert (again.restarts, again.said) == ([], first.said)
    assert approvals.requested == []
    assert shape(await events_of(history)) == ["message", "calls change_bgm", "results change_bgm", "answer", "end"]


async def test_a_cancelled_turn_is_not_gone_on_with(agent: AdkAgent, history: WindowedHistory) -> None:
    approvals = ApprovalsForTests(never)
    turn = await turn_of(MUSIC, approvals=approvals)
    playing = asyncio.create_task(play(agent, turn))
    await approvals.until(lambda: bool(approvals.requested))
    turn.abort.set()
    await playing
    sealed = shape(await events_of(history))
    assert await play(agent, await turn_of(MUSIC, told=Told())) == Screen()
    assert shape(await events_of(history)) == sealed


async def test_a_turn_that_goes_on_to_end_cancelled_keeps_the_results_that_there_were(
    agent: AdkAgent, history: WindowedHistory
) -> None:
    async def settled_before(_: Requested) -> Verdict:
        return Given({"success": True, "track": 1})

    waiting = ApprovalsForTests(never)
    await put_to_sleep(agent, await turn_of(MUSIC, approvals=waiting), waiting)
    turn = await turn_of(MUSIC, told=Told(), approvals=ApprovalsForTests(settled_before))
    turn.abort.set()
    await play(agent, turn)
    events = await events_of(history)
    (given,) = [given for event in events for given in event.get_function_responses()]
    assert given.response == {"success": True, "track": 1}


@pytest.mark.parametrize("is_ended", [False, True])
@pytest.mark.parametrize(("code", "error"), [(BUDGET_SPENT, BudgetSpentError), ("MAX_TOKENS", TurnFailedError)])
async def test_a_turn_that_had_failed_fails_again_and_the_model_is_not_asked(
    agent: AdkAgent, history: WindowedHistory, code: str, error: type[Exception], *, is_ended: bool
) -> None:
    session = await history.create_session(**WHO)
    await history.append_event(session, message_of("message-1", "hello"))
    failed = Event(author="ringback", invocation_id="message-1", error_code=code, error_message="Too much.")
    await history.append_event(session, failed)
    if is_ended:
        end = Event(author="ringback", invocation_id="message-1")
        end.actions.end_of_agent = True
        await history.append_event(session, end)
    before = len(await events_of(history))
    with pytest.raises(error):
        await play(agent, await turn_of("hello", told=Told()))
    assert len(await events_of(history)) == before


def message_of(invocation_id: str, text: str, message_id: str = "message-1") -> Event:
    content = types.Content(role="user", parts=[types.Part(text=text)])
    named = {MESSAGE_ID_KEY: message_id}
    return Event(author="user", invocation_id=invocation_id, content=content, custom_metadata=named)


async def test_a_turn_of_two_hundred_calls_is_gone_on_with_through_a_small_window(history: WindowedHistory) -> None:
    text, agent, approvals = '/tool calculate {"expression": "6*7"}', agent_of(history), ApprovalsForTests()
    await play(agent, await turn_of("hello", message_id="message-0"))
    session = await history.get_session(**WHO)
    assert session is not None
    await history.append_event(session, message_of("long", text))
    for number in range(201):
        name = f"call-{number}"
        ask = types.Part(function_call=types.FunctionCall(id=name, name="calculate", args={"expression": "6*7"}))
        await history.append_event(session, said_by_the_agent("model", ask))
        if number < 200:
            give = types.Part(function_response=types.FunctionResponse(id=name, name="calculate", response={"r": 1}))
            await history.append_event(session, said_by_the_agent("user", give))
    assert history.window == 40
    await play(agent, await turn_of(text, told=Told(), approvals=approvals))
    assert [request.call_id for request in approvals.requested] == ["call-200"]
    words = shape(await events_of(history))
    assert (words.count("calls calculate"), words.count("results calculate")) == (201, 201)
    assert words[-2:] == ["answer", "end"]


def said_by_the_agent(role: str, part: types.Part) -> Event:
    return Event(author="ringback", invocation_id="long", content=types.Content(role=role, parts=[part]))


async def test_what_was_said_before_a_call_stands_and_only_what_came_after_its_result_is_taken_back(
    agent: AdkAgent, history: WindowedHistory
) -> None:
    text, approvals = '/tool calculate {"expression": "6*7"}', ApprovalsForTests()
    session = await history.create_session(**WHO)
    await history.append_event(session, message_of("long", text))
    ask = types.Part(function_call=types.FunctionCall(id="call-1", name="calculate", args={"expression": "6*7"}))
    words = [types.Part(text="Hm. ", thought=True), types.Part(text="Let me see. ")]
    asking = Event(author="ringback", invocation_id="long", content=types.Content(role="model", parts=[*words, ask]))
    await history.append_event(session, asking)
    result = {"success": True, "expression": "6*7", "result": 42}
    give = types.Part(function_response=types.FunctionResponse(id="call-1", name="calculate", response=result))
    await history.append_event(session, said_by_the_agent("user", give))
    before = Screen("Let me see. 6*7", "Hm. So")
    screen = await play(agent, await turn_of(text, told=before.told, approvals=approvals), before)
    assert screen.restarts == [AnswerRestarted(len("Let me see. "), len("Hm. "))]
    assert screen.told == Told("Let me see. 6*7 = 42", "Hm. ")
    assert approvals.requested == [], "the call has its result"


async def test_an_open_call_is_asked_for_again_on_a_device_that_does_not_offer_the_tool(
    agent: AdkAgent, history: WindowedHistory
) -> None:
    waiting, approvals = ApprovalsForTests(never), ApprovalsForTests()
    await put_to_sleep(agent, await turn_of(MUSIC, approvals=waiting), waiting)
    await play(agent, await turn_of(MUSIC, told=Told(), approvals=approvals, tab=TabForTests(tools=())))
    (request,) = approvals.requested
    assert (request.call_id, request.is_offered) == (waiting.requested[0].call_id, False)
    assert unanswered(await events_of(history)) == set()


async def test_calls_of_one_id_are_counted_and_counted_alike_after_a_sleep(
    agent: AdkAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always_the_same(call: Call) -> types.Part:
        return types.Part(function_call=types.FunctionCall(id="call-1", name=call.name, args=call.arguments))

    async def only_two(request: Requested) -> Verdict:
        return Go(request.arguments) if len(first.requested) < 3 else await never(request)

    monkeypatch.setattr("server.agent.models.demo._call_part", always_the_same)
    first, second, text = ApprovalsForTests(only_two), ApprovalsForTests(), '/loop calculate {"expression": "1+1"}'
    await put_to_sleep(agent, await turn_of(text, approvals=first), first, calls=3)
    await play(agent, await turn_of(text, told=Told(), approvals=second))
    assert [request.occurrence for request in first.requested] == [1, 2, 3]
    assert [request.occurrence for request in second.requested] == [*range(3, MAX_LOOPS + 1)]
    next_turn = ApprovalsForTests()
    await play(agent, await turn_of(text, message_id="message-2", approvals=next_turn))
    assert next_turn.requested[0].occurrence == 1, "they are counted in each turn"


async def test_a_turn_cancelled_after_it_went_on_keeps_the_result_of_the_call_that_ended(
    agent: AdkAgent, history: WindowedHistory
) -> None:
    async def only_the_sum(request: Requested) -> Verdict:
        if request.spec.name == "calculate":
            return Go(request.arguments)
        await turn.abort.wait()
        await asyncio.wait({lasting}, timeout=LANDING_TIME / 5)
        return Given({"success": False, "error": "The user cancelled the turn."})

    lasting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting, approvals = ApprovalsForTests(never), ApprovalsForTests(only_the_sum)
    await put_to_sleep(agent, await turn_of(TWICE, approvals=waiting), waiting, calls=2)
    turn = await turn_of(TWICE, told=Told(), approvals=approvals)
    playing = asyncio.create_task(play(agent, turn))
    await approvals.until(lambda: bool(approvals.settled))
    turn.abort.set()
    await playing
    given = {g.name: g.response for event in await events_of(history) for g in event.get_function_responses()}
    assert given["calculate"] == {"success": True, "expression": "6*7", "result": 42}


async def test_the_events_of_a_turn_name_its_message_and_no_other_does(
    agent: AdkAgent, history: WindowedHistory
) -> None:
    for name in ("message-1", "message-2"):
        await play(agent, await turn_of("hello", message_id=name))
    events = await events_of(history)
    for name in ("message-1", "message-2"):
        found = find_invocation(events, MessageId(name))
        assert found is not None
        assert len(found.events) == 3
        assert {(event.custom_metadata or {}).get(MESSAGE_ID_KEY) for event in found.events} == {name}
    assert find_invocation(events, MessageId("message-3")) is None
