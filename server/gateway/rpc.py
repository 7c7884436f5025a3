"""Requests and notifications both ways over the ACP SDK's dispatch, with our errors instead of its own."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from acp.connection import Connection as SdkConnection
from acp.exceptions import RequestError

from server.gateway.transport import WebSocketTransport
from shared.errors import LinkLostError, ProtocolError
from shared.json_types import JsonObject, JsonValue

logger = logging.getLogger(__name__)

METHOD_NOT_FOUND = -32601
INTERNAL_ERROR = -32603
MAX_ECHO = 100
"""How much of a peer's own words comes back to it, or goes on to the model, in an error."""

Answer = Callable[[JsonObject], Awaitable[JsonObject]]
Take = Callable[[JsonObject], Awaitable[None]]


class RefusedError(Exception):
    """The peer answered a request of ours with an error; ``str(error)`` is what it said, cut short."""


class UnknownMethodError(ProtocolError):
    """The peer asks for a method that this server does not have."""

    code = METHOD_NOT_FOUND


class Rpc:
    """One peer. ``requests`` and ``notifications`` say what it may ask of us, by method."""

    def __init__(
        self, transport: WebSocketTransport, *, requests: Mapping[str, Answer], notifications: Mapping[str, Take]
    ) -> None:
        self._requests = requests
        self._notifications = notifications
        self._connection = SdkConnection(self._handle, transport, listening=False)

    async def listen(self) -> None:
        """Serve the peer until it is gone."""
        await self._connection.main_loop()

    async def close(self) -> None:
        """Close the connection; what waits for the peer's answer ends with ``LinkLostError``."""
        await self._connection.close()

    async def notify(self, method: str, params: JsonObject) -> None:
        """Send a notification; waits while the peer reads slowly.

        Raises:
            LinkLostError: if the connection is gone.
        """
        try:
            await self._connection.send_notification(method, params)
        except ConnectionError as error:
            raise LinkLostError("The connection to the tab is gone.") from error

    async def request(self, method: str, params: JsonObject) -> JsonValue:
        """Send a request and wait for its result.

        Raises:
            LinkLostError: if the connection is gone, or goes meanwhile.
            RefusedError: if the peer answers with an error.
        """
        try:
            result: JsonValue = await self._connection.send_request(method, params)
        except ConnectionError as error:
            raise LinkLostError("The connection to the tab is gone.") from error
        except RequestError as error:
            raise RefusedError(str(error)[: MAX_ECHO * 10]) from error
        return result

    async def _handle(self, method: str, params: JsonValue, is_notification: bool) -> JsonObject | None:  # noqa: FBT001  (the SDK's signature)
        told: JsonObject = params if isinstance(params, dict) else {}
        try:
            if not is_notification:
                return await self._answer(method, told)
            await self._take(method, told)
        except ProtocolError as error:
            raise RequestError(error.code, str(error)) from None
        except Exception:
            # The SDK would send the exception's own text to the peer.
            logger.exception("a bug in the answer to %s", method[:MAX_ECHO])
            raise RequestError(INTERNAL_ERROR, "The request failed inside Ringback; the log says more.") from None
        return None

    async def _answer(self, method: str, params: JsonObject) -> JsonObject:
        answer = self._requests.get(method)
        if answer is None:
            raise UnknownMethodError(f"This server has no method {method[:MAX_ECHO]}.")
        return await answer(params)

    async def _take(self, method: str, params: JsonObject) -> None:
        take = self._notifications.get(method)
        try:
            if take is not None:
                await take(params)
        except ProtocolError as error:
            logger.debug("a notification %s made no sense: %s", method[:MAX_ECHO], error)
