"""A program in a terminal of its own: start it, type, wait for words on its screen, weigh it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ESCAPES = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_])")


@dataclass
class Terminal:
    """A running program and everything it wrote; ``started`` is when it was started, by the monotonic clock."""

    process: subprocess.Popen[bytes]
    master: int
    started: float
    written: bytearray = field(default_factory=bytearray)

    def wait_for(self, words: str, seconds: float = 30.0) -> float:
        """Seconds from the start until ``words`` were written, escape sequences left out."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if words.encode() in ESCAPES.sub(b"", bytes(self.written)):
                return time.monotonic() - self.started
            ready, _, _ = select.select([self.master], [], [], 0.005)
            if ready:
                with contextlib.suppress(OSError):
                    self.written += os.read(self.master, 65536)
        raise TimeoutError(f"{words!r} did not appear within {seconds} s; seen: {bytes(self.written[-2000:])!r}")

    def type(self, keys: str) -> None:
        """Send keys as the terminal would."""
        os.write(self.master, keys.encode())

    def settle(self, seconds: float) -> None:
        """Read what comes for ``seconds``."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if ready:
                with contextlib.suppress(OSError):
                    self.written += os.read(self.master, 65536)

    @property
    def rss_mib(self) -> float:
        """Resident memory of the program's own process in MiB."""
        return rss_mib(self.process.pid)


def rss_mib(pid: int) -> float:
    """Resident memory of a process in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


@contextlib.contextmanager
def terminal(
    command: Sequence[str], environment: dict[str, str], *, columns: int = 120, rows: int = 40
) -> Iterator[Terminal]:
    """``command`` in a terminal of that size; it is killed with its children at the end."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    started = time.monotonic()
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
    )  # fmt: skip
    os.close(slave)
    try:
        yield Terminal(process, master, started)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(master)
