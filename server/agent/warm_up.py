"""A throw-away turn: ADK loads a third of itself only when it first answers, which would stop every tab meanwhile."""

from __future__ import annotations

import asyncio

from google.adk.agents.llm_agent import LlmAgent
from google.adk.runners import InMemoryRunner
from google.genai import types

from server.agent.models.demo import DemoModel


def warm_up() -> None:
    """Have the demo model answer once, in memory, and forget it. Blocks for half a second: call it in a thread."""
    asyncio.run(_answer_once())


async def _answer_once() -> None:
    runner = InMemoryRunner(agent=LlmAgent(name="warm_up", model=DemoModel(), tools=[_nothing]), app_name="agents")
    session = await runner.session_service.create_session(app_name="agents", user_id="nobody")
    message = types.Content(role="user", parts=[types.Part(text="/tool _nothing {}")])
    async for _ in runner.run_async(user_id="nobody", session_id=session.id, new_message=message):
        pass
    await runner.close()


async def _nothing() -> dict[str, bool]:
    """Do nothing."""
    return {"success": True}
