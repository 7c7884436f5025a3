"""A tab made of nothing but a WebSocket and JSON: it sees every frame, and can send any."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect, unix_connect

from shared.acp_names import (
    HEADER_CONNECTION_ID,
    META_DEVICE,
    META_MESSAGE_ID,
    META_TOOLS,
    METHOD_TOOL_CALL,
    METHOD_TURN_ENDED,
)
from shared.catalog import FRONTEND_TOOLS
from shared.tool_spec import ToolSpec

Message = dict[str, Any]
PATIENCE = 20.0


class RawTab:
    """One connection with one session. ``frames`` are all that came; ``asked`` are approval requests.

    While ``is_silent``, what became of a tool's call is not said. ``schema``, if any, is said to be that of each tool.
    """

    def __init__(self, websocket: ClientConnection, device: str) -> None:
        self.websocket = websocket
        self.device = device
        assert websocket.response is not None
        self.signature = websocket.response.headers[HEADER_CONNECTION_ID]
        self.session_id = ""
        self.patience = PATIENCE
        self.frames: list[Message] = []
        self.asked: list[Message] = []
        self.called: list[Message] = []
        self.is_silent = False
        self.schema: Message = {}
        self.specs: tuple[ToolSpec, ...] = FRONTEND_TOOLS
        self.answers: dict[int, asyncio.Future[Message]] = {}
        self.news = asyncio.Condition()
        self.run_tool: Callable[[Message], Message] = lambda params: {"success": True, **params["arguments"]}
        self._ids = itertools.count(1)

    # --- what it says -------------------------------------------------------------------------------------

    async def send(self, message: Message | str) -> None:
        await self.websocket.send(message if isinstance(message, str) else json.dumps(message))

    async def request(self, method: str, params: Message) -> Message:
        """The whole answer, result or error."""
        number = next(self._ids)
        self.answers[number] = asyncio.get_running_loop().create_future()
        await self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        async with asyncio.timeout(self.patience):
            return await self.answers[number]

    async def introduce(self) -> None:
        tools = [
            {"name": spec.name, "description": spec.description, "inputSchema": self.schema or spec.input_schema}
            for spec in self.specs
        ]
        meta = {META_DEVICE: {"id": self.device, "label": self.device, "kind": "pc"}, META_TOOLS: tools}
        await self.request(
            "initialize",
            {
                "protocolVersion": 1,
                "clientInfo": {"name": "raw", "version": "1"},
                "clientCapabilities": {"_meta": meta},
            },
        )

    async def open(self, cwd: Path | str = "/") -> None:
        await self.introduce()
        answer = await self.request("session/new", {"cwd": str(cwd), "mcpServers": []})
        self.session_id = answer["result"]["sessionId"]

    async def load(self, session_id: str, cwd: Path | str = "/") -> Message:
        """Hold a session that there is, and have all of it told: the whole answer."""
        self.session_id = session_id
        return await self.request("session/load", {"sessionId": session_id, "cwd": str(cwd), "mcpServers": []})

    async def prompt(self, text: str, message_id: str | None = None) -> Message:
        """Say ``text`` and wait for the turn's end: the whole answer to ``session/prompt``."""
        params: Message = {"sessionId": self.session_id, "prompt": [{"type": "text", "text": text}]}
        if message_id is not None:
            params["_meta"] = {META_MESSAGE_ID: message_id}
        return await self.request("session/prompt", params)

    async def answer(self, asked: Message, option: str | None) -> None:
        outcome: Message = {"outcome": "cancelled"} if option is None else {"outcome": "selected", "optionId": option}
        await self.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"outcome": outcome}})

    async def cancel(self) -> None:
        await self.send({"jsonrpc": "2.0", "method": "session/cancel", "params": {"sessionId": self.session_id}})

    # --- what it heard ------------------------------------------------------------------------------------

    @property
    def updates(self) -> list[Message]:
        return [frame["params"]["update"] for frame in self.frames if frame.get("method") == "session/update"]

    @property
    def text(self) -> str:
        chunks = [update for update in self.updates if update["sessionUpdate"] == "agent_message_chunk"]
        return "".join(chunk["content"]["text"] for chunk in chunks)

    @property
    def ends(self) -> list[Message]:
        return [frame["params"] for frame in self.frames if frame.get("method") == f"_{METHOD_TURN_ENDED}"]

    async def until(self, true: Callable[[], object], seconds: float = PATIENCE) -> None:
        async with asyncio.timeout(seconds), self.news:
            await self.news.wait_for(lambda: bool(true()))

    async def listen(self) -> None:
        async for text in self.websocket:
            await self._hear(json.loads(text))

    async def _hear(self, frame: Message) -> None:
        self.frames.append(frame)
        match frame:
            case {"method": "session/request_permission"}:
                self.asked.append(frame)
            case {"method": method, "id": number, "params": params} if method == f"_{METHOD_TOOL_CALL}":
                self.called.append(params)
                if not self.is_silent:
                    await self.send({"jsonrpc": "2.0", "id": number, "result": {"result": self.run_tool(params)}})
            case {"id": number} if "method" not in frame:
                waiting = self.answers.get(number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(frame)
            case _:
                pass  # a notification: kept in ``frames``
        async with self.news:
            self.news.notify_all()


@asynccontextmanager
async def raw_tab(
    url: str, token: str, *, device: str = "PC", is_opened: bool = True, headers: dict[str, str] | None = None
) -> AsyncIterator[RawTab]:
    """A tab on a server at ``url`` (``ws://…`` or ``ws+unix://PATH:/acp``), its session open.

    ``headers`` take the place of the one with the token.
    """
    headers = headers or {"Authorization": f"Bearer {token}"}
    if url.startswith("ws+unix://"):
        path = url.removeprefix("ws+unix://").removesuffix(":/acp")
        connecting = unix_connect(path, uri="ws://localhost/acp", additional_headers=headers, compression=None)
    else:
        connecting = connect(url, additional_headers=headers, compression=None, proxy=None)
    async with connecting as websocket:
        tab = RawTab(websocket, device)
        listening = asyncio.create_task(tab.listen())
        try:
            if is_opened:
                await tab.open()
            yield tab
        finally:
            listening.cancel()
            await asyncio.wait({listening})
