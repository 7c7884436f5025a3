"""Runs one command as a process of its own, and lets nothing of it outlive its end, its time, or the program.

A script that imports nothing of Ringback: ``python -I -S command_keeper.py SECONDS COMMAND``. Its standard input is one
end of a socket pair: once the other end is shut or gone, however that came, the command is ended. There it says, in a
line of JSON each, ``{"group": 123}``, the command's process group, and when all is over ``{"why": "over", "code": 0,
"left": 0}``: ``why`` is ``over``, ``time``, ``stopped`` or ``failed``, and ``left`` is how many processes the command
had left in the background.

On Linux it adopts what the command leaves behind, so that a child in a session of its own is found as well. Elsewhere
it reaches the command's process group, and what left that on purpose is beyond it. So is, everywhere, a command that
kills this process: of that, the process group is ended by whoever began it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

GENTLE_SECONDS = 2.0
"""How long what is to end may take to end by itself."""
FORCED_SECONDS = 5.0
"""How long it is killed over and over: what the system holds back cannot be killed at all."""
SUBREAPER = 36
IS_LINUX = sys.platform.startswith("linux")


def main() -> int:
    """Run it and say how it ended."""
    order = socket.socket(fileno=os.dup(0))
    keeper = Keeper(order)
    keeper.say(keeper.keep(float(sys.argv[1]), os.fsencode(sys.argv[2])))
    return 0


class Keeper:
    """``order`` is where the order to end comes from, as its end of file."""

    def __init__(self, order: socket.socket) -> None:
        self._order = order
        self._child = 0
        self._code: int | None = None
        self._awake, wake = socket.socketpair()
        for end in (self._awake, wake):
            end.setblocking(False)
        self._wake = wake
        signal.signal(signal.SIGCHLD, _nothing)
        signal.signal(signal.SIGTERM, _nothing)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)

    def say(self, what: dict[str, object]) -> None:
        """One line to whoever began this; nothing if that one is gone."""
        with contextlib.suppress(OSError):
            self._order.sendall(json.dumps(what).encode() + b"\n")

    def keep(self, seconds: float, command: bytes) -> dict[str, object]:
        """Run ``command`` for at most ``seconds``; what became of it."""
        if IS_LINUX:
            ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
        try:
            child = subprocess.Popen(  # noqa: S603  (running what the person allowed is what this is for)
                [b"/bin/sh", b"-c", command], stdin=subprocess.DEVNULL, start_new_session=True
            )
        except OSError as error:
            return {"why": "failed", "error": error.strerror or str(error)}
        self._child, child.returncode = child.pid, 0  # it is waited for here, together with what it leaves
        self.say({"group": child.pid})
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        why = self._wait(time.monotonic() + seconds)
        left = len(self._living())
        self._end_all()
        return {"why": why, "code": self._code, "left": left}

    def _wait(self, until: float) -> str:
        while True:
            self._reap()
            if self._code is not None:
                return "over"
            left = until - time.monotonic()
            if left <= 0:
                return "time"
            ready, _, _ = select.select([self._order, self._awake], [], [], left)
            if self._order in ready:
                return "stopped"
            if self._awake in ready and signal.SIGTERM in self._awake.recv(4096):
                return "stopped"

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._child:
                self._code = os.waitstatus_to_exitcode(status)

    def _end_all(self) -> None:
        self._signal(signal.SIGTERM)
        self._until_gone(GENTLE_SECONDS, None)
        self._until_gone(FORCED_SECONDS, signal.SIGKILL)

    def _until_gone(self, seconds: float, force: signal.Signals | None) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._reap()
            if not self._living():
                return
            if force is not None:
                self._signal(force)
            time.sleep(0.01)

    def _signal(self, which: signal.Signals) -> None:
        for pid in self._living():
            try:
                os.kill(pid, which)
            except OSError:
                continue  # gone meanwhile, or another user's by now

    def _living(self) -> list[int]:
        if IS_LINUX:
            return _descendants(os.getpid())
        try:
            os.killpg(self._child, 0)
        except OSError:
            return []
        return [-self._child]


def _descendants(ancestor: int) -> list[int]:
    """The living processes that come from ``ancestor``, nearest first."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208  (a path for each process would take far longer)
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_bytes()
            except OSError:
                continue
            state, parent = stat[stat.rindex(b")") + 2 :].split(None, 2)[:2]
            if state not in {b"Z", b"X"}:
                parents.setdefault(int(parent), []).append(int(entry))
    found, following = [], [ancestor]
    while following:
        following = [child for parent in following for child in parents.get(parent, ())]
        found += following
    return found


def _nothing(_number: int, _frame: object) -> None:
    """Only so that the signal wakes what waits."""


if __name__ == "__main__":
    sys.exit(main())
