"""A process that begins a turn, says where it is, and waits there to be killed."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from google.adk.events.event import Event
from google.adk.sessions.session import Session

from server.agent.history import WindowedHistory
from server.core.desk_events import Requested
from server.core.verdict import Go, Verdict
from shared.frames import AgentSaid
from shared.ids import ToolCallId
from shared.json_types import JsonObject
from tests.server.agent.stopped_turns import ApprovalsForTests, agent_of, engine_of, never, turn_of, updates_of

REACHED = "reached"
WORDS = 30


async def wait_to_be_killed(_: object = None) -> JsonObject:
    print(REACHED, flush=True)
    await never(None)
    return {}


class DyingHistory(WindowedHistory):
    """Stores the answer, and comes no further."""

    async def append_event(self, session: Session, event: Event) -> Event:
        stored = await super().append_event(session, event)
        if event.content and event.author != "user" and event.is_final_response():
            await wait_to_be_killed()
        return stored


class DyingApprovals(ApprovalsForTests):
    """Keeps the results in a file; once one call beside it is settled, the call for the tab waits."""

    def __init__(self, kept: Path, *, waits: bool) -> None:
        super().__init__(self._decide)
        self._kept = kept
        self._waits = waits

    async def settle(self, call_id: ToolCallId, result: JsonObject, *, failed: bool) -> None:
        with self._kept.open("a") as kept:
            kept.write(json.dumps({"settled": call_id, "result": result}) + "\n")
        await super().settle(call_id, result, failed=failed)

    async def _decide(self, request: Requested) -> Verdict:
        if self._waits and request.is_frontend:
            await self.until(lambda: bool(self.settled))
            await wait_to_be_killed()
        return Go(request.arguments)


def main(database: str, kept: str, text: str, where: str) -> None:
    asyncio.run(begin(Path(database), Path(kept), text, where))


async def begin(database: Path, kept: Path, text: str, where: str) -> None:
    history = (DyingHistory if where == "after the answer" else WindowedHistory)(db_engine=engine_of(database))
    approvals = DyingApprovals(kept, waits=where == "at the gate")
    agent = agent_of(history, wait_to_be_killed)
    turn = await turn_of(text, approvals=approvals)
    words = 0
    async for update in updates_of(agent, turn):
        if isinstance(update, AgentSaid):
            with kept.open("a") as file:
                file.write(json.dumps({"said": update.text}) + "\n")
            words += 1
        if words == WORDS and where == "while the model speaks":
            await wait_to_be_killed()


if __name__ == "__main__":
    main(*sys.argv[1:])
