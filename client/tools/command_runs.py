"""The commands that run for one tab: each has a keeper process, and all of them can be ended at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from client.core.kept_output import KeptOutput
from client.tools import command_keeper
from client.tools.command_output import output_to
from client.tools.failure import ToolFailedError

MOST_STDOUT, MOST_STDERR = 192 * 1024, 64 * 1024
"""How much of each is kept, in bytes: 256 KiB in all."""
PIECE = 64 * 1024
ENDING_SECONDS = command_keeper.GENTLE_SECONDS + command_keeper.FORCED_SECONDS + 1.0
"""How long the keeper may take to end everything."""
LAST_WORDS_SECONDS = 1.0
"""How long is read on once all is ended: what got away from the keeper may hold the output open."""
_LEAST_SIGNAL = 128


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended. ``exit_code`` is the shell's; ``ended_for`` is why it was ended from outside, if it was."""

    exit_code: int | None
    ended_for: str | None
    stdout: str
    stderr: str
    is_cut: bool
    left: int
    seconds: float


class CommandRuns:
    """``environment`` gives the variables that a command is to see, ``umask`` is what it runs under."""

    def __init__(self, environment: Callable[[], dict[str, str]] = dict, umask: int = 0o077) -> None:
        self._environment = environment
        self._umask = umask
        self._orders: dict[socket.socket, str | None] = {}

    def stop(self, why: str) -> None:
        """End all that run, with all their children; ``why`` is a sentence."""
        for order, known in list(self._orders.items()):
            if known is None:
                self._orders[order] = why
                _hang_up(order)

    async def run(self, command: str, folder: Path, seconds: int) -> Finished:
        """Run ``command`` in ``folder`` for at most ``seconds``. If this is cancelled, the command is ended first.

        Raises:
            ToolFailedError: if it cannot be begun.
        """
        order, theirs = socket.socketpair()
        order.setblocking(False)
        self._orders[order] = None
        began = time.monotonic()
        stdout, stderr = KeptOutput(MOST_STDOUT), KeptOutput(MOST_STDERR)
        try:
            async with output_to(stdout) as out, output_to(stderr) as err:
                with theirs:
                    keeper = await self._begin(command, folder, seconds, (theirs.fileno(), out.end, err.end))
                try:
                    said = await _said(order, seconds + ENDING_SECONDS)
                    await out.rest(LAST_WORDS_SECONDS)
                    await err.rest(LAST_WORDS_SECONDS)
                finally:
                    _hang_up(order)
                    await _see_gone(keeper)
            why = self._orders[order] or _why(said, seconds)
        finally:
            del self._orders[order]
            order.close()
        code, left = said.get("code"), said.get("left")
        return Finished(
            _LEAST_SIGNAL - code if isinstance(code, int) and code < 0 else code if isinstance(code, int) else None,
            why,
            stdout.text(),
            stderr.text(),
            stdout.is_cut or stderr.is_cut,
            left if isinstance(left, int) else 0,
            round(time.monotonic() - began, 2),
        )

    async def _begin(
        self, command: str, folder: Path, seconds: int, ends: tuple[int, int, int]
    ) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", command_keeper.__file__, str(seconds), command.encode(),
                cwd=folder, env=self._environment(), start_new_session=True, umask=self._umask,
                stdin=ends[0], stdout=ends[1], stderr=ends[2],
            )  # fmt: skip
        except OSError as error:
            raise ToolFailedError(f"The command cannot be begun: {error.strerror or error}.") from error
        except ValueError as error:
            raise ToolFailedError("A command cannot contain a NUL character or half a character.") from error


async def _said(order: socket.socket, seconds: float) -> dict[str, object]:
    """All that the keeper says; if it goes without a last word, its command is ended from here."""
    said = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(seconds):
            while piece := await asyncio.get_running_loop().sock_recv(order, PIECE):
                said += piece
    told: dict[str, object] = {}
    for line in said.splitlines():
        told |= _parsed(line)
    group = told.get("group")
    if "why" not in told and isinstance(group, int):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    return told


async def _see_gone(keeper: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(ENDING_SECONDS):
            await keeper.wait()
    except TimeoutError:
        keeper.kill()


def _parsed(said: bytes) -> dict[str, object]:
    try:
        told = json.loads(said)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _why(said: dict[str, object], seconds: int) -> str | None:
    match said.get("why"):
        case "over":
            return None
        case "time":
            return f"Its time was over: it was ended after {seconds} seconds, with everything it had begun."
        case "failed":
            return f"The command could not be begun: {said.get('error')}."
        case _:
            return "The process that watched over the command was ended, so how the command ended is not known."


def _hang_up(order: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is over already
        order.shutdown(socket.SHUT_WR)
