"""The client's edge to ACP: one WebSocket, our frames on this side and ACP's messages on the other."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

import acp
import msgspec
from acp import schema
from acp.client.connection import ClientSideConnection
from acp.exceptions import RequestError
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection

from client.link.acp_additions import NEWS_METHODS, read_call, read_moved, read_news, read_numbered, read_withdrawn
from client.link.acp_answers import answered, permission
from client.link.acp_conversations import AcpConversations
from client.link.acp_frames import read_question, read_update
from client.link.connecting import connect_to
from client.link.endpoint import Endpoint
from client.link.hearing import Hearing
from client.link.place import Place
from client.link.transport import WebSocketTransport, size_of
from client.link.wire import Introduction, Listener, NotLetInError, Opened
from shared.acp_names import (
    HEADER_CONNECTION_ID,
    META_MESSAGE_ID,
    META_SEQ,
    METHOD_APPROVAL_WITHDRAWN,
    METHOD_MOVED,
    METHOD_TOOL_CALL,
)
from shared.errors import BadRequestError, LinkLostError
from shared.frames import StopReason, Update
from shared.ids import MessageId, ToolCallId
from shared.json_types import JsonObject, JsonValue

logger = logging.getLogger(__name__)

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
        self._hearing = Hearing(listener, self._end)
        self._ending: asyncio.Task[None] | None = None
        # Last: from here on, frames may arrive.
        client = cast("acp.Client", self)
        self._connection: ClientSideConnection = acp.connect_to_agent(
            client, self._transport, use_unstable_protocol=True
        )
        self.conversations = AcpConversations(self._connection, _signature(websocket))

    # --- what a link does with it -------------------------------------------------------------------------

    @property
    def is_ringback(self) -> bool:
        """Whether the server knows our additions."""
        return self.conversations.is_ringback

    async def begin(self) -> Opened:
        """A new conversation."""
        self._hearing.in_order.hold()
        return await self.conversations.begin()

    async def resume(self, place: Place, *, take_over: bool = False) -> Opened:
        """Go on with a conversation behind ``place``."""
        self._hearing.in_order.hold()
        return await self.conversations.resume(place, take_over=take_over)

    async def load(self, place: Place) -> Opened:
        """All of the conversation from its beginning."""
        self._hearing.in_order.hold()
        return await self.conversations.load(place)

    async def redeem(self, code: str) -> Opened:
        """The conversation that a handoff code stands for."""
        self._hearing.in_order.hold()
        return await self.conversations.redeem(code)

    def listen(self, place: Place | None) -> None:
        """Begin to tell what comes behind ``place``; what came before is told first."""
        self._hearing.listen(place, self.conversations.epoch)

    async def prompt(self, message_id: MessageId, text: str) -> StopReason:
        """Say something and wait until its turn is over."""
        if size_of(text) > MAX_SENT:
            raise BadRequestError(f"This message is too long to send: at most {MAX_SENT // 1000} kB go at once.")
        place = self._hearing.place
        if place is None:
            raise LinkLostError("There is no conversation on this connection.")
        with answered():
            answer = await self._connection.prompt(
                session_id=place.session_id,
                prompt=[schema.TextContentBlock(type="text", text=text)],
                **{META_MESSAGE_ID: message_id},
            )
        return answer.stop_reason

    async def cancel(self) -> None:
        """Ask for the running turn to end."""
        try:
            if self._hearing.place is not None:
                await self._connection.cancel(self._hearing.place.session_id)
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
        if self._ending is not None:
            return "An update of the server's was missing."
        code, reason = self._websocket.close_code, self._websocket.close_reason
        return f"The server ended the connection: {reason}." if reason else f"The connection broke (code {code})."

    async def close(self) -> None:
        """End the connection."""
        await self._connection.close()

    # --- ACP's Client -------------------------------------------------------------------------------------

    async def session_update(self, session_id: str, update: object, **meta: object) -> None:
        """Take one update; nothing here may wait, or the order of the updates is lost."""
        self._hearing.update(session_id, meta.get(META_SEQ), read_update(update, meta))

    async def request_permission(
        self, session_id: str, tool_call: schema.ToolCallUpdate, options: list[schema.PermissionOption], **meta: object
    ) -> schema.RequestPermissionResponse:
        """Ask the person."""
        known = self._hearing.calls.get(ToolCallId(tool_call.tool_call_id))
        question = read_question(session_id, tool_call, options, meta, known)
        answer = await self._hearing.ask(question.approval)
        if answer is None and self._hearing.has_moved and not question.approval.asked_by:
            # Who holds the conversation now is asked, and nothing is said here.
            await self._transport.ended.wait()
        return permission(answer, question.option_ids)

    async def ext_method(self, method: str, params: JsonObject) -> JsonObject:
        """Run a frontend tool."""
        if method != METHOD_TOOL_CALL:
            raise RequestError.method_not_found(f"_{method}")
        try:
            call = read_call(params)
        except msgspec.ValidationError as error:
            raise RequestError(BadRequestError.code, f"{METHOD_TOOL_CALL}: {error}.") from error
        admitted = await self._hearing.admit(call)
        if admitted is None:
            return {"error": "This call was for another holder of the conversation; nothing was run."}
        try:
            result = await self._listener.called(admitted)
        except BadRequestError as error:
            return {"error": str(error)}
        if size_of(result) > MAX_SENT:
            return {"error": f"{call.name} was run, but its result is too long to send. Ask for less of it."}
        return {"result": result}

    async def ext_notification(self, method: str, params: JsonObject) -> None:
        """Take a turn's end, a withdrawn question, a move or news; nothing here may wait."""
        frames: list[Update] = []
        try:
            if method == METHOD_APPROVAL_WITHDRAWN:
                self._hearing.withdraw(read_withdrawn(params))
            elif method == METHOD_MOVED:
                self._hearing.move(*read_moved(params))
            elif method in NEWS_METHODS:
                self._hearing.news(read_news(method, params))
            else:
                frames = read_numbered(method, params)
        except msgspec.ValidationError as error:
            logger.warning("skipped %s: %s", method, error)
        if frames or "seq" in params:  # what cannot be read has its number all the same
            self._hearing.update(params.get("sessionId"), params.get("seq"), frames)

    def _end(self) -> None:
        self._ending = asyncio.create_task(self._websocket.close())


async def open_wire(endpoint: Endpoint, introduction: Introduction, listener: Listener) -> AcpWire:
    """Implements ``client.link.wire.OpenWire``."""
    wire = AcpWire(await connect_to(endpoint), listener)
    try:
        await wire.conversations.introduce(introduction)
    except BaseException as error:
        await wire.close()
        match error:
            case RequestError():
                raise NotLetInError(f"The server refused this client: {error}") from error
            case ValidationError():
                raise NotLetInError(f"What answers at {endpoint.url} does not speak ACP.") from error
            case TimeoutError():
                raise LinkLostError(f"The server at {endpoint.url} did not answer in time.") from error
            case ConnectionError():
                raise LinkLostError("The connection broke before the session was open.") from error
            case _:
                raise
    return wire


def _signature(websocket: ClientConnection) -> str:
    # A server that is not ours need not name its connections.
    return websocket.response.headers.get(HEADER_CONNECTION_ID, "") if websocket.response else ""
