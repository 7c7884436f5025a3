"""Which frontend tools a turn has."""

from __future__ import annotations

from google.adk.agents.invocation_context import InvocationContext
from google.adk.agents.llm_agent import LlmAgent
from google.adk.agents.readonly_context import ReadonlyContext
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.adk.sessions.session import Session

from server.agent.frontend_tool import DELEGATE_KEY
from server.agent.toolset import OfferedTools
from server.tabs.delegate import FrontendToolDelegate
from shared.catalog import change_bgm, get_location
from shared.ids import SessionId
from shared.tool_spec import ToolSpec
from tests.server.tab_for_tests import TabForTests


def context(*tools: ToolSpec, invocation_id: str = "one") -> ReadonlyContext:
    delegate = FrontendToolDelegate(TabForTests(tools=tools), SessionId("s"))
    session = Session(id="s", app_name="agents", user_id="u", state={DELEGATE_KEY: delegate})
    return ReadonlyContext(
        InvocationContext(
            session_service=InMemorySessionService(),
            invocation_id=invocation_id,
            agent=LlmAgent(name="a"),
            session=session,
        )
    )


async def names(toolset: OfferedTools, readonly_context: ReadonlyContext | None) -> list[str]:
    return [tool.name for tool in await toolset.get_tools_with_prefix(readonly_context)]


async def test_a_turn_has_the_tools_that_its_delegate_offers() -> None:
    toolset = OfferedTools(reserved=())
    assert await names(toolset, context(change_bgm.SPEC, get_location.SPEC)) == ["change_bgm", "get_location"]


async def test_no_turn_has_no_tools() -> None:
    assert await names(OfferedTools(reserved=()), None) == []


async def test_two_connections_never_share_a_list_even_under_one_invocation_id() -> None:
    toolset = OfferedTools(reserved=())
    assert await names(toolset, context(change_bgm.SPEC)) == ["change_bgm"]
    assert await names(toolset, context(get_location.SPEC)) == ["get_location"]
    assert await names(toolset, None) == []


async def test_the_servers_own_names_are_not_given_to_a_tab() -> None:
    assert await names(OfferedTools(reserved=("change_bgm",)), context(change_bgm.SPEC)) == []


async def test_the_model_sees_the_tools_own_json_schema() -> None:
    (tool,) = await OfferedTools(reserved=()).get_tools(context(change_bgm.SPEC))
    declaration = tool._get_declaration()
    assert declaration is not None
    assert declaration.parameters_json_schema == change_bgm.SPEC.input_schema
    assert declaration.description == change_bgm.SPEC.description
