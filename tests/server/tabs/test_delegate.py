"""The delegate: one connection's own, and every way a call can end."""

from __future__ import annotations

import asyncio

from server.tabs.delegate import FrontendToolDelegate
from shared.errors import LinkLostError
from shared.frames import ToolCalled
from shared.ids import SessionId
from shared.json_types import JsonObject
from tests.server.tab_for_tests import TabForTests, never

SESSION = SessionId("session_ada_1")


async def hang(_: object) -> JsonObject:
    await never(None)
    return {}


async def test_a_call_runs_in_the_tab_of_its_connection() -> None:
    tab, other = TabForTests(), TabForTests()
    delegate, _ = FrontendToolDelegate(tab, SESSION), FrontendToolDelegate(other, SESSION)
    assert await delegate.execute_on_frontend("call-1", "change_bgm", {"track": 1}) == {"success": True, "track": 1}
    assert (len(tab.called), len(other.called)) == (1, 0)


async def test_a_tool_that_the_tab_lacks_is_an_error_for_the_model() -> None:
    tab = TabForTests(tools=())
    assert await FrontendToolDelegate(tab, SESSION).execute_on_frontend("call-1", "change_bgm", {}) == {
        "success": False,
        "error": "This device does not offer the tool change_bgm.",
    }


async def test_closing_ends_what_waits_and_refuses_what_comes() -> None:
    tab = TabForTests(run_tool=hang)
    delegate = FrontendToolDelegate(tab, SESSION)
    waiting = asyncio.create_task(delegate.execute_on_frontend("call-1", "change_bgm", {}))
    await tab.until(lambda: bool(tab.called))
    delegate.close("The tab is gone.")
    delegate.close("The first reason counts.")
    assert await waiting == {"success": False, "error": "The tab is gone. The tool may have run."}
    late = await delegate.execute_on_frontend("call-2", "change_bgm", {})
    assert late == {"success": False, "error": "The tab is gone."}
    assert len(tab.called) == 1


async def test_a_link_lost_while_the_tool_runs_leaves_it_in_doubt() -> None:
    async def lose(_: ToolCalled) -> JsonObject:
        raise LinkLostError("The connection was lost.")

    delegate = FrontendToolDelegate(TabForTests(run_tool=lose), SESSION)
    result = await delegate.execute_on_frontend("call-1", "change_bgm", {})
    assert result == {"success": False, "error": "The connection was lost. The tool may have run."}


async def test_a_tab_that_stays_silent_is_given_up_at_the_limit() -> None:
    delegate = FrontendToolDelegate(TabForTests(run_tool=hang), SESSION, call_timeout=0.02)
    result = await delegate.execute_on_frontend("call-1", "change_bgm", {})
    assert result["success"] is False
    assert "did not answer within 0.02 seconds" in str(result["error"])
