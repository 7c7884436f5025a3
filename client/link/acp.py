"""The client's edge to ACP: one WebSocket, one session, our frames on this side and ACP's messages on the other."""

from __future__ import annotations

import asyncio
import logging
from importlib.metadata import version
from typing import cast

import acp
import msgspec
from acp import schema
from acp.client.connection import ClientSideConnection
from acp.exceptions import RequestError
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection

from client.link.acp_additions import (
    NEWS_METHODS,
    about,
    read_call,
    read_model,
    read_news,
    read_turn_ended,
    read_withdrawn,
)
from client.link.acp_answers import answered
from client.link.acp_frames import read_question, read_update
from client.link.connecting import connect_to
from client.link.endpoint import Endpoint
from client.link.in_order import InOrder
from client.link.transport import WebSocketTransport, size_of
from client.link.wire import Introduction, Listener, NotLetInError
from shared.acp_names import (
    HEADER_CONNECTION_ID,
    META_MESSAGE_ID,
    META_MODEL,
    META_SEQ,
    METHOD_APPROVAL_WITHDRAWN,
    METHOD_TOOL_CALL,
    METHOD_TURN_ENDED,
)
from shared.errors import BadRequestError, LinkLostError
from shared.frames import StopReason, ToolChanged, ToolStarted, Update, Welcome
from shared.ids import ConnectionSignature, MessageId, SessionId, ToolCallId
from shared.json_types import JsonObject, JsonValue
from shared.news import PersonReset

logger = logging.getLogger(__name__)

SESSION_TIMEOUT = 20.0
MAX_SENT = 1_000_000
"""Longest message or tool's result in bytes of JSON: a frame of more than 1 MiB would cost the connection."""


