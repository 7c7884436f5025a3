"""Requests and notifications both ways over the ACP SDK's dispatch, with our errors instead of its own."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from acp.connection import Connection as SdkConnection
from acp.exceptions import RequestError

from server.gateway.acp_news import device_object
from server.gateway.transport import WebSocketTransport
from shared.acp_names import META_HOLDER
from shared.errors import LinkLostError, ProtocolError, SessionHeldError
from shared.json_types import JsonObject, JsonValue

logger = logging.getLogger(__name__)

METHOD_NOT_FOUND = -32601
INTERNAL_ERROR = -32603
MAX_ECHO = 100
"""How much of a peer's own words comes back to it, or goes on to the model, in an error."""

ASKED = "ask-"
"""How the ids of requests begin that a person answers; the SDK's own are numbers."""

Answer = Callable[[JsonObject], Awaitable[JsonObject]]
Take = Callable[[JsonObject], Awaitable[None]]


class _Asked(NamedTuple):
    subject: tuple[str, ...]
    replied: Callable[[JsonValue], None]
    gone: Callable[[], None]


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
        self._transport = transport
        self._asked: dict[str, _Asked] = {}
        self._count = 0
        transport.on_reply = self._replied
        self._connection = SdkConnection(self._handle, transport, listening=False)

    async def listen(self) -> None:
        """Serve the peer until it is gone."""
        await self._connection.main_loop()

    async def close(self) -> None:
        """Close the connection; what waits for the peer's answer ends with ``LinkLostError``."""
        for asked in self._asked.values():
            asked.gone()
        self._asked.clear()
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

    async def ask(
        self,
        method: str,
        params: JsonObject,
        replied: Callable[[JsonValue], None],
        *,
        gone: Callable[[], None],
        subject: tuple[str, ...],
    ) -> None:
        """Send a request and do not wait: ``replied`` is called with its result (``None`` for an error), or ``gone``.

        A person may take hours, and until then nothing but this is held for it; of one ``subject`` only the latest.

        Raises:
            LinkLostError: if the connection is gone.
        """
        self.withdraw(*subject)
        self._count += 1
        request_id = f"{ASKED}{self._count}"
        self._asked[request_id] = _Asked(subject, replied, gone)
        message: JsonObject = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        try:
            await self._transport.send(message)
        except ConnectionError as error:
            raise LinkLostError("The connection to the tab is gone.") from error

    def withdraw(self, *subject: str) -> None:
        """Hold nothing more for what was asked about that subject, or any that begins so; a late answer is ignored."""
        over = [name for name, asked in self._asked.items() if asked.subject[: len(subject)] == subject]
        for request_id in over:
            del self._asked[request_id]

    def _replied(self, message: JsonObject) -> bool:
        asked = self._asked.pop(str(message.get("id")), None)
        if asked is None:
            return False
        if "error" in message:
            logger.warning("the client does not take a question: %s", str(message["error"])[: MAX_ECHO * 2])
        asked.replied(message.get("result"))
        return True

    async def _handle(self, method: str, params: JsonValue, is_notification: bool) -> JsonObject | None:  # noqa: FBT001  (the SDK's signature)
        told: JsonObject = params if isinstance(params, dict) else {}
        try:
            if not is_notification:
                return await self._answer(method, told)
            await self._take(method, told)
        except SessionHeldError as error:
            raise RequestError(error.code, str(error), {META_HOLDER: device_object(error.holder)}) from None
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
