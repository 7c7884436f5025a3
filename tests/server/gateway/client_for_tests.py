"""A listening gateway with a scripted agent, and a client that speaks raw JSON to it over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.protocol import State

from server.context import TurnContext
from server.conversations.handoffs import Handoffs
from server.conversations.reset import Reset
from server.conversations.sessions import SessionManager
from server.core.identity import Identity
from server.core.policy import RESERVED
from server.gateway.connection import talk
from server.gateway.door import DoorConfig, hosts_of
from server.gateway.hall import Hall
from server.gateway.listener import Entrance, Listener
from server.gateway.sockets import bind_unix
from server.gateway.transport import MESSAGES
from server.tabs.audience import Audience
from server.tabs.tab import Tab
from shared.catalog import FRONTEND_TOOLS
from shared.frames import AgentSaid, AgentThought, AnswerRestarted, Command, ModelInfo, UsageChanged
from shared.ids import ConnectionSignature
from tests.server.gateway.keys_for_tests import KeysInMemory, knowing_local
from tests.server.services_for_tests import Setup

TOKEN = "a-token-of-at-least-thirty-two-characters"
MODEL = ModelInfo("demo", "demo (scripted)", scripted=True)
COMMANDS = (Command("tool", "Run a tool", "NAME {json}"), Command("fail", "Fail"))
WAIT = 10.0

Piece = AgentSaid | AgentThought | AnswerRestarted | UsageChanged
Script = Callable[[TurnContext], AsyncIterator[Piece]]


async def echo(turn: TurnContext) -> AsyncIterator[Piece]:
    yield AgentSaid(turn.text)


async def until_cancelled(turn: TurnContext) -> AsyncIterator[Piece]:
    await turn.abort.wait()
    yield AgentSaid("cancelled")


async def counters() -> str:
    return "# TYPE ringback_turns_total counter\nringback_turns_total 1.0\n"


class ScriptedAgent:
    """Satisfies ``server.ports.Agent``."""

    def __init__(self, script: Script = echo) -> None:
        self.model = MODEL
        self.commands = COMMANDS
        self.script = script
        self.forgotten: list[Identity] = []

    def run(self, turn: TurnContext) -> AsyncIterator[Piece]:
        return self.script(turn)

    async def forget(self, identity: Identity) -> int:
        self.forgotten.append(identity)
        return 3


class Gateway:
    """A gateway that listens on a socket of its own."""

    def __init__(self, path: Path, setup: Setup, audience: Audience, listener: Listener) -> None:
        self.path = path
        self.setup = setup
        self.sessions: SessionManager = setup.sessions
        self.audience = audience
        self.listener = listener

    @contextlib.asynccontextmanager
    async def client(self, **headers: str) -> AsyncIterator[Client]:
        told = {"Authorization": f"Bearer {TOKEN}", **headers}
        websocket = await unix_connect(
            str(self.path), uri="ws://localhost/acp", additional_headers=told, compression=None
        )
        client = Client(websocket)
        try:
            yield client
        finally:
            await client.stop()
            if websocket.state is not State.CLOSED:
                await websocket.close()


class Client:
    """Keeps every frame it received; answers the server's requests as ``answers`` says, by method."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.frames: list[dict[str, Any]] = []
        self.raw: list[str] = []
        self.answers: dict[str, Callable[[Any], Awaitable[dict[str, Any]]]] = {}
        self._news = asyncio.Condition()
        self._next = 0
        self._reader = asyncio.create_task(self._read())
        self._answering: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        for task in (self._reader, *self._answering):
            task.cancel()
        await asyncio.wait({self._reader})

    async def send(self, frame: str | bytes) -> None:
        await self.websocket.send(frame)

    async def ask(self, method: str, params: Any) -> dict[str, Any]:
        """The whole answer to a request."""
        number = await self.begin(method, params)
        return await self.until(lambda frame: frame.get("id") == number and "method" not in frame)

    async def begin(self, method: str, params: Any) -> str:
        self._next += 1
        number = f"request-{self._next}"
        await self.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        return number

    async def notify(self, method: str, params: Any) -> None:
        await self.send(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    async def until(self, wanted: Callable[[dict[str, Any]], bool], *, seconds: float = WAIT) -> dict[str, Any]:
        """The first frame, received already or yet to come, that is wanted."""
        async with asyncio.timeout(seconds), self._news:
            while True:
                found = next((frame for frame in self.frames if wanted(frame)), None)
                if found is not None:
                    return found
                await self._news.wait()

    async def until_nth(self, nth: int) -> dict[str, Any]:
        await self.until(lambda _: len(self.frames) >= nth)
        return self.frames[nth - 1]

    async def until_method(self, method: str, nth: int = 1) -> dict[str, Any]:
        def wanted(frame: dict[str, Any]) -> bool:
            of_method = [known for known in self.frames if known.get("method") == method]
            return len(of_method) >= nth and frame is of_method[nth - 1]

        return await self.until(wanted)

    async def introduce(self, *, tools: bool = True, capabilities: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send ``initialize`` as Ringback's own client does, or with these capabilities."""
        if capabilities is None:
            meta: dict[str, Any] = {"ringback/device": {"id": "device-1", "label": "PC", "kind": "pc"}}
            if tools:
                meta["ringback/tools"] = [
                    {"name": spec.name, "description": spec.description, "inputSchema": spec.input_schema}
                    for spec in FRONTEND_TOOLS
                ]
            capabilities = {"_meta": meta}
        return await self.ask(
            "initialize",
            {
                "protocolVersion": 1,
                "clientCapabilities": capabilities,
                "clientInfo": {"name": "tests", "version": "1"},
            },
        )

    async def open(self, cwd: str = "/home/someone", **introduction: Any) -> str:
        """Introduce and begin a session; its id."""
        assert "result" in await self.introduce(**introduction)
        answer = await self.ask("session/new", {"cwd": cwd, "mcpServers": []})
        session_id: str = answer["result"]["sessionId"]
        return session_id

    async def prompt(self, session_id: str, text: str, **meta: Any) -> dict[str, Any]:
        params = {"sessionId": session_id, "prompt": [{"type": "text", "text": text}]}
        return await self.ask("session/prompt", {**params, "_meta": meta} if meta else params)

    async def _read(self) -> None:
        async for text in self.websocket:
            assert isinstance(text, str)
            frame = json.loads(text)
            async with self._news:
                self.raw.append(text)
                self.frames.append(frame)
                self._news.notify_all()
            if "method" in frame and "id" in frame and frame["method"] in self.answers:
                task = asyncio.create_task(self._answer(frame))
                self._answering.add(task)

    async def _answer(self, frame: dict[str, Any]) -> None:
        answer = await self.answers[frame["method"]](frame["params"])
        await self.send(json.dumps({"jsonrpc": "2.0", "id": frame["id"], **answer}))


@contextlib.asynccontextmanager
async def listening(
    script: Script = echo,
    *,
    approval_timeout: float = WAIT,
    max_connections: int = 200,
    keys: KeysInMemory | None = None,
) -> AsyncIterator[Gateway]:
    """A gateway whose agent does what ``script`` says; it takes the local token and ``keys``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.sock"
        setup = Setup(ScriptedAgent(script), approval_timeout=approval_timeout, call_timeout=WAIT)
        audience = Audience(setup.changes)
        handoffs = Handoffs(setup.clock)
        setup.find_tab = partial(_find, audience)
        hall = Hall(
            sessions=setup.sessions,
            handoffs=handoffs,
            reset=Reset(setup.sessions, setup.services, audience),
            states=setup.services.states,
            audience=audience,
            model=MODEL,
            version="0.0.test",
            tenants=frozenset(),
            reserved=RESERVED | {"tally"},
            metrics=counters,
            grants=setup.bring_grants,
            messages=MESSAGES,
        )
        listener = Listener(lambda line: talk(line, hall), counters)
        door = DoorConfig(hosts=hosts_of(None), most=max_connections)
        await listener.listen(Entrance(bind_unix(path), door, knowing_local(TOKEN, keys)))
        try:
            yield Gateway(path, setup, audience, listener)
        finally:
            await setup.sessions.close(WAIT)
            await listener.close()


def _find(audience: Audience, identity: Identity, signature: ConnectionSignature) -> Tab | None:
    found = audience.find(identity, signature)
    return None if found is None else found.tab


def choosing(option: str) -> Callable[[Any], Awaitable[dict[str, Any]]]:
    """Answers ``session/request_permission`` with that option."""

    async def answer(_: Any) -> dict[str, Any]:
        return {"result": {"outcome": {"outcome": "selected", "optionId": option}}}

    return answer
