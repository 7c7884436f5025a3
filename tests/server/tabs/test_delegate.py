"""The delegate: one connection's own, and every way a call can end."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest

from server.tabs.delegate import FrontendToolDelegate
from shared.errors import LinkLostError
from shared.frames import ToolCalled
from shared.ids import ClaimId, SessionId, ToolCallId
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


async def test_a_tool_that_may_take_long_is_given_its_time_and_some_to_end() -> None:
    async def late(call: ToolCalled) -> JsonObject:
        await asyncio.sleep(0.1)
        return {"success": True}

    delegate = FrontendToolDelegate(TabForTests(run_tool=late), SESSION, call_timeout=0.02)
    assert (await delegate.execute_on_frontend("call-1", "run_command", {}))["success"] is True
    assert (await delegate.execute_on_frontend("call-2", "read_file", {}))["success"] is False


async def test_a_call_travels_with_its_claim_and_the_leases_epoch() -> None:
    tab, claims = TabForTests(), {ToolCallId("call-1"): ClaimId("claim-1")}
    delegate = FrontendToolDelegate(tab, SESSION, claim_of=claims.get, epoch=7)
    for call_id in ("call-1", "call-1"):
        await delegate.execute_on_frontend(call_id, "change_bgm", {})
    assert [(call.claim, call.epoch) for call in tab.called] == [("claim-1", 7), ("claim-1", 7)]


async def test_a_call_whose_claim_is_over_does_not_run() -> None:
    tab = TabForTests()
    delegate = FrontendToolDelegate(tab, SESSION, claim_of=lambda _: None)
    given = await delegate.execute_on_frontend("call-2", "change_bgm", {})
    assert given == {
        "success": False,
        "error": "The call is over already, so the tool was not run.",
    }
    assert tab.called == []


async def lose(_: ToolCalled) -> JsonObject:
    raise LinkLostError("The connection was lost.")


@pytest.mark.parametrize("how", ["the link is lost", "closed meanwhile", "closed before"])
async def test_the_result_of_a_call_whose_tab_is_gone_is_what_lost_gives(how: str) -> None:
    asked: list[str] = []

    async def lost(call_id: str) -> JsonObject:
        asked.append(call_id)
        return {"success": True, "from": "the device that came back"}

    tab = TabForTests(run_tool=lose if how == "the link is lost" else hang)
    delegate = FrontendToolDelegate(tab, SESSION, lost=lost)
    if how == "closed before":
        delegate.close("The tab is gone.")
    waiting = asyncio.create_task(delegate.execute_on_frontend("call-1", "change_bgm", {}))
    if how == "closed meanwhile":
        await tab.until(lambda: bool(tab.called))
        delegate.close("The tab is gone.")
    assert await waiting == {"success": True, "from": "the device that came back"}
    assert asked == ["call-1"]
    assert len(tab.called) == (how != "closed before")


async def test_a_device_that_is_lost_for_good_leaves_the_call_in_doubt() -> None:
    async def lost(_: str) -> JsonObject:
        raise LinkLostError("The device did not come back.")

    delegate = FrontendToolDelegate(TabForTests(run_tool=lose), SESSION, lost=lost)
    result = await delegate.execute_on_frontend("call-1", "change_bgm", {})
    assert result == {"success": False, "error": "The device did not come back. The tool may have run."}


async def test_waiting_for_a_lost_device_is_bounded_by_the_one_limit() -> None:
    async def lose_late(call: ToolCalled) -> JsonObject:
        await asyncio.wait({lasting}, timeout=limit * 0.9)
        return await lose(call)

    limit = 0.6
    lasting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    delegate = FrontendToolDelegate(TabForTests(run_tool=lose_late), SESSION, call_timeout=limit, lost=hang)
    begun = time.perf_counter()
    result = await delegate.execute_on_frontend("call-1", "change_bgm", {})
    assert time.perf_counter() - begun < limit * 1.7
    assert "did not answer within 0.6 seconds" in str(result["error"])


async def test_none_of_two_hundred_calls_waits_past_its_limit_though_the_tab_ignores_being_cancelled(
    caplog: pytest.LogCaptureFixture,
) -> None:
    is_over = asyncio.Event()
    stubborn: set[asyncio.Task[object] | None] = set()

    async def ignore(_: object) -> JsonObject:
        stubborn.add(asyncio.current_task())
        while not is_over.is_set():
            try:
                await is_over.wait()
            except asyncio.CancelledError:
                continue
        raise LinkLostError("Too late for anybody to see.")

    async def seconds(number: int) -> float:
        tab = TabForTests(run_tool=ignore if number % 2 else lose)
        delegate = FrontendToolDelegate(tab, SESSION, call_timeout=limit, lost=ignore)
        begun = time.perf_counter()
        result = await delegate.execute_on_frontend(f"call-{number}", "change_bgm", {})
        assert result["success"] is False
        return time.perf_counter() - begun

    limit = 0.2
    try:
        async with asyncio.timeout(10):
            waited = await asyncio.gather(*(seconds(number) for number in range(200)))
        assert len(stubborn) == 200
        assert sum(waiting > limit + 1 for waiting in waited) == 0
    finally:
        is_over.set()
        await asyncio.wait({task for task in stubborn if task is not None}, timeout=5)
    stubborn.clear()
    gc.collect()
    assert "never retrieved" not in caplog.text
