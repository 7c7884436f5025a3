"""A small real ACP server over WebSockets, made with the SDK's own agent side; what it does is scripted by the test."""

from __future__ import annotations

import asyncio
import http
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import acp
from acp import schema
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from client.link.endpoint import Endpoint
from shared.acp_names import (
    HEADER_CONNECTION_ID,
    META_MESSAGE_ID,
    META_MODEL,
    META_SEQ,
    METHOD_TURN_ENDED,
)
from shared.secret import Secret

TOKEN = "the-token"
SESSION = "session_someone_00000000-0000-4000-8000-000000000000"
MODEL = {"name": "demo", "label": "demo (scripted)", "scripted": True}


class _Transport:
    def __init__(self, websocket: ServerConnection) -> None:
        self._websocket = websocket

    async def send(self, message: dict[str, Any]) -> None:
        await self._websocket.send(json.dumps(message))

    async def receive(self) -> dict[str, Any] | None:
        try:
            return json.loads(await self._websocket.recv())  # type: ignore[no-any-return]
        except ConnectionClosed:
            return None

    async def close(self) -> None:
        await self._websocket.close()


@dataclass
class Peer:
    """One client's connection, as the server sees it."""

    agent: AgentForTests
    websocket: ServerConnection
    client: Any = None
    seq: int = 0
    introduced: dict[str, Any] = field(default_factory=dict)
    cwd: str = ""
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    # --- what a script uses -------------------------------------------------------------------------------

    async def update(self, update: Any, seq: int | None = None) -> None:
        self.seq = self.seq + 1 if seq is None else seq
        meta = {META_SEQ: self.seq} if self.agent.is_ringback else {}
        await self.client.session_update(session_id=SESSION, update=update, **meta)

    async def acknowledge(self, message_id: str, text: str) -> None:
        chunk = acp.update_user_message_text(text)
        chunk.field_meta = {META_MESSAGE_ID: message_id}
        await self.update(chunk)

    async def speak(self, text: str) -> None:
        await self.update(acp.update_agent_message_text(text))

    async def end_turn(self, message_id: str, **more: Any) -> None:
        self.seq += 1
        params = {"sessionId": SESSION, "messageId": message_id, "stopReason": "end_turn", "seq": self.seq, **more}
        await self.client.ext_notification(METHOD_TURN_ENDED, params)

    # --- ACP's Agent --------------------------------------------------------------------------------------

    def on_connect(self, conn: Any) -> None:
        self.client = conn

    async def initialize(self, protocol_version: int, **given: Any) -> schema.InitializeResponse:
        self.introduced = {"protocol_version": protocol_version, **given}
        return schema.InitializeResponse(
            protocol_version=self.agent.protocol_version,
            agent_info=schema.Implementation(name="agent-for-tests", version="9.9"),
        )

    async def new_session(self, cwd: str, **_: Any) -> schema.NewSessionResponse:
        self.cwd = cwd
        meta = {META_MODEL: MODEL} if self.agent.is_ringback else None
        return schema.NewSessionResponse(session_id=SESSION, field_meta=meta)

    async def prompt(self, prompt: list[Any], session_id: str, **meta: Any) -> schema.PromptResponse:
        text, message_id = prompt[0].text, meta[META_MESSAGE_ID]
        self.agent.prompted.append((message_id, text))
        stop_reason = await self.agent.script(self, message_id, text)
        return schema.PromptResponse(stop_reason=stop_reason or "end_turn")  # type: ignore[arg-type]

    async def cancel(self, session_id: str, **_: Any) -> None:
        self.cancelled.set()

    async def ext_method(self, method: str, params: dict[str, Any]) -> Any:
        self.agent.requested.append((method, params))
        return await self.agent.answer(self, method, params)


Script = Callable[[Peer, str, str], Awaitable[str | None]]
Answering = Callable[[Peer, str, dict[str, Any]], Awaitable[Any]]


async def echo(peer: Peer, message_id: str, text: str) -> str | None:
    """What a server of ours does: acknowledge, answer, tell the end."""
    await peer.acknowledge(message_id, text)
    await peer.speak(f"you said {text}")
    await peer.end_turn(message_id)
    return None


async def know_nothing(_peer: Peer, method: str, _params: dict[str, Any]) -> Any:
    """What a server does with a request that it does not know."""
    raise acp.RequestError.method_not_found(f"_{method}")


@dataclass
class AgentForTests:
    """The server. ``script`` answers a prompt, ``answer`` an extension method; ``peers`` are all connections so far."""

    script: Script = echo
    answer: Answering = know_nothing
    is_ringback: bool = True
    protocol_version: int = 1
    refusal: tuple[int, str] | None = None
    peers: list[Peer] = field(default_factory=list)
    prompted: list[tuple[str, str]] = field(default_factory=list)
    requested: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    endpoint: Endpoint = field(default_factory=lambda: Endpoint("ws://unset", Secret(TOKEN)))

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.refusal is not None:
            return connection.respond(http.HTTPStatus(self.refusal[0]), self.refusal[1])
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "wrong token\n")
        return None

    def sign(self, connection: ServerConnection, _request: Request, response: Response) -> None:
        if self.is_ringback:
            response.headers[HEADER_CONNECTION_ID] = str(connection.id)

    async def talk(self, websocket: ServerConnection) -> None:
        peer = Peer(self, websocket)
        self.peers.append(peer)
        await acp.run_agent(peer, _Transport(websocket), use_unstable_protocol=True)  # type: ignore[arg-type]

    async def find(self) -> Endpoint:
        return self.endpoint


@asynccontextmanager
async def running(agent: AgentForTests, port: int = 0) -> AsyncIterator[AgentForTests]:
    async with serve(
        agent.talk, "127.0.0.1", port, process_request=agent.admit, process_response=agent.sign, close_timeout=1
    ) as server:
        found = next(iter(server.sockets)).getsockname()[1]
        agent.endpoint = Endpoint(f"ws://127.0.0.1:{found}/acp", Secret(TOKEN))
        yield agent
