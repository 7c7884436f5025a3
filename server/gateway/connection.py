"""One connection: a tab to its conversations, and the one who answers the requests of the client behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath, PureWindowsPath

from server.context import Identity
from server.conversation import Conversation
from server.gateway.acp import (
    file_request,
    permission_request,
    prompt_answered,
    session_opened,
    tool_request,
    update_message,
    welcome,
    withdrawal_message,
)
from server.gateway.acp_requests import (
    read_cancel,
    read_choice,
    read_file_content,
    read_initialize,
    read_new_session,
    read_prompt,
)
from server.gateway.announced import Announcement
from server.gateway.listener import Line
from server.gateway.rpc import RefusedError, Rpc
from server.gateway.transport import WebSocketTransport
from server.log import say
from server.sessions import Sessions
from shared.errors import BadRequestError, ProtocolError, TooManyRequestsError
from shared.frames import (
    ApprovalAnswered,
    ApprovalAsked,
    ApprovalWithdrawn,
    Device,
    ModelInfo,
    ToolCalled,
    TurnEnded,
    Update,
)
from shared.ids import ConnectionSignature, SessionId
from shared.json_types import JsonObject, JsonValue
from shared.tool_spec import ToolSpec

logger = logging.getLogger(__name__)

MAX_SESSIONS = 32
"""How many sessions one connection may begin."""


class TurnProblemError(ProtocolError):
    """A turn that failed: its problem's code and sentence answer ``session/prompt``."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Hall:
    """What all connections of a server share."""

    sessions: Sessions
    model: ModelInfo
    version: str


