"""An agent that does what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from server.context import TurnContext
from server.core.identity import Identity
from shared.frames import AgentSaid, AgentThought, Command, ModelInfo, UsageChanged

Act = Callable[[TurnContext], Awaitable[str]]


async def echo(turn: TurnContext) -> str:
    return f"you said {turn.text}"


class AgentForTests:
    """Stores the message, then does ``act`` and says what it returned."""

    model = ModelInfo("test", "test", scripted=True)
    commands = (Command("tool", "Ask for a tool"),)

    def __init__(self, act: Act = echo) -> None:
        self.act = act
        self.running: set[str] = set()

    async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid | AgentThought | UsageChanged]:
        assert turn.session_id not in self.running, "one turn at a time"
        self.running.add(turn.session_id)
        try:
            await turn.stored()
            acting = asyncio.ensure_future(self.act(turn))
            aborted = asyncio.ensure_future(turn.abort.wait())
            await asyncio.wait({acting, aborted}, return_when=asyncio.FIRST_COMPLETED)
            aborted.cancel()
            if acting.done():
                yield AgentSaid(acting.result())
            acting.cancel()
        finally:
            self.running.remove(turn.session_id)

    async def forget(self, identity: Identity) -> int:
        return 0
