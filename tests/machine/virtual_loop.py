"""An event loop whose time passes only when nothing else is to be done, and that stops where the test wants it."""

from __future__ import annotations

import asyncio
import selectors
from dataclasses import dataclass
from typing import Any

SOON = 1.5
"""What is due within so many seconds belongs to what is going on; longer delays are waited for on purpose."""
MANY_ROUNDS = 20_000
"""What needs more rounds of the loop than this will never be quiet."""


class NeverQuietError(Exception):
    """Something goes on without an end."""


@dataclass
class Clock:
    """One monotonic time for all loops, in seconds."""

    now: float = 1000.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """``clock`` jumps to the next timer. Nothing from outside is ever waited for."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.limit = clock.now
        self.rounds = 0
        self.total = 0
        super().__init__(_NoFiles(self))

    def time(self) -> float:
        """The clock's."""
        return self.clock.now

    def run_rounds(self, rounds: int) -> None:
        """Let the loop turn at most so many times: what is under way may stop anywhere."""
        self._run(rounds, SOON)

    def run_for(self, seconds: float = SOON) -> None:
        """Do all that is to be done in the next ``seconds``; then they are over.

        Raises:
            NeverQuietError: if that comes to no end.
        """
        until = self.clock.now + seconds
        self._run(MANY_ROUNDS, seconds)
        if self.rounds <= 0:
            raise NeverQuietError
        if seconds != SOON:
            self.clock.now = max(self.clock.now, until)

    def run_until(self, done: asyncio.Task[Any]) -> None:
        """Let the loop turn until ``done`` is, and not once more."""
        done.add_done_callback(lambda _: self.stop())
        self._run(MANY_ROUNDS, 60)
        assert done.done()
        done.result()

    def _run(self, rounds: int, seconds: float) -> None:
        self.rounds, self.limit = rounds, self.clock.now + seconds
        self.run_forever()

    def waited(self, timeout: float | None) -> None:
        """The loop has nothing to do for ``timeout`` seconds, ``None`` for ever."""
        self.rounds -= 1
        self.total += 1
        if timeout is None or self.clock.now + timeout > self.limit:
            self.stop()
            return
        self.clock.now += timeout
        if self.rounds <= 0:
            self.stop()


class _NoFiles(selectors.SelectSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        self._loop.waited(timeout)
        return []
