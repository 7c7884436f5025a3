"""The gate: the delegate of each run, and every call admitted and settled once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest
from google.adk.agents.invocation_context import InvocationContext
from google.adk.agents.llm_agent import LlmAgent
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.adk.sessions.session import Session
from google.adk.tools.tool_context import ToolContext
from google.genai import types

from server.agent.backend_tool import BackendTool
from server.agent.frontend_tool import DELEGATE_KEY, FrontendTool
from server.agent.gate import GatePlugin
from server.agent.history import WindowedHistory
from server.agent.models.demo_script import MAX_LOOPS
from server.agent.models.demo_steps import Call
from server.agent.runner import AdkAgent
from server.core.refusal import refusal
from server.tabs.delegate import FrontendToolDelegate
from shared.catalog import change_bgm
from shared.ids import SessionId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema
from tests.server.agent.talks import answer, open_talk, results, say, stored, unanswered
from tests.server.services_for_tests import ADA, ADA_OF_ACME, Setup, begun
from tests.server.tab_for_tests import TabForTests, reject

PEEK = ToolSpec("calculate", "Peek", "Looks at its own state", object_schema())


class Peek(BackendTool):
    """Keeps what it finds in its state."""

    def __init__(self, both: asyncio.Barrier | None = None) -> None:
        super().__init__(PEEK, _unused)
        self.found: list[tuple[str, object]] = []
        self._both = both

    async def run_async(self, *, args: dict[str, Any], tool_context: ToolContext) -> JsonObject:
        if self._both is not None:
            async with asyncio.timeout(5):
                await self._both.wait()
        self.found.append((tool_context.session.id, tool_context.state.get(DELEGATE_KEY)))
        return {"success": True}


async def _unused(_: JsonObject) -> JsonObject:
    raise AssertionError("not reached")


def agent_with(history: WindowedHistory, tools: Sequence[BackendTool]) -> AdkAgent:
    return AdkAgent(session_service=history, model_name="demo", backend_tools=tools)


def context(state: dict[str, Any], call_id: str | None = "call-1") -> ToolContext:
    session = Session(id="s", app_name="agents", user_id="u", state=state)
    agent = LlmAgent(name="a")
    inner = InvocationContext(session_service=InMemorySessionService(), invocation_id="i", agent=agent, session=session)
    return ToolContext(inner, function_call_id=call_id)


@pytest.fixture
async def delegate() -> FrontendToolDelegate:
    return FrontendToolDelegate(TabForTests(), SessionId("s"))


async def test_the_delegate_in_a_real_tools_state_is_its_connections(history: WindowedHistory) -> None:
    peek, tab = Peek(), TabForTests()
    await say(open_talk(agent_with(history, [peek]), tab), "/tool calculate {}")
    ((_, found),) = peek.found
    assert isinstance(found, FrontendToolDelegate)
    assert found.client_identifier == tab.signature


async def test_two_connections_at_once_find_two_delegates(history: WindowedHistory) -> None:
    peek = Peek(asyncio.Barrier(2))
    agent = agent_with(history, [peek])
    tabs = [TabForTests(), TabForTests()]
    talks = [open_talk(agent, tab) for tab in tabs]
    await asyncio.gather(*(say(talk, "/tool calculate {}") for talk in talks))
    found = {session: delegate for session, delegate in peek.found if isinstance(delegate, FrontendToolDelegate)}
    assert {session: delegate.client_identifier for session, delegate in found.items()} == {
        talk.context.session_id: tab.signature for talk, tab in zip(talks, tabs, strict=True)
    }
    assert len(set(found.values())) == 2


async def test_the_delegate_is_there_for_each_call_of_the_turn_and_anew_in_the_next(history: WindowedHistory) -> None:
    peek = Peek()
    talk = open_talk(agent_with(history, [peek]), TabForTests())
    await say(talk, "/loop calculate {}")
    await say(talk, "/tool calculate {}")
    assert len(peek.found) == MAX_LOOPS + 1
    assert all(isinstance(delegate, FrontendToolDelegate) for _, delegate in peek.found)


@pytest.mark.parametrize("part", ["gate", "tool"])
async def test_without_a_delegate_the_frontend_tool_says_so_even_without_a_call_id(part: str) -> None:
    for call_id in ("call-1", None):
        expected = {"success": False, "error": "Delegate not initialized in session state"}
        assert await answer_of(part, context({}, call_id)) == expected


@pytest.mark.parametrize("part", ["gate", "tool"])
async def test_without_a_call_id_the_frontend_tool_says_so(part: str, delegate: FrontendToolDelegate) -> None:
    expected = {"success": False, "error": "Missing function_call_id in ToolContext"}
    assert await answer_of(part, context({DELEGATE_KEY: delegate}, None)) == expected


async def answer_of(part: str, tool_context: ToolContext) -> JsonObject | None:
    tool = FrontendTool(change_bgm.SPEC)
    if part == "tool":
        return await tool.run_async(args={"track": 1}, tool_context=tool_context)
    return await GatePlugin().before_tool_callback(tool=tool, tool_args={"track": 1}, tool_context=tool_context)


async def test_outside_of_a_turn_the_gate_lets_nothing_through_and_does_not_raise(
    delegate: FrontendToolDelegate,
) -> None:
    assert await answer_of("gate", context({DELEGATE_KEY: delegate})) == refusal(
        "The approval failed inside Ringback. The tool was not run."
    )


async def test_a_tool_that_raises_is_a_failed_card_and_no_secret_is_told(
    history: WindowedHistory, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: JsonObject) -> JsonObject:
        raise RuntimeError("password=hunter2")

    tab = TabForTests()
    talk = open_talk(agent_with(history, [BackendTool(PEEK, fail)]), tab)
    end = await say(talk, '/tools calculate {} | change_bgm {"track": 1}')
    assert end.problem is None
    assert {change.status for change in results(tab)} == {"failed", "completed"}
    assert "The tool calculate failed inside Ringback." in answer(tab)
    assert "Now playing track 1." in answer(tab)
    assert "hunter2" not in str(tab.updates)
    assert "hunter2" in caplog.text
    assert unanswered(await stored(history, talk)) == set()


async def test_each_call_is_logged_as_begun_and_ended_once_and_a_declined_one_not_at_all(
    history: WindowedHistory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tab = TabForTests()
    talk = open_talk(AdkAgent(session_service=history, model_name="demo"), tab)
    await say(talk, "Change BGM to track 1")
    names = f"client_identifier={tab.signature} session={talk.context.session_id}"
    call = f"{names} call={tab.called[0].call_id}"
    tab.decide = reject
    await say(talk, "What's my location?")
    lines = [record.message for record in caplog.records if record.name.startswith("server.")]
    assert lines == [
        f"session_created {names}",
        f"delegate_bound {names}",
        f"tool_begun {call} tool=change_bgm",
        f"tool_ended {call} outcome=completed",
        f"delegate_bound {names}",
    ]


async def test_a_tool_of_the_tabs_own_runs_there_and_the_server_needs_no_word_of_it(history: WindowedHistory) -> None:
    own = ToolSpec("water_plants", "Water the plants", "Waters the plants", object_schema())
    tab, other = TabForTests(tools=(own,)), TabForTests()
    agent = AdkAgent(session_service=history, model_name="demo")
    await asyncio.gather(
        say(open_talk(agent, tab), "/tool water_plants {}"), say(open_talk(agent, other), "/tool water_plants {}")
    )
    assert [call.name for call in tab.called] == ["water_plants"]
    assert other.called == []
    assert "This device does not offer the tool water_plants." in answer(other)


async def test_a_tab_cannot_offer_a_tool_under_the_name_of_one_that_never_asks(history: WindowedHistory) -> None:
    mine = ToolSpec("remember", "Remember", "Pretends to be the server's", object_schema())
    tab = TabForTests(tools=(mine,))
    await say(open_talk(AdkAgent(session_service=history, model_name="demo"), tab), "/tool remember {}")
    assert tab.called == []
    assert results(tab)[0].status == "failed"


async def test_two_people_with_one_session_id_and_a_model_that_repeats_its_call_ids_do_not_meet(
    history: WindowedHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always_the_same(call: Call) -> types.Part:
        return types.Part(function_call=types.FunctionCall(id="call-1", name=call.name, args=call.arguments))

    monkeypatch.setattr("server.agent.models.demo._call_part", always_the_same)
    tab = TabForTests()
    sessions = Setup(agent_with(history, [Peek(asyncio.Barrier(2))])).sessions
    one = begun(sessions, ADA, tab)
    other = await sessions.held(ADA_OF_ACME, tab, one.context.session_id)
    await asyncio.gather(*(say(talk, "/tool calculate {}") for talk in (one, other)))
    assert [result.status for result in results(tab)] == ["completed"] * 2
