"""Moves JSON-RPC messages over a WebSocket for the ACP SDK."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from shared.errors import LinkLostError
from shared.json_types import JsonValue

logger = logging.getLogger(__name__)


class WebSocketTransport:
    """ACP's ``Transport``. Frames that are no message are logged and skipped: one bad frame costs no conversation."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self.ended = asyncio.Event()
        """Set once nothing more will be received."""

    async def send(self, message: dict[str, Any]) -> None:
        """Send one message.

        Raises:
            LinkLostError: if the connection is gone (an answer that nobody waits for any more is dropped instead).
        """
        try:
            await self._websocket.send(_dump(message), text=True)
        except (ConnectionClosed, AttributeError) as error:
            # websockets 15 raises AttributeError where the connection ended with bytes still to be sent.
            if "method" not in message:
                logger.debug("an answer had no connection to go to")
                return
            raise LinkLostError("The connection to the server is gone.") from error

    async def receive(self) -> dict[str, Any] | None:
        """The next message; ``None`` once the connection is gone."""
        try:
            message = None
            while message is None:
                message = _parse(await self._websocket.recv())
        except ConnectionClosed as error:
            logger.info("the connection ended: %s", error)
            self.ended.set()
            return None
        return message

    async def close(self) -> None:
        """Close the WebSocket."""
        with suppress(AttributeError):  # as in send
            await self._websocket.close()
        self.ended.set()


def size_of(value: JsonValue) -> int:
    """How many bytes of JSON a value takes."""
    return len(_dump(value))


def _dump(value: object) -> bytes:
    # Half a surrogate pair has no UTF-8: a question mark in its place costs less than the connection.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _parse(frame: str | bytes) -> dict[str, Any] | None:
    if isinstance(frame, bytes):
        logger.warning("skipped a binary frame of %d bytes", len(frame))
        return None
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError) as error:
        logger.warning("skipped a frame of %d characters that is no JSON: %s", len(frame), error)
        return None
    if not _is_message(message):
        logger.warning("skipped a frame of %d characters that is no message", len(frame))
        return None
    checked: dict[str, Any] = message
    return checked


def _is_message(message: object) -> bool:
    # What the SDK takes for granted; its receive loop would end at anything else.
    if not isinstance(message, dict) or not isinstance(message.get("id"), (str, int, type(None))):
        return False
    if not isinstance(message.get("error", {}), dict):
        return False
    return isinstance(message.get("method"), str) or ("method" not in message and "id" in message)
