"""An agent that goes in circles is stopped by the person, not by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.agent.history import WindowedHistory
from server.agent.models.demo_script import MAX_LOOPS
from server.agent.runner import AdkAgent
from shared.frames import ApprovalAsked, Choice
from tests.server.agent.talks import answer, calls, open_talk, results, say, stored, unanswered
from tests.server.tab_for_tests import TabForTests, never, reject

LOOP = '/loop calculate {"expression": "1+1"}'
GO_ON = (Choice.ALLOW_ONCE, Choice.REJECT_ONCE)


@pytest.fixture
def agent(history: WindowedHistory) -> AdkAgent:
    return AdkAgent(session_service=history, model_name="demo")


def deciding(*choices: Choice) -> TabForTests:
    """A tab that answers one question after the other so."""
    left = list(choices)

    async def decide(_: ApprovalAsked) -> Choice:
        return left.pop(0)

    return TabForTests(decide=decide)


async def test_the_third_and_the_sixth_same_call_ask_though_the_tool_never_does(agent: AdkAgent) -> None:
    tab = deciding(Choice.ALLOW_ONCE, Choice.ALLOW_ONCE)
    assert (await say(open_talk(agent, tab), LOOP)).stop_reason == "end_turn"
    assert [asked.choices for asked in tab.asked] == [GO_ON, GO_ON]
    for asked, time in zip(tab.asked, ("3rd", "6th"), strict=True):
        assert f"for the {time} time in this turn. Should it go on?" in asked.risk
    third, sixth = calls(tab)[2], calls(tab)[5]
    assert [asked.call_id for asked in tab.asked] == [third.call_id, sixth.call_id]
    assert [result.status for result in results(tab)] == ["completed"] * MAX_LOOPS


async def test_a_yes_at_the_third_time_does_not_hold_for_the_sixth(agent: AdkAgent, history: WindowedHistory) -> None:
    tab = deciding(Choice.ALLOW_ONCE, Choice.REJECT_ONCE)
    talk = open_talk(agent, tab)
    assert (await say(talk, LOOP)).stop_reason == "cancelled"
    assert [result.status for result in results(tab)] == ["completed"] * 5 + ["failed"]
    assert unanswered(await stored(history, talk)) == set()


async def test_a_no_ends_the_turn_and_leaves_nothing_open(agent: AdkAgent, history: WindowedHistory) -> None:
    tab = deciding(Choice.REJECT_ONCE)
    talk = open_talk(agent, tab)
    end = await say(talk, LOOP)
    assert end.stop_reason == "cancelled"
    assert len(calls(tab)) == 3
    assert "again and again" in str(results(tab)[-1].result)
    assert answer(tab) == "", "the model was not asked again"
    assert unanswered(await stored(history, talk)) == set()
    assert (await say(talk, "calculate 2+2")).stop_reason == "end_turn"
    assert answer(tab) == "2+2 = 4"


async def test_an_always_is_no_answer_and_without_an_answer_the_agent_does_not_go_on(agent: AdkAgent) -> None:
    tab = deciding(Choice.ALLOW_ONCE, Choice.ALLOW_ONCE, Choice.ALLOW_TOOL, Choice.REJECT_ONCE)
    talk = open_talk(agent, tab)
    assert (await say(talk, '/loop change_bgm {"track": 1}')).stop_reason == "cancelled"
    assert [result.status for result in results(tab)] == ["completed", "completed", "failed"]
    assert "closed without an answer" in str(results(tab)[-1].result)
    await say(talk, '/tool change_bgm {"track": 1}')
    assert len(tab.asked) == 4, "nothing was allowed by it"


async def test_nobody_there_to_say_whether_to_go_on_ends_the_turn(agent: AdkAgent) -> None:
    tab = TabForTests(decide=never)
    end = await say(open_talk(agent, tab, approval_timeout=0.05), LOOP)
    assert end.stop_reason == "cancelled"
    assert len(calls(tab)) == 3
    assert [withdrawal.reason for withdrawal in tab.withdrawn] == ["Nobody answered the approval in time."]


async def test_a_no_abandons_the_calls_beside_it(agent: AdkAgent, history: WindowedHistory) -> None:
    async def decide(asked: ApprovalAsked) -> Choice | None:
        return await (never(asked) if asked.name == "get_location" else reject(asked))

    tab = TabForTests(decide=decide)
    talk = open_talk(agent, tab)
    same = " | ".join(['calculate {"expression": "1+1"}'] * 3)
    end = await say(talk, f"/tools get_location {{}} | {same}")
    assert end.stop_reason == "cancelled"
    assert len(tab.withdrawn) == 1
    assert tab.called == []
    assert answer(tab) == "", "the model was not asked again"
    assert unanswered(await stored(history, talk)) == set()
    assert (await say(talk, "calculate 2+2")).stop_reason == "end_turn"


async def test_three_same_calls_at_once_ask_as_well(agent: AdkAgent) -> None:
    tab = deciding(Choice.ALLOW_ONCE)
    await say(open_talk(agent, tab), "/tools " + " | ".join(['calculate {"expression": "1+1"}'] * 3))
    assert len(tab.asked) == 1
    assert [result.status for result in results(tab)] == ["completed"] * 3


async def test_other_arguments_are_another_call(agent: AdkAgent) -> None:
    tab = deciding()
    message = "/tools " + " | ".join(f'calculate {{"expression": "1+{n}"}}' for n in range(5))
    await say(open_talk(agent, tab), message)
    assert tab.asked == []


async def test_every_turn_and_every_conversation_begins_at_nothing(agent: AdkAgent) -> None:
    tab, other = deciding(), deciding()
    talk, others = open_talk(agent, tab), open_talk(agent, other)
    twice = "/tools " + " | ".join(['calculate {"expression": "1+1"}'] * 2)
    for one in (talk, others, talk, others):
        await say(one, twice)
    assert (tab.asked, other.asked) == ([], [])


async def test_a_tool_that_asks_anyway_asks_with_other_words_the_third_time(agent: AdkAgent) -> None:
    tab = deciding(Choice.ALLOW_ONCE, Choice.ALLOW_TOOL, Choice.ALLOW_ONCE, Choice.ALLOW_ONCE)
    await say(open_talk(agent, tab), '/loop change_bgm {"track": 1}')
    is_about_going_on: Callable[[ApprovalAsked], bool] = lambda asked: asked.choices == GO_ON  # noqa: E731
    assert [is_about_going_on(asked) for asked in tab.asked] == [False, False, True, True]


async def test_a_denied_tool_stays_denied_and_is_not_asked_for_for_ever(agent: AdkAgent) -> None:
    tab = deciding(Choice.REJECT_TOOL, Choice.ALLOW_ONCE, Choice.REJECT_ONCE)
    end = await say(open_talk(agent, tab), '/loop change_bgm {"track": 1}')
    assert [asked.choices == GO_ON for asked in tab.asked] == [False, True, True]
    assert [result.status for result in results(tab)] == ["failed"] * 6
    assert tab.called == []
    assert end.stop_reason == "cancelled"


@pytest.mark.parametrize("name", ["teleport", "get_location"], ids=["made up", "of the catalogue"])
async def test_a_tool_that_the_device_lacks_is_not_asked_for_for_ever(
    name: str, agent: AdkAgent, history: WindowedHistory
) -> None:
    tab = TabForTests(decide=reject, tools=())
    talk = open_talk(agent, tab)
    end = await say(talk, f"/loop {name} {{}}")
    assert (end.stop_reason, end.problem) == ("cancelled", None)
    (asked,) = tab.asked
    assert (asked.name, asked.choices) == (name, GO_ON)
    assert asked.risk.endswith(f"Should it go on? This device does not offer the tool {name}.")
    assert len(calls(tab)) == 3
    assert answer(tab) == "", "the model was not asked again"
    assert unanswered(await stored(history, talk)) == set()
    assert (await say(talk, "calculate 2+2")).stop_reason == "end_turn"


async def test_going_on_with_a_tool_that_the_device_lacks_runs_nothing(agent: AdkAgent) -> None:
    tab = TabForTests(tools=())
    end = await say(open_talk(agent, tab), "/loop teleport {}")
    assert (end.stop_reason, end.problem) == ("end_turn", None)
    assert len(tab.asked) == 2
    assert tab.called == []
    error = {"success": False, "error": "This device does not offer the tool teleport."}
    assert [result.result for result in results(tab)] == [error] * MAX_LOOPS