class Connection:
    """Implements ``server.tab.Tab`` for one WebSocket."""

    def __init__(self, line: Line, hall: Hall) -> None:
        self._hall = hall
        self._identity: Identity = line.identity
        self._signature = line.signature
        self._announced: Announcement | None = None
        self._folders: dict[SessionId, PurePosixPath | PureWindowsPath] = {}
        self._unoffered: dict[str, Conversation] = {}
        self._offers: set[asyncio.Task[None]] = set()
        transport = WebSocketTransport(line)
        transport.on_answered = self._answered
        self._rpc = Rpc(
            transport,
            requests={
                "initialize": self._initialize,
                "session/new": self._new_session,
                "session/prompt": self._prompt,
            },
            notifications={"session/cancel": self._cancel},
        )

    async def serve(self) -> None:
        """Answer the client until it is gone, and then leave its conversations."""
        try:
            await self._rpc.listen()
        finally:
            try:
                await self._hall.sessions.leave(self)
            finally:
                await self._rpc.close()

    # --- the tab ------------------------------------------------------------------------------------------

    @property
    def signature(self) -> ConnectionSignature:
        """The connection's own UUID."""
        return self._signature

    @property
    def device(self) -> Device:
        """What the connection says it is."""
        return self._introduced().device

    @property
    def tools(self) -> Mapping[str, ToolSpec]:
        """The frontend tools it offers, by name."""
        return self._introduced().tools

    async def send(self, session_id: SessionId, seq: int, update: Update) -> None:
        """Send the ``seq``-th update of a session; a client that does not know our additions sees no turn's end."""
        if isinstance(update, TurnEnded) and not self._introduced().speaks_ringback:
            return
        message = update_message(session_id, seq, update)
        await self._rpc.notify(message.method, message.params)

    async def ask(self, approval: ApprovalAsked) -> ApprovalAnswered:
        """Show the approval and wait for the person's answer; one that makes no sense is none."""
        message = permission_request(approval, datetime.now(UTC))
        try:
            answer = await self._rpc.request(message.method, message.params)
        except RefusedError as error:
            logger.warning("the client %s does not take approvals: %s", self._signature, error)
            return ApprovalAnswered(approval.call_id, None)
        return ApprovalAnswered(approval.call_id, read_choice(answer))

    async def withdraw(self, withdrawal: ApprovalWithdrawn) -> None:
        """Take a shown approval back; a client that does not know our additions is not told."""
        if self._introduced().speaks_ringback:
            message = withdrawal_message(withdrawal)
            await self._rpc.notify(message.method, message.params)

    async def call_tool(self, call: ToolCalled) -> JsonObject:
        """Run a frontend tool there and wait for its dict."""
        try:
            if self._introduced().lends_files:
                return await self._read_file(call)
            message = tool_request(call)
            return _tool_result(await self._rpc.request(message.method, message.params))
        except RefusedError as error:
            return {"success": False, "error": str(error) or "The device refused without saying why."}

    async def _read_file(self, call: ToolCalled) -> JsonObject:
        path = call.arguments.get("path")
        if not isinstance(path, str) or not path:
            return {"success": False, "error": "The path is a text that is not empty."}
        line, limit = (_count(call.arguments.get(name)) for name in ("line", "limit"))
        whole = str(self._folders[call.session_id] / path)
        message = file_request(call.session_id, whole, line, limit)
        content = read_file_content(await self._rpc.request(message.method, message.params))
        if content is None:
            return {"success": False, "error": "The device answered without the file's content."}
        return {"success": True, "path": whole, "content": content}

    # --- the client's requests ----------------------------------------------------------------------------

    async def _initialize(self, params: JsonObject) -> JsonObject:
        if self._announced is not None:
            raise BadRequestError("This connection is initialized already.")
        announced = read_initialize(params)
        if not announced.device.id:
            announced = replace(announced, device=replace(announced.device, id=self._signature))
        self._announced = announced
        device = announced.device
        say(
            logger,
            "device_announced",
            client_identifier=self._signature,
            device=device.label,
            kind=device.kind,
            tools=len(announced.tools),
        )
        return welcome(version=self._hall.version)

    async def _new_session(self, params: JsonObject) -> JsonObject:
        self._introduced()
        folder = read_new_session(params)
        if len(self._folders) >= MAX_SESSIONS:
            raise TooManyRequestsError(f"A connection begins at most {MAX_SESSIONS} sessions. Open another connection.")
        talk = self._hall.sessions.open(self._identity, self)
        session_id = talk.session_id
        self._folders[session_id] = folder
        self._unoffered[session_id] = talk
        say(logger, "session_opened", client_identifier=self._signature, session=session_id)
        return session_opened(session_id, self._hall.model)

    async def _prompt(self, params: JsonObject) -> JsonObject:
        self._introduced()
        asked = read_prompt(params)
        ended = await self._hall.sessions.get(self, asked.session_id).prompt(asked.said)
        if ended.problem is not None:
            raise TurnProblemError(ended.problem.code, ended.problem.message)
        return prompt_answered(ended.stop_reason)

    async def _cancel(self, params: JsonObject) -> None:
        await self._hall.sessions.get(self, read_cancel(params)).cancel()

    def _introduced(self) -> Announcement:
        if self._announced is None:
            raise BadRequestError("The first request of a connection is initialize.")
        return self._announced

    def _answered(self, result: JsonValue) -> None:
        # Some clients hang when a session's commands come before the answer that names the session.
        session_id = result.get("sessionId") if isinstance(result, dict) else None
        talk = self._unoffered.pop(session_id, None) if isinstance(session_id, str) else None
        if talk is not None:
            task = asyncio.create_task(talk.offer_commands())
            self._offers.add(task)
            task.add_done_callback(self._offers.discard)


async def talk(line: Line, hall: Hall) -> None:
    """Serve one connection to its end."""
    await Connection(line, hall).serve()


def _tool_result(answer: JsonValue) -> JsonObject:
    match answer:
        case {"result": dict(result)}:
            return result
        case {"error": str(error)}:
            return {"success": False, "error": error}
        case _:
            return {"success": False, "error": "The device answered without a result."}


def _count(value: JsonValue) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
