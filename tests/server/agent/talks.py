"""Conversations of tabs held in memory with the real agent, its real desk and a real database."""

from __future__ import annotations

import asyncio
import uuid

from google.adk.events.event import Event

from server.agent.history import WindowedHistory
from server.agent.runner import APP_NAME, AdkAgent
from server.conversations.conversation import Conversation
from server.core.adk_user import adk_user_id
from server.core.session_events import Said
from shared.frames import AgentSaid, ToolChanged, ToolStarted, TurnEnded
from shared.ids import MessageId
from tests.server.services_for_tests import ADA, Setup, begun
from tests.server.tab_for_tests import TabForTests


def open_talk(agent: AdkAgent, tab: TabForTests, *, approval_timeout: float = 60) -> Conversation:
    return begun(Setup(agent, approval_timeout=approval_timeout).sessions, ADA, tab)


async def say(talk: Conversation, text: str) -> TurnEnded:
    async with asyncio.timeout(10):
        return await talk.prompt(Said(MessageId(str(uuid.uuid4())), text))


def begin(talk: Conversation, text: str) -> asyncio.Task[TurnEnded]:
    return asyncio.create_task(say(talk, text))


def answer(tab: TabForTests) -> str:
    return "".join(update.text for update in tab.updates if isinstance(update, AgentSaid))


def calls(tab: TabForTests) -> list[ToolStarted]:
    return [update for update in tab.updates if isinstance(update, ToolStarted)]


def results(tab: TabForTests) -> list[ToolChanged]:
    return [update for update in tab.updates if isinstance(update, ToolChanged) and update.result is not None]


async def stored(history: WindowedHistory, talk: Conversation) -> list[Event]:
    session = await history.get_session(
        app_name=APP_NAME,
        user_id=adk_user_id(talk.context.identity.tenant, talk.context.identity.user_id),
        session_id=talk.context.session_id,
    )
    assert session is not None
    return session.events


def unanswered(events: list[Event]) -> set[str]:
    """Calls without a result, and results without a call."""
    asked = [call.id or "" for event in events for call in event.get_function_calls()]
    answered = [given.id or "" for event in events for given in event.get_function_responses()]
    assert len(asked) == len(set(asked)), "an id was used twice"
    return set(asked) ^ set(answered)
