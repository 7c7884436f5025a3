"""An agent that does what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from server.context import TurnContext
from server.core.desk_events import Requested
from server.core.identity import Identity
from server.core.verdict import Given, Go
from shared.frames import AgentSaid, AgentThought, AnswerRestarted, Command, ModelInfo, UsageChanged
from shared.ids import ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec

Act = Callable[[TurnContext], Awaitable[str]]


async def echo(turn: TurnContext) -> str:
    return f"you said {turn.text}"


async def use(turn: TurnContext, call_id: str, spec: ToolSpec, arguments: JsonObject) -> JsonObject:
    """Ask for a frontend tool as the agent's gate does, and run it if it may run: what the model gets."""
    name = ToolCallId(call_id)
    is_offered = spec.name in turn.delegate.tools
    match await turn.approvals.admit(Requested(name, spec, arguments, is_offered, is_frontend=True)):
        case Given(result):
            return result
        case Go(told):
            result = await turn.delegate.execute_on_frontend(name, spec.name, told)
            await turn.approvals.settle(name, result, failed=not result.get("success"))
            return result


class AgentForTests:
    """Stores the message, then does ``act`` and says what it returned."""

    model = ModelInfo("test", "test", scripted=True)
    commands = (Command("tool", "Ask for a tool"),)

    def __init__(self, act: Act = echo) -> None:
        self.act = act
        self.running: set[str] = set()

    async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid | AgentThought | AnswerRestarted | UsageChanged]:
        assert turn.session_id not in self.running, "one turn at a time"
        self.running.add(turn.session_id)
        try:
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
