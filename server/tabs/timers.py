"""Timers by name: begun again, one takes the place of the one before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """Each calls back once, unless it is ended before."""

    def __init__(self) -> None:
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def begin(self, name: str, seconds: float, due: Callable[[], None]) -> None:
        """Call ``due`` in so many seconds; at once if that is over."""
        self.end(name)
        self._handles[name] = asyncio.get_running_loop().call_later(max(0.0, seconds), self._fire, name, due)

    def end(self, name: str) -> None:
        """Do not call any more; without such a timer nothing changes."""
        handle = self._handles.pop(name, None)
        if handle is not None:
            handle.cancel()

    def end_all(self) -> None:
        """None calls any more."""
        for name in list(self._handles):
            self.end(name)

    def _fire(self, name: str, due: Callable[[], None]) -> None:
        del self._handles[name]
        due()
