"""JSON-RPC messages over one WebSocket, for the ACP SDK: what is no message is answered here and goes no further.

The SDK's own receive loop would end at a list as an id, an ``error`` that is no object or a JSON nested too deeply,
and it drops other garbage in silence. So each frame is read, checked and, where it can be, mended here.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from server.core.json_depth import MAX_DEPTH, is_deep
from server.gateway.halves import without_halves
from shared.errors import BadRequestError, TooManyRequestsError
from shared.json_types import JsonObject, JsonValue

logger = logging.getLogger(__name__)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
MAX_UNDER_WAY = 64
"""How many requests of one connection may be under way; an arriving one beyond that is refused."""
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""How JSON spells half of a surrogate pair; a whole pair is found as well."""


class GarbageError(Exception):
    """A frame that is no JSON-RPC message: the code and sentence of the answer, and the id if it could be read."""

    def __init__(self, code: int, sentence: str, request_id: str | int | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.request_id = request_id


class WebSocketTransport:
    """The SDK's ``Transport`` over a WebSocket. Binary frames are ignored, as ACP's remote transport says."""

    def __init__(self, websocket: ServerConnection, *, max_under_way: int = MAX_UNDER_WAY) -> None:
        self._websocket = websocket
        self._max_under_way = max_under_way
        self._under_way = 0
        self.on_answered: Callable[[Any], None] | None = None
        """Called with the result of each request that was answered well, once the answer is on its way."""

        self.on_reply: Callable[[JsonObject], bool] | None = None
        """Called with each answer of the peer's; one that it takes goes no further."""

    async def send(self, message: dict[str, Any]) -> None:
        """Send one message; waits while the peer reads slowly. The order of calls is the order on the wire.

        Raises:
            ConnectionError: if the connection is gone (an answer that nobody waits for any more is dropped instead).
        """
        is_answer = "method" not in message
        if is_answer:
            self._under_way -= 1
        try:
            await self._put(dumped(message))
        except ConnectionError:
            if not is_answer:
                raise
            logger.debug("an answer had no connection to go to")
            return
        if is_answer and self.on_answered is not None:
            self.on_answered(message.get("result"))

    async def receive(self) -> dict[str, Any] | None:
        """The next message that makes sense as one; ``None`` once the connection is gone."""
        while True:
            try:
                frame = await self._websocket.recv()
                if isinstance(frame, bytes):
                    continue
                try:
                    message = understood(frame)
                except GarbageError as garbage:
                    await self._refuse(garbage)
                    continue
                if "method" not in message and self.on_reply is not None and self.on_reply(message):
                    continue
                if "method" not in message or "id" not in message:
                    return message
                if self._under_way < self._max_under_way:
                    self._under_way += 1
                    return message
                sentence = f"More than {self._max_under_way} requests are under way on this connection. Wait for some."
                await self._refuse(GarbageError(TooManyRequestsError.code, sentence, _id(message["id"])))
            except (ConnectionClosed, ConnectionError):
                return None

    async def close(self) -> None:
        """Close the WebSocket."""
        await self._websocket.close()

    async def _refuse(self, garbage: GarbageError) -> None:
        error: JsonObject = {"code": garbage.code, "message": str(garbage)}
        await self._put(dumped({"jsonrpc": "2.0", "id": garbage.request_id, "error": error}))

    async def _put(self, text: str) -> None:
        # Asked first, because sending on a connection that is closed may fail in asyncio's transport instead.
        if self._websocket.state is not State.OPEN:
            raise ConnectionError("The connection is gone.")
        try:
            await self._websocket.send(text)
        except ConnectionClosed as error:
            raise ConnectionError("The connection is gone.") from error


def understood(frame: str) -> JsonObject:
    """The JSON-RPC message of a text frame; lone surrogates, which no database takes, are replaced or refused.

    Raises:
        GarbageError: if it is none, or is refused.
    """
    message = checked(parse(frame))
    if not SURROGATE.search(frame):
        return message
    try:
        return without_halves(message)
    except BadRequestError as error:
        raise GarbageError(error.code, str(error), _id(message.get("id"))) from None


def parse(frame: str) -> JsonValue:
    """The JSON of a text frame. Lone surrogates stay in it.

    Raises:
        GarbageError: if it is no JSON, holds numbers that are none, or is nested too deeply.
    """
    try:
        value: JsonValue = json.loads(frame, parse_constant=_refuse_constant, parse_float=_finite)
        if frame.count("[") + frame.count("{") > MAX_DEPTH and is_deep(value):
            raise GarbageError(INVALID_REQUEST, f"The message is nested more than {MAX_DEPTH} levels deep.")
    except RecursionError:
        raise GarbageError(INVALID_REQUEST, f"The message is nested more than {MAX_DEPTH} levels deep.") from None
    except ValueError:
        raise GarbageError(PARSE_ERROR, "The message is not valid JSON.") from None
    return value


def checked(message: JsonValue) -> JsonObject:
    """``message`` as a JSON-RPC message; an answer that makes no sense becomes an error, so that nobody waits on.

    Raises:
        GarbageError: if it is none.
    """
    if isinstance(message, list):
        raise GarbageError(INVALID_REQUEST, "Batches are not supported. Send one message per frame.")
    if not isinstance(message, dict):
        raise GarbageError(INVALID_REQUEST, "A message is a JSON object.")
    request_id = message.get("id")
    if request_id is not None and (isinstance(request_id, bool) or not isinstance(request_id, (str, int))):
        raise GarbageError(INVALID_REQUEST, "An id is a string or a whole number.")
    if message.get("jsonrpc") != "2.0":
        raise GarbageError(INVALID_REQUEST, 'A message says "jsonrpc": "2.0".', request_id)
    if "method" in message:
        if not isinstance(message["method"], str):
            raise GarbageError(INVALID_REQUEST, "A method is a string.", request_id)
        if not isinstance(message.get("params") or {}, dict):
            raise GarbageError(INVALID_REQUEST, "The params are a JSON object.", request_id)
        return message
    if "id" not in message:
        raise GarbageError(INVALID_REQUEST, "A message has a method or an id.")
    return _checked_answer(message)


def dumped(message: JsonValue) -> str:
    """``message`` as JSON; numbers that JSON does not have (a tool may compute one) are written as words."""
    try:
        return json.dumps(message, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_without_odd_numbers(message), separators=(",", ":"), allow_nan=False)


def _checked_answer(message: JsonObject) -> JsonObject:
    error = message.get("error")
    if ("result" in message) != ("error" in message) and (error is None or _is_error(error)):
        return message
    mended: JsonValue = {"code": INVALID_REQUEST, "message": "The answer makes no sense."}
    return {"jsonrpc": "2.0", "id": message["id"], "error": mended}


def _is_error(error: JsonValue) -> bool:
    return isinstance(error, dict) and isinstance(error.get("code"), int) and isinstance(error.get("message"), str)


def _id(value: JsonValue) -> str | int | None:
    return value if isinstance(value, (str, int)) else None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _without_odd_numbers(value: JsonValue) -> JsonValue:
    match value:
        case dict():
            return {key: _without_odd_numbers(child) for key, child in value.items()}
        case list():
            return [_without_odd_numbers(child) for child in value]
        case float() if not math.isfinite(value):
            return str(value)
        case _:
            return value
