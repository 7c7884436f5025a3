"""Listens on a Unix socket or a TCP port, and lets in whom the door admits."""

from __future__ import annotations

import asyncio
import functools
import http
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from server.core.identity import Admission, Identity, Scope
from server.gateway.authenticator import Authenticator, enter
from server.gateway.door import Address, Counts, DoorConfig, Handshake, Refusal
from server.gateway.line import PING_TIMEOUT, Line
from server.gateway.sockets import BACKLOG, SocketFile, file_of, url_of
from server.gateway.watchman import keep_watch
from server.log import say
from shared.acp_names import HEADER_CONNECTION_ID, METRICS_PATH

logger = logging.getLogger(__name__)

MAX_ENTERING = 512
"""How many peers may be heard that have not said yet what they want; one more, and one of them is cut off."""
TLS_TIMEOUT = 3.0
"""How long a peer may take to agree on how to encrypt, in seconds: until then it costs the most."""
MAX_FRAME = 2**20
"""Longest message in bytes; a longer one closes its own connection with 1009."""
MAX_FRAMES_WAITING = 16
PING_EVERY = 5.0
OPEN_TIMEOUT = 10.0
CLOSE_TIMEOUT = 2.0
INTERNAL_ERROR = 1011
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What Prometheus calls its text format."""


Talk = Callable[[Line], Awaitable[None]]
Metrics = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Entrance:
    """A bound socket, whom its door lets in, who knows the credentials, and what to encrypt with, if anything."""

    listening: socket.socket
    door: DoorConfig
    authenticator: Authenticator
    encryption: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return url_of(self.listening, is_encrypted=self.encryption is not None)


class Listener:
    """The open socket of this server and the connections on it.

    ``talk`` serves one connection to its end; ``metrics`` gives the counters, for those who may read them.
    """

    def __init__(self, talk: Talk, metrics: Metrics) -> None:
        self._talk = talk
        self._metrics = metrics
        self._entering: dict[Line, Address | None] = {}
        self._admitted: set[Line] = set()
        self._of_one: Counter[Identity] = Counter()
        self._server: Server | None = None
        self._watch: asyncio.Task[None] | None = None
        self._socket_file: SocketFile | None = None

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._admitted)

    async def listen(self, entrance: Entrance) -> None:
        """Let in whom the entrance's door admits, until :meth:`close`."""
        self._socket_file = file_of(entrance.listening)
        watch = keep_watch(lambda: self._admitted, entrance.authenticator)
        self._watch = asyncio.create_task(watch, name="watchman")
        encrypting: dict[str, Any] = (
            {} if entrance.encryption is None else {"ssl": entrance.encryption, "ssl_handshake_timeout": TLS_TIMEOUT}
        )
        self._server = await serve(
            self._serve_line,
            sock=entrance.listening,
            backlog=BACKLOG,
            create_connection=cast("type[ServerConnection]", self._line),
            process_request=functools.partial(self._admit, entrance),
            process_response=self._sign,
            server_header=None,
            compression=None,
            max_size=MAX_FRAME,
            max_queue=MAX_FRAMES_WAITING,
            ping_interval=PING_EVERY,
            ping_timeout=PING_TIMEOUT,
            open_timeout=OPEN_TIMEOUT,
            **encrypting,
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
        if self._watch is not None:
            self._watch.cancel()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _admit(self, entrance: Entrance, connection: ServerConnection, request: Request) -> Response | None:
        line = cast("Line", connection)
        # It has said what it wants: nobody cuts it off in favour of another any more.
        self._entering.pop(line, None)
        handshake = Handshake(request.path, tuple(request.headers.raw_items()), line.address)
        try:
            entered = await enter(handshake, entrance.door, entrance.authenticator, self._counts)
        except Exception:
            # The library answers 500; it would log this where nobody sees it.
            logger.exception("a bug in the door")
            raise
        # From here on without a pause: nobody may slip in between the count and the entry.
        if isinstance(entered, Refusal):
            return _refused(line, entered)
        if request.path == METRICS_PATH:
            return await self._counters(line, entered.admission)
        line.entered = entered
        self._admitted.add(line)
        self._of_one[line.identity] += 1
        line.connection_lost_waiter.add_done_callback(lambda _: self._left(line))
        return None

    def _line(self, *args: Any, **kwargs: Any) -> Line:  # noqa: ANN401  (the library's)
        line = Line(*args, **kwargs)
        line.on_made = self._came
        return line

    def _came(self, line: Line) -> None:
        self._entering[line] = line.address
        line.connection_lost_waiter.add_done_callback(lambda _: self._entering.pop(line, None))
        if len(self._entering) > MAX_ENTERING:
            # The one that has stood there longest, of those from where the most come; who is honest comes again.
            greediest, _ = Counter(self._entering.values()).most_common(1)[0]
            slowest = next(line for line, address in self._entering.items() if address == greediest)
            del self._entering[slowest]
            slowest.cut()

    def _counts(self, who: Identity) -> Counts:
        return Counts(len(self._admitted), self._of_one[who])

    def _left(self, line: Line) -> None:
        self._admitted.discard(line)
        self._of_one[line.identity] -= 1
        if not self._of_one[line.identity]:
            del self._of_one[line.identity]

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
            address=str(line.address or "this machine"),
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
