"""Finds the local server of a data folder, or starts it.

The server is a process of its own: it has its own session, so a closed terminal does not reach it, and its output
goes to a log file, so it cannot draw on the screen. It leaves by itself when nobody needs it; nothing here stops it
once it is ready. A lock on the data folder decides which of several servers started at once stays.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from client.link.endpoint import UNIX_SCHEME, Endpoint
from client.settings import ClientSettings, child_environment
from client.token_file import read_token
from shared.acp_names import PATH
from shared.errors import ServerDidNotStartError
from shared.folders import socket_path, token_file

logger = logging.getLogger(__name__)

START_TIMEOUT = 20.0
HELD_TIMEOUT = 10.0
HELD_PAUSE = 0.1
HELD_LOOKS = 10
SERVER_COMMAND = (sys.executable, "-P", "-m", "server")
"""``-P``: a folder named ``server`` where the person happens to be must not be taken for ours."""


class ReadyLine(msgspec.Struct, frozen=True):
    """The one line a starting server prints: it is ready, another holds the data folder, or it failed."""

    event: Literal["ready", "held", "failed"]
    url: str = ""
    token_file: str = ""
    pid: int = 0
    message: str = ""
    exit_code: int = 1


@dataclass(frozen=True, slots=True)
class LocalServer:
    """How to find and start the server of one data folder.

    ``command`` starts it, without options. ``start_timeout`` bounds the wait for its line, ``held_timeout`` the wait
    for a server that another client starts at the same moment; both in seconds.
    """

    socket: Path
    data_dir: Path
    log_file: Path
    model: str | None = None
    command: Sequence[str] = SERVER_COMMAND
    start_timeout: float = START_TIMEOUT
    held_timeout: float = HELD_TIMEOUT

    async def find_or_start(self) -> Endpoint:
        """The endpoint of a server that answers.

        Raises:
            ServerDidNotStartError: if none answers and none could be started; the sentence says why.
        """
        give_up = None
        while not await self._is_answered():
            line = await self._start()
            match line.event:
                case "ready":
                    return await self._at(line.url, Path(line.token_file))
                case "failed":
                    raise ServerDidNotStartError(line.message)
                case "held":
                    # It comes up, started by another client; or it is on its way out, and then ours can start.
                    now = asyncio.get_running_loop().time()
                    give_up = give_up or now + self.held_timeout
                    if now > give_up:
                        raise self._unreachable(line.pid)
                    await self._wait_a_little()
        return await self._at(f"{UNIX_SCHEME}{self.socket}:{PATH}", token_file(self.data_dir))

    async def _is_answered(self) -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(self.socket)
        except OSError:
            return False
        writer.close()
        return True

    async def _start(self) -> ReadyLine:
        arguments = [*self.command, "--embedded", "--socket", str(self.socket), "--data-dir", str(self.data_dir)]
        if self.model is not None:
            arguments += ["--model", self.model]
        process = await asyncio.to_thread(_spawn, arguments, self.log_file)
        try:
            async with asyncio.timeout(self.start_timeout):
                text = await _first_line(process)
            line = msgspec.json.decode(text, type=ReadyLine)
        except TimeoutError:
            process.terminate()
            raise ServerDidNotStartError(
                f"The local server stayed silent for {self.start_timeout:g} seconds and was stopped. "
                f"What it wrote is in {self.log_file}."
            ) from None
        except msgspec.MsgspecError as error:
            process.terminate()
            raise ServerDidNotStartError(
                f"The local server ended before it was ready. What it wrote is in {self.log_file}."
            ) from error
        except asyncio.CancelledError:
            # Nobody waits for it any more. It has no client, so it leaves by itself after its grace.
            logger.info("gave up waiting for the server, process %s", process.pid)
            raise
        finally:
            # Something must wait for a child, or it stays a zombie when it ends long before this program does.
            threading.Thread(target=process.wait, name="server-reaper", daemon=True).start()
        return line

    async def _wait_a_little(self) -> None:
        for _ in range(HELD_LOOKS):
            if await self._is_answered():
                return
            await asyncio.sleep(HELD_PAUSE)

    def _unreachable(self, pid: int) -> ServerDidNotStartError:
        holder = f"process {pid}" if pid else "another process"
        return ServerDidNotStartError(
            f"Another server ({holder}) uses {self.data_dir} but does not answer at {self.socket}. "
            "Stop it, or name its address with --connect."
        )

    async def _at(self, url: str, file: Path) -> Endpoint:
        return Endpoint(url, await asyncio.to_thread(read_token, file))


class ServerFinder:
    """Finds the server that the settings speak of, for all tabs of this program: one search at a time."""

    def __init__(self, settings: ClientSettings) -> None:
        self._connect = settings.connect
        self._local = local_server(settings)
        self._searching = asyncio.Lock()

    async def find(self) -> Endpoint:
        """The server named with ``--connect``, or the local one, started if need be.

        Raises:
            ServerDidNotStartError: if there is no local server and none could be started.
        """
        if self._connect is not None:
            return self._connect
        async with self._searching:
            return await self._local.find_or_start()


def local_server(settings: ClientSettings) -> LocalServer:
    """The local server that these settings speak of."""
    return LocalServer(
        socket=socket_path(settings.folders.runtime, settings.data_dir),
        data_dir=settings.data_dir,
        log_file=settings.folders.state / "server-start.log",
        model=settings.model,
    )


def _spawn(arguments: Sequence[str], log_file: Path) -> subprocess.Popen[bytes]:
    try:
        log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            return subprocess.Popen(  # noqa: S603  (our own program, no shell)
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env=child_environment(),
            )
        finally:
            os.close(log)
    except OSError as error:
        raise ServerDidNotStartError(
            f"The local server cannot be started with its log in {log_file}: {error.strerror or error}."
        ) from error


async def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    # A pipe of the event loop's, not a thread: a thread that waits for a silent server could not be stopped.
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), process.stdout)
    try:
        return await reader.readline()
    finally:
        transport.close()
