"""What ADK itself keeps for a person, which knows no tenants: their ``user:`` state and the list of their sessions."""

from __future__ import annotations

from typing import Any

from google.adk.tools.tool_context import ToolContext

from server.agent.backend_tool import BackendTool
from server.agent.history import WindowedHistory
from server.agent.runner import APP_NAME, AdkAgent
from server.context import current_turn
from server.core.adk_user import adk_user_id
from server.core.identity import Identity, identity_named
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema
from tests.server.agent.talks import results, say
from tests.server.services_for_tests import ADA, Setup, begun
from tests.server.tab_for_tests import TabForTests

ALIKE = (
    ADA,
    identity_named("acme", "ada"),
    identity_named("default:ada", "x"),
    identity_named("default", "ada:x"),
    identity_named("default%3Aada", "x"),
)
"""People whose names become the same where tenants are forgotten, or joined without care."""

KEY = "user:written_by"


class Sign(BackendTool):
    """Adds who acts to ADK's own state of the user, as a tool of somebody else may do."""

    def __init__(self) -> None:
        super().__init__(ToolSpec("calculate", "Sign", "Sign", object_schema()), self._unused)

    async def _unused(self, _: JsonObject) -> JsonObject:
        raise AssertionError("not reached")

    async def run_async(self, *, args: dict[str, Any], tool_context: ToolContext) -> JsonObject:
        who = current_turn().identity
        tool_context.state[KEY] = [*tool_context.state.get(KEY, []), f"{who.tenant} | {who.user_id}"]
        return {"success": True, "signed": tool_context.state[KEY]}


async def test_adks_state_of_a_user_and_list_of_sessions_are_one_persons(history: WindowedHistory) -> None:
    setup = Setup(AdkAgent(session_service=history, model_name="demo", backend_tools=[Sign()]))
    talks = {}
    for _ in range(2):
        for who in ALIKE:
            tab = TabForTests()
            talks[who, tab] = begun(setup.sessions, who, tab)
            await say(talks[who, tab], "/tool calculate {}")
    for who in ALIKE:
        theirs = [(tab, talk) for (owner, tab), talk in talks.items() if owner == who]
        mark = f"{who.tenant} | {who.user_id}"
        signed = [change.result for tab, _ in theirs for change in results(tab)]
        assert signed == [{"success": True, "signed": [mark]}, {"success": True, "signed": [mark, mark]}]
        listed = await history.list_sessions(app_name=APP_NAME, user_id=adk_user_id(who.tenant, who.user_id))
        assert {session.id for session in listed.sessions} == {talk.context.session_id for _, talk in theirs}
        assert [session.state[KEY] for session in listed.sessions] == [[mark, mark]] * 2


async def test_a_session_is_not_found_under_the_name_of_another_tenant_or_user(history: WindowedHistory) -> None:
    setup = Setup(AdkAgent(session_service=history, model_name="demo"))
    talk = begun(setup.sessions, ADA, TabForTests())
    await say(talk, "hello")

    async def is_found(who: Identity) -> bool:
        user_id = adk_user_id(who.tenant, who.user_id)
        found = await history.get_session(app_name=APP_NAME, user_id=user_id, session_id=talk.context.session_id)
        return found is not None

    assert [await is_found(who) for who in ALIKE] == [True, False, False, False, False]
