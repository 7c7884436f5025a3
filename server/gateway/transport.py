"""JSON-RPC messages over one WebSocket, for the ACP SDK: what is no message is answered here and goes no further.

The SDK's own receive loop would end at a list as an id, an ``error`` that is no object or a JSON nested too deeply,
and it drops other garbage in silence. So each frame is read and checked here, and no faster than is fair to others.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from server.core.pace import Pace
from server.gateway.json_rpc import GarbageError, dumped, request_id, understood
from shared.errors import TooManyRequestsError
from shared.json_types import JsonObject

logger = logging.getLogger(__name__)

MAX_UNDER_WAY = 64
"""How many requests of one connection may be under way; an arriving one beyond that is refused."""
MESSAGES = 200
"""How many messages a second one connection may send for long."""
HEAVY = 16_384
"""A frame that is so much longer counts as one more, in characters."""
IN_HASTE = 5
"""So many seconds' worth of them may come at once."""


class WebSocketTransport:
    """The SDK's ``Transport`` over a WebSocket. Binary frames are ignored, as ACP's remote transport says."""

    def __init__(
        self, websocket: ServerConnection, *, max_under_way: int = MAX_UNDER_WAY, messages: float = MESSAGES
    ) -> None:
        self._websocket = websocket
        self._pace = Pace(messages, messages * IN_HASTE)
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
                if pause := self._pace.step(time.monotonic(), 1 + len(frame) / HEAVY):
                    # Nothing is lost: what it sends meanwhile waits, in the end on its own side.
                    await asyncio.sleep(pause)
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
                await self._refuse(GarbageError(TooManyRequestsError.code, sentence, request_id(message["id"])))
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
