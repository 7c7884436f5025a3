"""Tools that write to, and report, everything that belongs to their turn: for the isolation trial."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from server.async_tool import AsyncBaseTool
from server.context import current_turn, get_todos, get_token_usage
from shared.json_types import JsonObject, JsonValue

KEY = "trial"


def whose() -> str:
    """The person whose turn is bound here."""
    who = current_turn().identity
    return f"{who.tenant}/{who.user_id}"


async def whose_in_a_task() -> str:
    await asyncio.sleep(0)
    return whose()


def report(seen: JsonObject, **elsewhere: str) -> JsonObject:
    turn = current_turn()
    fields: list[JsonValue] = [*seen]
    todos: list[JsonValue] = [todo.content for todo in get_todos()]
    return {
        "people": {"here": whose(), **elsewhere},
        "session": turn.session_id,
        "message": turn.message_id,
        "fields": fields,
        "todos": todos,
        "usage": asdict(get_token_usage()),
        "repeats": max(turn.session.doom_loop.counts.values(), default=0),
    }


class Probe(AsyncBaseTool):
    """Write a marker into the shared state and report what this turn can see, from tasks and threads as well."""

    marker: str

    async def _arun(self) -> JsonObject:
        await self.ss.update_field(KEY, f"{self.marker}/async", self.marker)
        in_task = await asyncio.create_task(whose_in_a_task())
        in_thread = await asyncio.to_thread(whose)
        return report(await self.ss.get(KEY) or {}, task=in_task, thread=in_thread)


class SyncProbe(AsyncBaseTool):
    """Write a marker into the shared state and report what this turn can see, from the tool's own thread."""

    marker: str

    def run(self) -> JsonObject:
        self.update_field(KEY, f"{self.marker}/sync", self.marker)
        return report(self.get_state(KEY) or {})
