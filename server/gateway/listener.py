"""Listens on a Unix socket or a TCP port, and lets in whom the door admits."""

from __future__ import annotations

import errno
import functools
import http
import logging
import socket
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.protocol import State

from server.context import Identity
from server.gateway.door import DoorConfig, Handshake, Refusal, admit
from server.log import say
from server.private_files import given_folder, owner_only
from shared.acp_names import HEADER_CONNECTION_ID, PATH
from shared.errors import AddressInUseError, DataFolderError, StartError
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
BACKLOG = 128


class Line(ServerConnection):
    """One WebSocket, with who is behind it."""

    identity: Identity

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


Talk = Callable[[Line], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SocketFile:
    """The file of a Unix socket that this server made."""

    path: Path
    inode: int

    def remove(self) -> None:
        """Take the file away, unless another server has put its own there meanwhile."""
        if self.path.exists() and self.path.stat().st_ino == self.inode:
            self.path.unlink()


class Listener:
    """The open socket of this server and the connections on it. ``talk`` serves one connection to its end."""

    def __init__(self, talk: Talk, *, max_connections: int = MAX_CONNECTIONS) -> None:
        self._talk = talk
        self._max_connections = max_connections
        self._admitted: set[Line] = set()
        self._server: Server | None = None
        self._socket_file: SocketFile | None = None

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._admitted)

    async def listen(self, listening: socket.socket, door: DoorConfig) -> None:
        """Let in, on a bound socket, whom ``door`` admits."""
        self._socket_file = _file_of(listening)
        self._server = await serve(
            self._serve_line,
            sock=listening,
            backlog=BACKLOG,
            create_connection=Line,
            process_request=functools.partial(self._admit, door),
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

    def _admit(self, door: DoorConfig, connection: ServerConnection, request: Request) -> Response | None:
        line = cast("Line", connection)
        verdict = admit(Handshake(request.path, tuple(request.headers.raw_items())), door)
        if not isinstance(verdict, Refusal) and len(self._admitted) >= self._max_connections:
            reason = f"All {self._max_connections} connections of this server are taken. Close one and try again."
            verdict = Refusal(http.HTTPStatus.SERVICE_UNAVAILABLE, reason)
        if isinstance(verdict, Refusal):
            say(logger, "connection_refused", status=verdict.status.value, reason=verdict.reason)
            response = line.respond(verdict.status, f"{verdict.reason}\n")
            if verdict.status is http.HTTPStatus.UNAUTHORIZED:
                response.headers["WWW-Authenticate"] = "Bearer"
            return response
        line.identity = verdict
        self._admitted.add(line)
        line.connection_lost_waiter.add_done_callback(lambda _: self._admitted.discard(line))
        return None

    def _sign(self, connection: ServerConnection, _request: Request, response: Response) -> None:
        if response.status_code == http.HTTPStatus.SWITCHING_PROTOCOLS:
            response.headers[HEADER_CONNECTION_ID] = cast("Line", connection).signature

    async def _serve_line(self, connection: ServerConnection) -> None:
        line = cast("Line", connection)
        who = line.identity
        say(logger, "connection_accepted", client_identifier=line.signature, tenant=who.tenant, user=who.user_id)
        try:
            await self._talk(line)
        except Exception:
            logger.exception("a bug ended the connection %s", line.signature)
            await line.close(INTERNAL_ERROR)
        finally:
            say(logger, "connection_ended", client_identifier=line.signature)


def bind_unix(path: Path) -> socket.socket:
    """A socket bound to ``path`` (0600, in a folder that is made 0700); a dead server's socket is taken away first.

    Raises:
        AddressInUseError: if somebody answers there, or something other than a socket is there.
        DataFolderError: if the folder cannot be made or written.
    """
    given_folder(path.parent)
    _remove_stale(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with owner_only():
            bound.bind(bytes(path))
        path.chmod(0o600)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressInUseError(f"Another server just began to listen on {path}.") from error
        raise DataFolderError(f"The socket {path} cannot be made: {error.strerror}.") from error
    bound.setblocking(False)
    return bound


def bind_tcp(host: str, port: int) -> socket.socket:
    """A socket bound to a loopback address; ``port`` 0 is any free one.

    Raises:
        AddressInUseError: if another program listens there.
        StartError: if the address cannot be listened on for another reason.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named in full: asyncio turns Nagle's delay off only where a socket says it is TCP; a turn takes 40 ms more else.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            reason = f"Another program listens on port {port} of {host} already. Choose another with --port."
            raise AddressInUseError(reason) from error
        raise StartError(f"Port {port} of {host} cannot be opened: {error.strerror}.") from error
    bound.setblocking(False)
    return bound


def url_of(listening: socket.socket) -> str:
    """Where a client finds a bound socket: ``ws://…``, or ``ws+unix://PATH:/acp``, our own form."""
    name: Any = listening.getsockname()
    if listening.family == socket.AF_UNIX:
        return f"ws+unix://{name}:{PATH}"
    host, port = name[:2]
    return f"ws://[{host}]:{port}{PATH}" if ":" in host else f"ws://{host}:{port}{PATH}"


def _file_of(listening: socket.socket) -> SocketFile | None:
    if listening.family != socket.AF_UNIX:
        return None
    path = Path(listening.getsockname())
    return SocketFile(path, path.stat().st_ino)


def _remove_stale(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise DataFolderError(f"The socket {path} cannot be made: {error.strerror}.") from error
    if not stat.S_ISSOCK(found.st_mode):
        raise AddressInUseError(f"{path} is there already and is no socket. Move it away or choose another --socket.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.settimeout(1.0)
        try:
            knock.connect(bytes(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except FileNotFoundError:
            return
        except OSError:
            # Too busy to answer at once is still alive.
            pass
    raise AddressInUseError(f"Another server listens on {path} already. Stop it or choose another --socket.")
