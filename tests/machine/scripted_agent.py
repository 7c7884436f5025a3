"""An agent that asks for tools as its script says, and takes a turn up where its own store knows it, as ADK's does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from server.agent.retelling import retell
from server.context import Told, TurnContext
from server.core.desk_events import Requested
from server.core.identity import Identity
from server.core.refusal import refusal
from server.core.verdict import Given, Go
from shared.catalog import change_bgm, copy_to_clipboard
from shared.frames import AgentSaid, AgentThought, AnswerRestarted, ModelInfo, UsageChanged
from shared.ids import ToolCallId
from shared.json_types import JsonObject
from shared.tool_spec import ToolSpec
from tests.machine.oracle import CallKey, Oracle

LANDING_TIME = 0.05


ANYTHING: JsonObject = {"type": "object"}
"""So that whatever a person edits fits."""


def _backend(name: str) -> ToolSpec:
    return ToolSpec(name, name, name, ANYTHING)


FRONTEND = {spec.name: replace(spec, input_schema=ANYTHING) for spec in (change_bgm.SPEC, copy_to_clipboard.SPEC)}
TOOLS = {**FRONTEND, "forget": _backend("forget"), "calculate": _backend("calculate")}


@dataclass(frozen=True)
class Ask:
    """One call of a turn. An odd ``number`` makes the tool take long."""

    tool: str
    call_id: str
    number: int


Step = str | tuple[Ask, ...]
"""Words, or calls that are asked for at once."""


@dataclass
class Stored:
    """What the agent's own store has of a turn: it survives the server."""

    script: tuple[Step, ...]
    at: int = 0
    said: str = ""
    results: list[tuple[str, JsonObject]] = field(default_factory=list)
    is_over: bool = False


class AgentStore:
    """By conversation and message."""

    def __init__(self) -> None:
        self.scripts: dict[str, tuple[Step, ...]] = {}
        self.turns: dict[tuple[str, str], Stored] = {}


class ScriptedAgent:
    """``delay`` gives how long the next step takes, in seconds."""

    model = ModelInfo("test", "test", scripted=True)
    commands = ()

    def __init__(self, store: AgentStore, oracle: Oracle, delay: Callable[[], float]) -> None:
        self.store = store
        self.oracle = oracle
        self.delay = delay
        self.running: dict[str, TurnContext] = {}
        self.is_dead = False

    async def run(self, turn: TurnContext) -> AsyncIterator[AgentSaid | AgentThought | AnswerRestarted | UsageChanged]:
        if turn.session_id in self.running:
            self.oracle.wrong(f"two turns of {turn.session_id} run at once")
        self.running[turn.session_id] = turn
        try:
            async for update in self._run(turn):
                yield update
        finally:
            self.running.pop(turn.session_id, None)

    async def forget(self, identity: Identity) -> int:
        return 0

    async def _run(self, turn: TurnContext) -> AsyncIterator[AgentSaid | AnswerRestarted]:
        name = (turn.session_id, turn.message_id)
        stored = self.store.turns.get(name)
        if turn.told is None and stored is not None:
            self.oracle.wrong(f"the turn {name} is begun anew")
        if turn.told is not None:
            for again in retell(turn.told, Told(said=stored.said if stored else "")):
                assert not isinstance(again, AgentThought)
                yield again
        if stored is None:
            await self._pause()
            stored = self.store.turns.setdefault(name, Stored(self.store.scripts[turn.message_id]))
        if stored.is_over:
            return
        while stored.at < len(stored.script) and not turn.abort.is_set():
            step = stored.script[stored.at]
            if isinstance(step, str):
                for piece in (step[:2], step[2:]):
                    yield AgentSaid(piece)
                    await self._pause()
                stored.said += step
            else:
                results = await self._all(turn, stored, step)
                if results is None:
                    break
                await self._pause()
                stored.results += [(ask.call_id, result) for ask, result in zip(step, results, strict=True)]
            stored.at += 1
        await self._pause()
        stored.is_over = True

    async def _all(self, turn: TurnContext, stored: Stored, asks: tuple[Ask, ...]) -> list[JsonObject] | None:
        """What the calls of one step gave; ``None`` once the turn is to end."""
        asking = asyncio.gather(*(self._use(turn, stored, ask) for ask in asks))
        aborted = asyncio.ensure_future(turn.abort.wait())
        try:
            either: set[asyncio.Future[Any]] = {asking, aborted}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                await asyncio.wait({asking}, timeout=LANDING_TIME)
            return asking.result() if asking.done() else None
        finally:
            aborted.cancel()
            asking.cancel()
            # Nobody wants its end any more.
            asking.add_done_callback(lambda ended: ended.cancelled() or ended.exception())

    async def _use(self, turn: TurnContext, stored: Stored, ask: Ask) -> JsonObject:
        if turn.abort.is_set():
            return refusal("The user cancelled the turn.")
        call_id, spec, arguments = ToolCallId(ask.call_id), TOOLS[ask.tool], {"number": ask.number}
        is_frontend = ask.tool in FRONTEND
        is_offered = not is_frontend or ask.tool in turn.delegate.tools
        occurrence = 1 + sum(name == ask.call_id for name, _ in stored.results)
        request = Requested(call_id, spec, dict(arguments), is_offered, occurrence, is_frontend)
        match await turn.approvals.admit(request):
            case Given(result):
                return result
            case Go(told):
                key = CallKey(turn.session_id, turn.message_id, call_id, occurrence)
                result = await self._run_it(turn, key, spec, deepcopy(told))
                await turn.approvals.settle(call_id, result, failed=not result.get("success"))
                return result

    async def _run_it(self, turn: TurnContext, key: CallKey, spec: ToolSpec, arguments: JsonObject) -> JsonObject:
        if spec.name in FRONTEND:
            return await turn.delegate.execute_on_frontend(key.call, spec.name, arguments)
        if not self.is_dead:
            self.oracle.ran(key, spec.name, arguments)
        await self._pause()
        return {"success": True, **arguments}

    async def _pause(self) -> None:
        await asyncio.sleep(self.delay())
