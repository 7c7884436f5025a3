"""Turns without a conversation around them: what the tab was told, what the gate asked, and what ADK stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from google.adk.events.event import Event
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from server.agent.backend_tool import BackendTool
from server.agent.history import WindowedHistory
from server.agent.runner import APP_NAME, AdkAgent
from server.agent.telling import Update
from server.agent.tools import BACKEND_TOOLS
from server.context import TurnContext, bound
from server.context.turn_context import Told
from server.core.adk_user import adk_user_id
from server.core.desk_events import Requested
from server.core.verdict import Go, Verdict
from server.tabs.approvals import Approvals
from server.tabs.delegate import FrontendToolDelegate
from shared.frames import AgentSaid, AgentThought, AnswerRestarted
from shared.ids import MessageId, ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec, object_schema
from tests.server.context.turn_for_tests import TurnsForTests
from tests.server.services_for_tests import ADA
from tests.server.tab_for_tests import TabForTests

DAWDLE = ToolSpec("dawdle", "Dawdle", "Takes as long as the test says", object_schema())
WHO: dict[str, Any] = {"app_name": APP_NAME, "user_id": adk_user_id(ADA.tenant, ADA.user_id), "session_id": "one"}
LIMIT = 20.0

Decide = Callable[[Requested], Awaitable[Verdict]]
Work = Callable[[JsonObject], Any]


async def go(request: Requested) -> Verdict:
    return Go(request.arguments)


async def never(_: object) -> Any:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("a wait without an end ended")


class ApprovalsForTests:
    """Admits as ``decide`` says, and keeps what it was asked and what came of it."""

    def __init__(self, decide: Decide = go) -> None:
        self.decide = decide
        self.requested: list[Requested] = []
        self.settled: list[tuple[ToolCallId, JsonObject, bool]] = []
        self._news = asyncio.Condition()

    async def admit(self, request: Requested) -> Verdict:
        self.requested.append(request)
        async with self._news:
            self._news.notify_all()
        return await self.decide(request)

    async def settle(self, call_id: ToolCallId, result: JsonObject, *, failed: bool) -> None:
        self.settled.append((call_id, result, failed))
        async with self._news:
            self._news.notify_all()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT), self._news:
            await self._news.wait_for(true)


@dataclass
class Screen:
    """What a tab shows of an answer, after all that it was told."""

    said: str = ""
    thought: str = ""
    restarts: list[AnswerRestarted] = field(default_factory=list)

    def show(self, update: Update) -> None:
        match update:
            case AgentSaid(text):
                self.said += text
            case AgentThought(text):
                self.thought += text
            case AnswerRestarted(said, thought):
                assert said <= len(self.said)
                assert thought <= len(self.thought)
                self.restarts.append(update)
                self.said, self.thought = self.said[:said], self.thought[:thought]
            case _:
                pass

    @property
    def told(self) -> Told:
        return Told(self.said, self.thought)


def engine_of(database: Path) -> AsyncEngine:
    engine = create_async_engine(f"sqlite+aiosqlite:///{database}", pool_size=1, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def agent_of(history: WindowedHistory, dawdle: Work = never) -> AdkAgent:
    tools = (*BACKEND_TOOLS, BackendTool(DAWDLE, dawdle))
    return AdkAgent(session_service=history, model_name="demo", backend_tools=tools)


async def turn_of(
    text: str,
    *,
    told: Told | None = None,
    approvals: ApprovalsForTests | None = None,
    message_id: str = "message-1",
    tab: TabForTests | None = None,
) -> TurnContext:
    """A turn of the conversation ``one`` of Ada's; with ``told``, one that goes on."""
    turn = await TurnsForTests().of(ADA, "one")
    return replace(
        turn,
        message_id=MessageId(message_id),
        text=text,
        told=told,
        approvals=cast("Approvals", approvals or ApprovalsForTests()),
        delegate=FrontendToolDelegate(tab or TabForTests(), turn.session_id),
    )


async def updates_of(agent: AdkAgent, turn: TurnContext) -> AsyncIterator[Update]:
    with bound(turn):
        async with asyncio.timeout(LIMIT), aclosing(agent.run(turn)) as updates:
            async for update in updates:
                yield update


async def play(agent: AdkAgent, turn: TurnContext, screen: Screen | None = None) -> Screen:
    """Run the turn to its end; what the tab shows then, if it showed ``screen`` before."""
    screen = screen or Screen()
    async for update in updates_of(agent, turn):
        screen.show(update)
    return screen


async def events_of(history: WindowedHistory) -> list[Event]:
    session = await history.get_session(**WHO)
    return [] if session is None else session.events


def shape(events: list[Event]) -> list[str]:
    """One word for each event, in order."""
    return [_word(event) for event in events]


def _word(event: Event) -> str:
    calls, given = event.get_function_calls(), event.get_function_responses()
    if event.author == "user":
        return "message"
    if calls:
        return f"calls {' '.join(call.name or '' for call in calls)}"
    if given:
        return f"results {' '.join(response.name or '' for response in given)}"
    if event.content:
        return "answer"
    return "end" if event.actions.end_of_agent else f"other {event.error_code}"
