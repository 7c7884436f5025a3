"""Listens on a Unix socket or a TCP port, and lets in whom the door admits."""

from __future__ import annotations

import asyncio
import functools
import http
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.protocol import State

from server.core.identity import Admission, Identity, Scope
from server.gateway.authenticator import Authenticator, enter
from server.gateway.door import DoorConfig, Handshake, Refusal
from server.gateway.sockets import BACKLOG, SocketFile, file_of
from server.log import say
from shared.acp_names import HEADER_CONNECTION_ID, METRICS_PATH
from shared.ids import ConnectionSignature

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 200
MAX_FRAME = 2**20
"""Longest message in bytes; a longer one closes its own connection with 1009."""
MAX_FRAMES_WAITING = 16
PING_EVERY = 5.0
PING_TIMEOUT = 5.0
OPEN_TIMEOUT = 10.0
CLOSE_TIMEOUT = 2.0
INTERNAL_ERROR = 1011
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What Prometheus calls its text format."""


class Line(ServerConnection):
    """One WebSocket, with what the door granted to who is behind it."""

    admission: Admission

    @property
    def identity(self) -> Identity:
        """The person that the connection speaks for, unless it names another."""
        return self.admission.identity

    @property
    def signature(self) -> ConnectionSignature:
        """The UUID v4 made when the socket was accepted."""
        return ConnectionSignature(str(self.id))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the WebSocket; one that is closed already stays so."""
        try:
            await super().close(code, reason)
        except AttributeError:
            # asyncio's transport fails so when the library aborts one that closed while it still had bytes to send.
            if self.state is not State.CLOSED:
                raise

    async def drain(self) -> None:
        """Wait until the peer has taken enough; one that takes nothing in time loses the connection.

        The library's pings wait here too, before their own time begins: without a limit they would wait for ever.
        """
        async with asyncio.timeout(PING_TIMEOUT):
            await super().drain()


Talk = Callable[[Line], Awaitable[None]]
Metrics = Callable[[], Awaitable[str]]


class Listener:
    """The open socket of this server and the connections on it.

    ``talk`` serves one connection to its end; ``metrics`` gives the counters, for those who may read them.
    """

    def __init__(self, talk: Talk, metrics: Metrics, *, max_connections: int = MAX_CONNECTIONS) -> None:
        self._talk = talk
        self._metrics = metrics
        self._max_connections = max_connections
        self._admitted: set[Line] = set()
        self._server: Server | None = None
        self._socket_file: SocketFile | None = None

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._admitted)

    async def listen(self, listening: socket.socket, door: DoorConfig, authenticator: Authenticator) -> None:
        """Let in, on a bound socket, whom ``door`` admits once ``authenticator`` knows the credential."""
        self._socket_file = file_of(listening)
        self._server = await serve(
            self._serve_line,
            sock=listening,
            backlog=BACKLOG,
            create_connection=Line,
            process_request=functools.partial(self._admit, door, authenticator),
            process_response=self._sign,
            server_header=None,
            compression=None,
            max_size=MAX_FRAME,
            max_queue=MAX_FRAMES_WAITING,
            ping_interval=PING_EVERY,
            ping_timeout=PING_TIMEOUT,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
        )

    def stop_accepting(self) -> None:
        """Take no further connection; the open ones go on."""
        if self._server is not None:
            self._server.server.close()
        if self._socket_file is not None:
            self._socket_file.remove()
            self._socket_file = None

    async def close(self) -> None:
        """Close every connection with 1001 and wait until they are gone."""
        self.stop_accepting()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _admit(
        self, door: DoorConfig, authenticator: Authenticator, connection: ServerConnection, request: Request
    ) -> Response | None:
        line = cast("Line", connection)
        try:
            verdict = await enter(Handshake(request.path, tuple(request.headers.raw_items())), door, authenticator)
        except Exception:
            # The library answers 500; it would log this where nobody sees it.
            logger.exception("a bug in the door")
            raise
        if not isinstance(verdict, Refusal) and request.path == METRICS_PATH:
            return await self._counters(line, verdict)
        # From here on without a pause: nobody may slip in between the count and the entry.
        if not isinstance(verdict, Refusal) and len(self._admitted) >= self._max_connections:
            reason = f"All {self._max_connections} connections of this server are taken. Close one and try again."
            verdict = Refusal(http.HTTPStatus.SERVICE_UNAVAILABLE, reason)
        if isinstance(verdict, Refusal):
            return _refused(line, verdict)
        line.admission = verdict
        self._admitted.add(line)
        line.connection_lost_waiter.add_done_callback(lambda _: self._admitted.discard(line))
        return None

    async def _counters(self, line: Line, admission: Admission) -> Response:
        if Scope.METRICS not in admission.scopes:
            reason = "This credential may not read the counters: it lacks the scope metrics."
            return _refused(line, Refusal(http.HTTPStatus.FORBIDDEN, reason))
        response = line.respond(http.HTTPStatus.OK, await self._metrics())
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = METRICS_TYPE
        return response

    def _sign(self, connection: ServerConnection, _request: Request, response: Response) -> None:
        if response.status_code == http.HTTPStatus.SWITCHING_PROTOCOLS:
            response.headers[HEADER_CONNECTION_ID] = cast("Line", connection).signature

    async def _serve_line(self, connection: ServerConnection) -> None:
        line = cast("Line", connection)
        who, credential = line.identity, line.admission.credential
        say(
            logger,
            "connection_accepted",
            client_identifier=line.signature,
            tenant=who.tenant,
            user=who.user_id,
            credential=credential,
        )
        try:
            await self._talk(line)
        except Exception:
            logger.exception("a bug ended the connection %s", line.signature)
            await line.close(INTERNAL_ERROR)
        finally:
            say(logger, "connection_ended", client_identifier=line.signature)


def _refused(line: Line, refusal: Refusal) -> Response:
    say(logger, "connection_refused", status=refusal.status.value, reason=refusal.reason)
    response = line.respond(refusal.status, f"{refusal.reason}\n")
    if refusal.status is http.HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
