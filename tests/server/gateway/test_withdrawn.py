"""What was asked and does not count any more is not held, and an answer that comes too late does no harm."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from server.context import TurnContext
from server.gateway.acp_tab import AcpTab
from shared.catalog import change_bgm
from shared.frames import AgentSaid
from tests.server.agent_for_tests import use
from tests.server.gateway.client_for_tests import Client, Gateway, Piece, listening

PERMISSION, TOOL_CALL = "session/request_permission", "_ringback/tool/call"
ALLOWED = {"outcome": {"outcome": "selected", "optionId": "allow_once"}}


async def play(turn: TurnContext) -> AsyncIterator[Piece]:
    yield AgentSaid(str(await use(turn, f"call-{turn.message_id}", change_bgm.SPEC, {"track": 1})))


def held(gateway: Gateway) -> int:
    """How many questions the server holds for the tabs that are there."""
    everybody = gateway.audience._seats.values()
    tabs = [seat.tab for seats in everybody for seat in seats.values()]
    return sum(len(tab._rpc._asked) for tab in tabs if isinstance(tab, AcpTab))


async def come(tab: Client, session_id: str) -> None:
    meta = {"ringback/lastSeq": 0, "ringback/takeOver": True}
    params = {"sessionId": session_id, "cwd": "/", "mcpServers": [], "_meta": meta}
    assert "result" in await tab.ask("session/resume", params)


async def answer(tab: Client, asked: dict[str, Any]) -> None:
    await tab.send(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": ALLOWED}))


async def test_what_is_withdrawn_is_not_held_and_a_late_answer_is_no_error() -> None:
    async with listening(play) as gateway, gateway.client() as tab:
        session_id = await tab.open()
        for nth in range(1, 4):
            number = await tab.begin("session/prompt", {"sessionId": session_id, "prompt": TEXT})
            asked = await tab.until_method(PERMISSION, nth)
            assert held(gateway) == 1
            await tab.notify("session/cancel", {"sessionId": session_id})
            await tab.until_method("_ringback/approval/withdrawn", nth)
            assert held(gateway) == 0
            await answer(tab, asked)
            ended = await tab.until(lambda frame, number=number: frame.get("id") == number)  # type: ignore[misc]  # bound
            assert ended["result"] == {"stopReason": "cancelled"}
        assert "result" in await tab.ask("_ringback/state/list", {})
        assert not [frame for frame in tab.frames if "error" in frame]
        assert not [frame for frame in tab.frames if frame.get("method") == TOOL_CALL]


async def test_what_is_asked_of_another_tab_by_now_is_not_held_for_the_one_before() -> None:
    async with listening(play) as gateway, gateway.client() as tab, gateway.client() as later:
        session_id = await tab.open()
        await later.introduce()
        await tab.begin("session/prompt", {"sessionId": session_id, "prompt": TEXT})
        asked = await tab.until_method(PERMISSION)
        for nth in range(1, 4):
            await come(later, session_id)
            await later.until_method(PERMISSION, nth)
            await tab.until_method("_ringback/session/moved", nth)
            assert held(gateway) == 1
            await come(tab, session_id)
            await tab.until_method(PERMISSION, nth + 1)
            await later.until_method("_ringback/session/moved", nth)
            assert held(gateway) == 1
        await answer(tab, asked)
        tab.answers[TOOL_CALL] = ran
        last = await tab.until_method(PERMISSION, 4)
        assert not [frame for frame in tab.frames if frame.get("method") == TOOL_CALL]
        await answer(tab, last)
        await tab.until_method("_ringback/turn/ended")
        assert held(gateway) == 0


async def test_a_question_that_is_asked_again_on_the_same_connection_is_held_once() -> None:
    async with listening(play) as gateway, gateway.client() as tab:
        session_id = await tab.open()
        await tab.begin("session/prompt", {"sessionId": session_id, "prompt": TEXT})
        for nth in range(1, 4):
            await tab.until_method(PERMISSION, nth)
            assert held(gateway) == 1
            await come(tab, session_id)


async def ran(_: Any) -> dict[str, Any]:
    return {"result": {"result": {"success": True}}}


TEXT = [{"type": "text", "text": "play"}]
