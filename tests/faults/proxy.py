"""A proxy between clients and a server that does on command what networks do: delay, stall, cut, reset, refuse.

::

    client ── 127.0.0.1:port ── Line ── tcp or unix ── server
                     TO_SERVER ─►  ◄─ TO_CLIENT
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from enum import Enum, auto
from pathlib import Path

CHUNK = 2**16
CONNECTING = 5.0
AT_ONCE = struct.pack("ii", 1, 0)
"""``SO_LINGER`` with no time to linger: closing sends RST."""

Target = tuple[str, int] | Path


class Direction(Enum):
    """Which way bytes go."""

    TO_SERVER = auto()
    TO_CLIENT = auto()


Names = tuple[bytes, bytes]
"""The proxy's name and the server's: a server answers under its own one only."""
BOTH = tuple(Direction)


class _Pipe:
    """One direction of a line. What it read just before a stall it keeps and passes on afterwards."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self.target = source, target
        self.flows = asyncio.Event()
        self.flows.set()
        self.delay = 0.0
        self.left: int | None = None
        self.passed = 0
        self.names: Names | None = None

    async def pump(self) -> None:
        """Pass on until the source ends (then say so to the target) or nothing more may pass."""
        loop = asyncio.get_running_loop()
        while self.left != 0:
            await self.flows.wait()
            chunk = await loop.sock_recv(self.source, CHUNK)
            if self.names is not None:
                chunk, self.names = chunk.replace(*self.names, 1), None
            await self.flows.wait()
            if self.delay:
                await asyncio.sleep(self.delay)
                await self.flows.wait()
            if not chunk:
                self.target.shutdown(socket.SHUT_WR)
                return
            chunk = chunk if self.left is None else chunk[: self.left]
            await loop.sock_sendall(self.target, chunk)
            self.passed += len(chunk)
            if self.left is not None:
                self.left -= len(chunk)


class Line:
    """One connection through the proxy. Commands are for both directions unless they name one."""

    def __init__(self, client: socket.socket, server: socket.socket, names: Names) -> None:
        self._sockets = (client, server)
        self._pipes = {Direction.TO_SERVER: _Pipe(client, server), Direction.TO_CLIENT: _Pipe(server, client)}
        self._pipes[Direction.TO_SERVER].names = names
        self._over = 0
        self._pumps = {asyncio.create_task(self._pump(pipe)) for pipe in self._pipes.values()}

    @property
    def is_open(self) -> bool:
        """Whether the proxy still holds its sockets."""
        return self._sockets[0].fileno() >= 0

    def passed(self, direction: Direction) -> int:
        """How many bytes were passed on."""
        return self._pipes[direction].passed

    def stall(self, *directions: Direction) -> None:
        """Read and pass on nothing more, and keep the sockets open: a half-open peer."""
        for pipe in self._in(directions):
            pipe.flows.clear()

    def pass_on(self, *directions: Direction) -> None:
        """Go on after a stall, without delay."""
        for pipe in self._in(directions):
            pipe.delay = 0.0
            pipe.flows.set()

    def delay(self, seconds: float, *directions: Direction) -> None:
        """Let each piece wait before it is passed on."""
        for pipe in self._in(directions):
            pipe.delay = seconds

    def cut(self, after: int, *directions: Direction) -> None:
        """Pass on ``after`` more bytes, then close both sockets: in the middle of a frame, if so few are left of it."""
        if after == 0:
            self.close()
        for pipe in self._in(directions):
            pipe.left = after

    def reset(self) -> None:
        """Let both ends see RST."""
        if self.is_open:
            for end in self._sockets:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.close()

    def close(self) -> None:
        """Close both sockets."""
        for pump in self._pumps:
            pump.cancel()
        for end in self._sockets:
            if end.fileno() >= 0:
                # Now, and not when the pumps see that they are cancelled: a new socket may have the number by then.
                asyncio.get_running_loop().remove_reader(end)
                asyncio.get_running_loop().remove_writer(end)
            end.close()

    async def ended(self) -> None:
        """Wait until nothing of it runs."""
        await asyncio.wait(self._pumps)

    async def _pump(self, pipe: _Pipe) -> None:
        try:
            await pipe.pump()
        except OSError:
            # One end is gone: so is the line. But during a stall the other one is not to know.
            await pipe.flows.wait()
            self.close()
            return
        self._over += 1
        if pipe.left == 0 or self._over == len(self._pipes):
            self.close()

    def _in(self, directions: Iterable[Direction]) -> list[_Pipe]:
        return [self._pipes[direction] for direction in tuple(directions) or BOTH]


class Proxy:
    """Listens on 127.0.0.1 for a server elsewhere. ``lines`` are all connections through it, oldest first."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._listening: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self.lines: list[Line] = []
        self.port = 0

    @property
    def url(self) -> str:
        """Where a tab finds the server through this proxy."""
        return f"ws://127.0.0.1:{self.port}/acp"

    def accept(self) -> None:
        """Take connections, after :meth:`refuse` on the same port again."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        listening.listen()
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        self._listening = listening
        self._accepting = asyncio.create_task(self._take_all(listening))

    async def refuse(self) -> None:
        """Let new connections be refused; those that are there go on."""
        if self._accepting is not None and self._listening is not None:
            self._accepting.cancel()
            await asyncio.wait({self._accepting})
            self._listening.close()

    async def close(self) -> None:
        """Refuse new connections and close all lines."""
        await self.refuse()
        for line in self.lines:
            line.close()
        for line in self.lines:
            await line.ended()

    async def _take_all(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(listening)
            try:
                server = await self._connect()
            except OSError:
                client.close()
                continue
            own = f"127.0.0.1:{self.port}".encode()
            self.lines.append(Line(client, server, (b"Host: " + own, b"Host: " + self._name())))

    async def _connect(self) -> socket.socket:
        is_unix = isinstance(self._target, Path)
        server = socket.socket(socket.AF_UNIX if is_unix else socket.AF_INET, socket.SOCK_STREAM)
        server.setblocking(False)
        address = str(self._target) if isinstance(self._target, Path) else self._target
        try:
            async with asyncio.timeout(CONNECTING):
                await asyncio.get_running_loop().sock_connect(server, address)
        except OSError:
            server.close()
            raise
        return server

    def _name(self) -> bytes:
        return b"localhost" if isinstance(self._target, Path) else f"{self._target[0]}:{self._target[1]}".encode()


@asynccontextmanager
async def proxy_to(target: Target) -> AsyncIterator[Proxy]:
    """A proxy in front of ``target``: a host and port, or the path of a Unix socket."""
    proxy = Proxy(target)
    proxy.accept()
    try:
        yield proxy
    finally:
        await proxy.close()


def behind(url: str) -> Target:
    """The target of a server's own ``ws://HOST:PORT/…`` or ``ws+unix://PATH:/…``."""
    scheme, _, rest = url.partition("://")
    address, _, _ = rest.rpartition("/")
    if scheme == "ws+unix":
        return Path(address.removesuffix(":"))
    host, _, port = address.rpartition(":")
    return host, int(port)
