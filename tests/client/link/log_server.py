"""A small real WebSocket server that keeps a log for each conversation, as a Ringback does; a test cuts and lies to it.

It speaks JSON-RPC by itself, so that a cut falls between exactly the two frames that the test wants.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from client.link.endpoint import Endpoint
from shared.acp_names import (
    HEADER_CONNECTION_ID,
    META_CLAIM,
    META_EPOCH,
    META_HOLDER,
    META_LAST_SEQ,
    META_LEASE_SECRET,
    META_MESSAGE_ID,
    META_MODEL,
    META_REPLAY,
    META_SEQ,
    META_TAKE_OVER,
    METHOD_ANSWER_RESTARTED,
    METHOD_MOVED,
    METHOD_REDEEM,
    METHOD_TOOL_CALL,
    METHOD_TURN_ENDED,
    METHOD_WAS_RESET,
)

Json: TypeAlias = dict[str, Any]
MODEL = {"name": "demo", "label": "demo (scripted)", "scripted": True}
PHONE = {"id": "iphone", "label": "iPhone", "kind": "phone"}
HELD, UNKNOWN, NOT_FOUND, CODE_USED = -32010, -32011, -32601, -32020


class RefusedError(Exception):
    def __init__(self, code: int, message: str = "no", data: Json | None = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, **({"data": data} if data else {})}


@dataclass
class Talk:
    """One conversation: ``log`` holds the notifications, each with its number at its place."""

    session_id: str
    log: list[Json] = field(default_factory=list)
    epoch: int = 1
    holder: Tab | None = None
    other: Json | None = None
    accepted: dict[str, asyncio.Event] = field(default_factory=dict)
    questions: dict[str, asyncio.Event] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)

    def put(self, notification: Json) -> None:
        self.log.append(notification)
        if self.holder is not None:
            self.holder.send(notification)

    def update(self, update: Json) -> None:
        meta = {META_SEQ: len(self.log) + 1}
        self.put(notify("session/update", sessionId=self.session_id, update=update, _meta=meta))

    def said(self, message_id: str, text: str) -> None:
        content = {"type": "text", "text": text}
        self.update({"sessionUpdate": "user_message_chunk", "content": content, "_meta": {META_MESSAGE_ID: message_id}})

    def speak(self, text: str) -> None:
        self.update({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}})

    def restart(self, said: int, thought: int = 0) -> None:
        more = {"said": said, "thought": thought, "seq": len(self.log) + 1}
        self.put(notify(f"_{METHOD_ANSWER_RESTARTED}", sessionId=self.session_id, **more))

    def end(self, message_id: str) -> None:
        more = {"messageId": message_id, "stopReason": "end_turn", "seq": len(self.log) + 1}
        self.put(notify(f"_{METHOD_TURN_ENDED}", sessionId=self.session_id, **more))

    def ask(self, call_id: str) -> asyncio.Event:
        answered = self.questions.setdefault(call_id, asyncio.Event())
        if self.holder is not None:
            self.holder.request("session/request_permission", self._question(call_id), self._answered(call_id))
        return answered

    def moves(self, device: Json = PHONE) -> None:
        """Another device takes it."""
        before, self.holder, self.other = self.holder, None, device
        self.epoch += 1
        if before is not None:
            more = {"epoch": self.epoch, "holder": device}
            before.send(notify(f"_{METHOD_MOVED}", sessionId=self.session_id, **more))

    def _question(self, call_id: str) -> Json:
        call = {"toolCallId": call_id, "title": "Do it", "kind": "other", "rawInput": {}}
        option = {"optionId": "allow_once", "name": "Yes", "kind": "allow_once"}
        return {"sessionId": self.session_id, "toolCall": call, "options": [option]}

    def _answered(self, call_id: str) -> Callable[[Json], None]:
        def take(answer: Json) -> None:
            outcome = answer["result"]["outcome"]
            self.answers.append((call_id, outcome.get("optionId", outcome["outcome"])))
            if "optionId" in outcome:
                self.questions.pop(call_id).set()

        return take


def notify(method: str, **params: Any) -> Json:
    return {"jsonrpc": "2.0", "method": method, "params": params}


@dataclass
class Tab:
    """One connection. ``frames_left`` more frames go out before it is cut."""

    server: LogServer
    websocket: ServerConnection
    out: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)
    waits: dict[int, Callable[[Json], None]] = field(default_factory=dict)
    frames_left: int | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def send(self, message: Json) -> None:
        self.out.put_nowait(message)

    def request(self, method: str, params: Json, then: Callable[[Json], None]) -> None:
        number = len(self.waits) + 1
        self.waits[number] = then
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

    async def call_tool(self, session_id: str, name: str, arguments: Json, claim: str, epoch: int = 1) -> Json:
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        params = {"sessionId": session_id, "toolCallId": "c1", "name": name, "arguments": arguments, "epoch": epoch}
        self.request(f"_{METHOD_TOOL_CALL}", {**params, "_meta": {META_CLAIM: claim}}, answer.set_result)
        async with asyncio.timeout(10):
            return await answer

    def cut(self) -> None:
        self.websocket.transport.abort()

    async def write(self) -> None:
        while True:
            message = await self.out.get()
            if self.frames_left is not None:
                self.frames_left -= 1
                if self.frames_left < 0:
                    self.cut()
                    return
            await self.websocket.send(json.dumps(message))

    async def read(self) -> None:
        async for frame in self.websocket:
            message = json.loads(frame)
            if "method" not in message:
                self.waits[message["id"]](message)
            elif "id" in message:
                task = asyncio.create_task(self.server.answer(self, message))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            else:
                self.server.notified.append(message["method"])


@dataclass
class LogServer:
    """``turn`` answers a message; ``refuse`` may raise for a request before it is looked at."""

    turn: Callable[[LogServer, Talk, str, str], Any]
    refuse: Callable[[Tab, str, Json], None] = lambda _tab, _method, _params: None
    talks: dict[str, Talk] = field(default_factory=dict)
    tabs: list[Tab] = field(default_factory=list)
    prompted: list[str] = field(default_factory=list)
    requested: list[tuple[str, Json]] = field(default_factory=list)
    notified: list[str] = field(default_factory=list)
    turns: set[asyncio.Task[None]] = field(default_factory=set)
    endpoint: Endpoint = field(default_factory=lambda: Endpoint("ws://unset"))
    frames_of_next: int | None = None
    noted: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def until(self, is_true: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not is_true():
                self.noted.clear()
                await self.noted.wait()

    async def find(self) -> Endpoint:
        return self.endpoint

    @property
    def talk(self) -> Talk:
        return list(self.talks.values())[-1]

    def asked_for(self, method: str) -> list[Json]:
        return [params for name, params in self.requested if name == method]

    def reset(self) -> None:
        for talk in self.talks.values():
            talk.log.clear()
            if talk.holder is not None:
                talk.holder.send(notify(f"_{METHOD_WAS_RESET}", message="Everything is gone."))

    async def answer(self, tab: Tab, message: Json) -> None:
        method, params = message["method"], message.get("params") or {}
        self.requested.append((method, params))
        try:
            self.refuse(tab, method, params)
            result = await self._result(tab, method, params, message["id"])
        except RefusedError as error:
            tab.send({"jsonrpc": "2.0", "id": message["id"], "error": error.error})
        else:
            if result is not None:
                tab.send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    async def _result(self, tab: Tab, method: str, params: Json, number: int) -> Json | None:
        match method:
            case "initialize":
                info = {"name": "log-server", "version": "1"}
                return {"protocolVersion": 1, "agentInfo": info, "agentCapabilities": {}}
            case "session/new":
                talk = Talk(f"session-{next(self.numbers)}")
                self.talks[talk.session_id] = talk
                return {"sessionId": talk.session_id, "_meta": self._lease(talk, tab)}
            case "session/resume" | "session/load":
                return self._again(tab, method, params, number)
            case "session/prompt":
                return await self._prompt(tab, params)
            case _ if method == f"_{METHOD_REDEEM}":
                if params["code"] != "good":
                    raise RefusedError(CODE_USED, "This code was used.")
                answer = {"sessionId": self.talk.session_id, "_meta": self._lease(self.talk, tab)}
                tab.send({"jsonrpc": "2.0", "id": number, "result": answer})
                self._replay(self.talk, tab, 0)
                return None
            case _:
                raise RefusedError(NOT_FOUND)

    def _lease(self, talk: Talk, tab: Tab) -> Json:
        talk.holder, talk.other = tab, None
        secret = f"secret-{talk.session_id}-{talk.epoch}"
        return {META_MODEL: MODEL, META_LEASE_SECRET: secret, META_EPOCH: talk.epoch}

    def _again(self, tab: Tab, method: str, params: Json, number: int) -> Json | None:
        talk, meta = self.talks.get(params["sessionId"]), params.get("_meta") or {}
        if talk is None:
            raise RefusedError(UNKNOWN, "There is no such conversation.")
        if talk.other is not None and not meta.get(META_TAKE_OVER):
            raise RefusedError(HELD, "iPhone holds it.", {META_HOLDER: talk.other})
        talk.epoch += 1
        last = meta.get(META_LAST_SEQ, 0)
        if method == "session/load":
            for notification in talk.log:
                tab.send(notification)
            return {"_meta": self._lease(talk, tab)}
        is_gap = last > len(talk.log)
        answer = {"_meta": {**self._lease(talk, tab), META_REPLAY: "gap" if is_gap else "complete"}}
        tab.send({"jsonrpc": "2.0", "id": number, "result": answer})
        if not is_gap:
            self._replay(talk, tab, last)
        return None

    def _replay(self, talk: Talk, tab: Tab, last: int) -> None:
        for notification in talk.log[last:]:
            tab.send(notification)
        for call_id in list(talk.questions):
            talk.ask(call_id)

    async def _prompt(self, tab: Tab, params: Json) -> Json:
        talk, message_id = self.talks[params["sessionId"]], params["_meta"][META_MESSAGE_ID]
        self.prompted.append(message_id)
        self.noted.set()
        if talk.holder is not tab:
            raise RefusedError(HELD, "iPhone holds it.", {META_HOLDER: talk.other or PHONE})
        ended = talk.accepted.get(message_id)
        if ended is None:
            ended = talk.accepted[message_id] = asyncio.Event()
            before = list(talk.accepted.values())[:-1]
            task = asyncio.create_task(self._turn(talk, message_id, params["prompt"][0]["text"], before, ended))
            self.turns.add(task)
            task.add_done_callback(self.turns.discard)
        await ended.wait()
        return {"stopReason": "end_turn"}

    async def _turn(
        self, talk: Talk, message_id: str, text: str, before: list[asyncio.Event], ended: asyncio.Event
    ) -> None:
        for turn in before:
            await turn.wait()
        talk.said(message_id, text)
        await self.turn(self, talk, message_id, text)
        talk.end(message_id)
        ended.set()

    async def serve_one(self, websocket: ServerConnection) -> None:
        tab = Tab(self, websocket, frames_left=self.frames_of_next)
        self.tabs.append(tab)
        writing = asyncio.create_task(tab.write())
        try:
            await tab.read()
        except ConnectionClosed:
            pass
        finally:
            for task in [writing, *tab.tasks]:
                task.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            for talk in self.talks.values():
                talk.holder = None if talk.holder is tab else talk.holder


@asynccontextmanager
async def serving(server: LogServer) -> AsyncIterator[LogServer]:
    def sign(connection: ServerConnection, _request: Request, response: Response) -> None:
        response.headers[HEADER_CONNECTION_ID] = str(connection.id)

    async with serve(server.serve_one, "127.0.0.1", 0, process_response=sign, close_timeout=1) as listening:
        server.endpoint = Endpoint(f"ws://127.0.0.1:{next(iter(listening.sockets)).getsockname()[1]}/acp")
        try:
            yield server
        finally:
            for task in list(server.turns):
                task.cancel()
