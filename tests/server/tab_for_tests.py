"""A tab held in memory: answers approvals and tools as the test says, and keeps everything it was sent."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping

from shared.catalog import FRONTEND_TOOLS
from shared.errors import LinkLostError
from shared.frames import (
    ApprovalAnswered,
    ApprovalAsked,
    ApprovalWithdrawn,
    Choice,
    Device,
    ToolCalled,
    Update,
)
from shared.ids import ConnectionSignature, SessionId
from shared.json_types import JsonObject
from shared.news import Moved, News
from shared.tool_spec import ToolSpec

Decide = Callable[[ApprovalAsked], Awaitable[Choice | None]]
RunTool = Callable[[ToolCalled], Awaitable[JsonObject]]


async def allow(approval: ApprovalAsked) -> Choice | None:
    return Choice.ALLOW_ONCE


async def reject(approval: ApprovalAsked) -> Choice | None:
    return Choice.REJECT_ONCE


async def never(_: object) -> Choice | None:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("a wait without an end ended")


async def succeed(call: ToolCalled) -> JsonObject:
    return {"success": True, **call.arguments}


class TabForTests:
    """Implements ``server.tabs.tab.Tab``. ``decide`` answers approvals, ``run_tool`` runs frontend tools."""

    def __init__(
        self, *, decide: Decide = allow, run_tool: RunTool = succeed, tools: tuple[ToolSpec, ...] = FRONTEND_TOOLS
    ) -> None:
        self.signature = ConnectionSignature(str(uuid.uuid4()))
        self.device = Device("device-1", "PC", "pc")
        self.tools: Mapping[str, ToolSpec] = {spec.name: spec for spec in tools}
        self.decide = decide
        self.run_tool = run_tool
        self.is_gone = False
        self.cwd = "/work"
        self.sent: list[tuple[SessionId, int, Update]] = []
        self.greeted: list[Update] = []
        self.answering: set[asyncio.Task[None]] = set()
        self.asked: list[ApprovalAsked] = []
        self.withdrawn: list[ApprovalWithdrawn] = []
        self.called: list[ToolCalled] = []
        self.news_told: list[News | Moved] = []
        self.news = asyncio.Condition()

    @property
    def updates(self) -> list[Update]:
        return [update for _, _, update in self.sent]

    def folder(self, session_id: SessionId) -> str:
        return self.cwd

    async def send(self, session_id: SessionId, seq: int | None, update: Update) -> None:
        self._check()
        if seq is None:
            self.greeted.append(update)
        else:
            self.sent.append((session_id, seq, update))
        await self._tell()

    async def ask(self, approval: ApprovalAsked, answered: Callable[[ApprovalAnswered | None], None]) -> None:
        self._check()
        self.asked.append(approval)
        await self._tell()
        task = asyncio.create_task(self._answer(approval, answered))
        self.answering.add(task)
        task.add_done_callback(self.answering.discard)

    async def _answer(self, approval: ApprovalAsked, answered: Callable[[ApprovalAnswered | None], None]) -> None:
        choice = await self.decide(approval)
        if not self.is_gone:
            answered(ApprovalAnswered(approval.call_id, choice))

    async def withdraw(self, withdrawal: ApprovalWithdrawn) -> None:
        self._check()
        self.withdrawn.append(withdrawal)
        await self._tell()

    async def call_tool(self, call: ToolCalled) -> JsonObject:
        self._check()
        self.called.append(call)
        await self._tell()
        return await self.run_tool(call)

    async def tell(self, news: News | Moved) -> None:
        self._check()
        self.news_told.append(news)
        await self._tell()

    async def until(self, true: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait, at most ``seconds``, until what was sent or asked makes ``true`` true."""
        async with asyncio.timeout(seconds), self.news:
            await self.news.wait_for(true)

    def _check(self) -> None:
        if self.is_gone:
            raise LinkLostError("The tab is gone.")

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()