class AcpWire:
    """Implements ``client.link.wire.Wire``, and ACP's ``Client`` towards the SDK.

    The SDK starts a task for each frame. Tasks start in the order of the frames, so whatever is told here is told
    before the first ``await``.
    """

    def __init__(self, websocket: ClientConnection, listener: Listener) -> None:
        self._websocket = websocket
        self._listener = listener
        self._transport = WebSocketTransport(websocket)
        self._in_order = InOrder(listener)
        self._calls: dict[ToolCallId, ToolStarted] = {}
        self._epoch = 0
        self.is_ringback = False
        self.welcome: Welcome
        # Last: from here on, frames may arrive.
        self._connection: ClientSideConnection = acp.connect_to_agent(cast("acp.Client", self), self._transport)

    # --- what a link does with it -------------------------------------------------------------------------

    async def open(self, introduction: Introduction) -> None:
        """Introduce this client and begin a session."""
        answer = await self._connection.initialize(
            acp.PROTOCOL_VERSION,
            client_info=schema.Implementation(name="ringback", title="Ringback", version=version("ringback")),
            client_capabilities=schema.ClientCapabilities(field_meta=about(introduction)),
        )
        if answer.protocol_version != acp.PROTOCOL_VERSION:
            raise NotLetInError(
                f"The server speaks version {answer.protocol_version} of the protocol and this client version "
                f"{acp.PROTOCOL_VERSION}. Update the older of the two."
            )
        session = await self._connection.new_session(cwd=str(introduction.folder), mcp_servers=[])
        agent = answer.agent_info or schema.Implementation(name="agent", version="")
        model = (session.field_meta or {}).get(META_MODEL)
        self.is_ringback = model is not None
        self.welcome = Welcome(
            signature=ConnectionSignature(_signature(self._websocket)),
            session_id=SessionId(session.session_id),
            model=read_model(model, agent.title or agent.name),
            server_version=agent.version,
        )

    def listen(self) -> None:
        """Begin to tell the listener; what came before is told first."""
        self._in_order.listen()

    async def prompt(self, message_id: MessageId, text: str) -> StopReason:
        """Say something and wait until its turn is over."""
        if size_of(text) > MAX_SENT:
            raise BadRequestError(f"This message is too long to send: at most {MAX_SENT // 1000} kB go at once.")
        with answered():
            answer = await self._connection.prompt(
                session_id=self.welcome.session_id,
                prompt=[schema.TextContentBlock(type="text", text=text)],
                **{META_MESSAGE_ID: message_id},
            )
        return answer.stop_reason

    async def cancel(self) -> None:
        """Ask for the running turn to end."""
        try:
            await self._connection.cancel(self.welcome.session_id)
        except (ConnectionError, LinkLostError):
            logger.info("there was no connection to cancel on")

    async def request(self, method: str, params: JsonObject) -> JsonValue:
        """Ask for one of our additions to ACP."""
        if size_of(params) > MAX_SENT:
            raise BadRequestError(f"This is too long to send: at most {MAX_SENT // 1000} kB go at once.")
        with answered():
            answer: JsonValue = await self._connection.ext_method(method, params)
        return answer

    async def wait_lost(self) -> str:
        """Returns once the connection is gone and all it brought has been told."""
        await self._transport.ended.wait()
        code, reason = self._websocket.close_code, self._websocket.close_reason
        return f"The server ended the connection: {reason}." if reason else f"The connection broke (code {code})."

    async def close(self) -> None:
        """End the connection."""
        await self._connection.close()

    # --- ACP's Client -------------------------------------------------------------------------------------

    async def session_update(self, session_id: str, update: object, **meta: object) -> None:
        """Take one update; nothing here may wait, or the order of the updates is lost."""
        if self._is_ours(session_id) and self._in_order.is_new(meta.get(META_SEQ)):
            for frame in read_update(update, meta):
                self._tell(frame)

    async def request_permission(
        self, session_id: str, tool_call: schema.ToolCallUpdate, options: list[schema.PermissionOption], **meta: object
    ) -> schema.RequestPermissionResponse:
        """Ask the person."""
        cancelled = schema.RequestPermissionResponse(outcome=schema.DeniedOutcome(outcome="cancelled"))
        if not self._is_ours(session_id):
            return cancelled
        question = read_question(
            session_id, tool_call, options, meta, self._calls.get(ToolCallId(tool_call.tool_call_id))
        )
        choice = await self._listener.asked(question.approval)
        if choice is None:
            return cancelled
        return schema.RequestPermissionResponse(
            outcome=schema.AllowedOutcome(outcome="selected", option_id=question.option_ids[choice])
        )

    async def ext_method(self, method: str, params: JsonObject) -> JsonObject:
        """Run a frontend tool."""
        if method != METHOD_TOOL_CALL:
            raise RequestError.method_not_found(f"_{method}")
        try:
            call = read_call(params)
        except msgspec.ValidationError as error:
            raise RequestError(BadRequestError.code, f"{METHOD_TOOL_CALL}: {error}.") from error
        if not self._is_ours(call.session_id) or call.epoch < self._epoch:
            return {"error": "This call was for another holder of the conversation; nothing was run."}
        self._epoch = call.epoch
        try:
            result = await self._listener.called(call)
        except BadRequestError as error:
            return {"error": str(error)}
        if size_of(result) > MAX_SENT:
            return {"error": f"{call.name} was run, but its result is too long to send. Ask for less of it."}
        return {"result": result}

    async def ext_notification(self, method: str, params: JsonObject) -> None:
        """Take a turn's end, a withdrawn question or news; nothing here may wait."""
        try:
            if method == METHOD_TURN_ENDED:
                seq, ended = read_turn_ended(params)
                if self._is_ours(params["sessionId"]) and self._in_order.is_new(seq):
                    self._tell(ended)
            elif method == METHOD_APPROVAL_WITHDRAWN:
                withdrawal = read_withdrawn(params)
                if self._is_ours(withdrawal.session_id):
                    self._listener.withdrawn(withdrawal)
            elif method in NEWS_METHODS:
                news = read_news(method, params)
                if isinstance(news, PersonReset):
                    self._calls.clear()
                    self._epoch = 0
                self._in_order.tell(news)
        except msgspec.ValidationError as error:
            logger.warning("skipped %s: %s", method, error)

    # --- steps --------------------------------------------------------------------------------------------

    def _tell(self, update: Update) -> None:
        if isinstance(update, ToolStarted):
            self._calls[update.call_id] = update
        elif isinstance(update, ToolChanged) and update.result is not None:
            self._calls.pop(update.call_id, None)
        self._in_order.tell(update)

    def _is_ours(self, session_id: object) -> bool:
        # Before the session is opened its id is not known, and there is only one on a connection.
        return self._in_order.is_early or session_id == self.welcome.session_id


async def open_wire(endpoint: Endpoint, introduction: Introduction, listener: Listener) -> AcpWire:
    """Implements ``client.link.wire.OpenWire``."""
    wire = AcpWire(await connect_to(endpoint), listener)
    try:
        async with asyncio.timeout(SESSION_TIMEOUT):
            await wire.open(introduction)
    except BaseException as error:
        await wire.close()
        match error:
            case RequestError():
                raise NotLetInError(f"The server refused to begin a conversation: {error}") from error
            case ValidationError():
                raise NotLetInError(f"What answers at {endpoint.url} does not speak ACP.") from error
            case TimeoutError():
                raise LinkLostError(f"The server at {endpoint.url} did not open a session in time.") from error
            case ConnectionError():
                raise LinkLostError("The connection broke before the session was open.") from error
            case _:
                raise
    return wire


def _signature(websocket: ClientConnection) -> str:
    # A server that is not ours need not name its connections.
    return websocket.response.headers.get(HEADER_CONNECTION_ID, "") if websocket.response else ""
