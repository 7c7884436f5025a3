"""Another device comes to hold a conversation after a tool was let run and before it was sent to the first one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.context import TurnContext
from server.core.desk_events import Requested
from server.core.session_events import Said
from server.core.verdict import EDITED, Go
from shared.catalog import change_bgm
from shared.frames import ApprovalAnswered, Choice, Device, TurnEnded
from shared.ids import MessageId, ToolCallId
from shared.json_types import JsonObject
from tests.server.agent_for_tests import AgentForTests
from tests.server.conversations.test_sleep_and_wake import AskedTab
from tests.server.services_for_tests import ADA, Setup, answered, begun
from tests.server.tab_for_tests import TabForTests

CALL = ToolCallId("call-1")


class Taken:
    """The PC has said yes, the tool is let run, and a moment later the phone has taken the conversation."""

    def __init__(self) -> None:
        self.let_go, self.may_go = asyncio.Event(), asyncio.Event()
        self.results: list[JsonObject] = []
        self.setup = Setup(AgentForTests(self.act))
        self.pc, self.phone = TabForTests(), AskedTab()
        self.phone.device = Device("phone", "iPhone", "phone")
        self.talk = begun(self.setup.sessions, ADA, self.pc)

    async def act(self, turn: TurnContext) -> str:
        verdict = await turn.approvals.admit(
            Requested(CALL, change_bgm.SPEC, {"track": 1}, is_offered=True, is_frontend=True)
        )
        assert isinstance(verdict, Go)
        self.let_go.set()
        await self.may_go.wait()
        result = await turn.delegate.execute_on_frontend(CALL, "change_bgm", verdict.arguments)
        await turn.approvals.settle(CALL, result, failed=not result.get("success"))
        self.results.append(result)
        return "done"

    async def happens(self) -> asyncio.Task[TurnEnded]:
        """All that, until the phone is asked."""
        turn = asyncio.create_task(self.talk.prompt(Said(MessageId("one"), "music")))
        async with asyncio.timeout(5):
            await self.let_go.wait()
        name = self.talk.context.session_id
        await self.setup.sessions.open(ADA, self.phone, name, answered(), take_over=True)
        self.may_go.set()
        return turn


async def over(turn: asyncio.Task[TurnEnded]) -> TurnEnded:
    async with asyncio.timeout(5):
        return await turn


@pytest.mark.parametrize("choice", [Choice.ALLOW_ONCE, Choice.REJECT_ONCE])
async def test_the_phone_is_asked_and_what_is_said_there_counts(choice: Choice) -> None:
    it = Taken()
    turn = await it.happens()
    await it.phone.until(lambda: bool(it.phone.asked))
    it.phone.says(choice)
    assert (await over(turn)).stop_reason == "end_turn"
    is_allowed = choice is Choice.ALLOW_ONCE
    assert (len(it.pc.called), len(it.phone.called)) == (0, is_allowed)
    (result,) = it.results
    assert result.get("success") is is_allowed


async def test_the_model_is_told_of_arguments_that_were_changed_on_the_phone() -> None:
    it = Taken()
    turn = await it.happens()
    await it.phone.until(lambda: bool(it.phone.asked))
    changed: Any = {"track": 2}
    it.phone.replies[-1](ApprovalAnswered(CALL, Choice.ALLOW_ONCE, changed))
    await over(turn)
    assert it.phone.called[0].arguments == changed
    assert it.results[0][EDITED] == changed


async def test_a_turn_that_is_cancelled_meanwhile_runs_nothing_and_asks_nobody() -> None:
    it = Taken()
    turn = asyncio.create_task(it.talk.prompt(Said(MessageId("one"), "music")))
    async with asyncio.timeout(5):
        await it.let_go.wait()
    await it.setup.sessions.open(ADA, it.phone, it.talk.context.session_id, answered(), take_over=True)
    cancelling = asyncio.create_task(it.talk.cancel())
    it.may_go.set()
    assert (await over(turn)).stop_reason == "cancelled"
    await cancelling
    assert (len(it.pc.called), len(it.phone.called)) == (0, 0)
    assert it.phone.asked == []
