"""The sockets that a server listens on: bound where nobody else listens, and taken away at the end."""

from __future__ import annotations

import errno
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.process.private_files import given_folder, owner_only
from shared.acp_names import PATH
from shared.errors import AddressInUseError, DataFolderError, StartError

BACKLOG = 128
"""How many connections may wait to be accepted."""
SEND_BUFFER = 2**18
"""How much the system keeps for a peer on TCP that has not taken it yet, in bytes; Linux doubles it."""


@dataclass(frozen=True, slots=True)
class SocketFile:
    """The file of a Unix socket that this server made."""

    path: Path
    inode: int

    def remove(self) -> None:
        """Take the file away, unless another server has put its own there meanwhile."""
        if self.path.exists() and self.path.stat().st_ino == self.inode:
            self.path.unlink()


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
    """A socket bound to an address of this machine; ``port`` 0 is any free one.

    Raises:
        AddressInUseError: if another program listens there.
        StartError: if the address cannot be listened on for another reason.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named in full: asyncio turns Nagle's delay off only where a socket says it is TCP; a turn takes 40 ms more else.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Every connection inherits it. Left to itself the system holds megabytes for a peer that does not read.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
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


def url_of(listening: socket.socket, *, is_encrypted: bool = False) -> str:
    """Where a client finds a bound socket: ``ws://…``, ``wss://…``, or ``ws+unix://PATH:/acp``, our own form."""
    name: Any = listening.getsockname()
    if listening.family == socket.AF_UNIX:
        return f"ws+unix://{name}:{PATH}"
    host, port = name[:2]
    scheme = "wss" if is_encrypted else "ws"
    return f"{scheme}://[{host}]:{port}{PATH}" if ":" in host else f"{scheme}://{host}:{port}{PATH}"


def file_of(listening: socket.socket) -> SocketFile | None:
    """The file of a bound Unix socket; ``None`` for one that has none."""
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
