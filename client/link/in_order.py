"""The order in which a connection tells its tab: what comes before the tab listens is told first."""

from __future__ import annotations

from collections.abc import Callable


class InOrder:
    """Keeps what comes too early."""

    def __init__(self) -> None:
        self._early: list[Callable[[], None]] | None = []

    def do(self, tell: Callable[[], None]) -> None:
        """Tell it, now or when somebody listens."""
        if self._early is None:
            tell()
        else:
            self._early.append(tell)

    def hold(self) -> None:
        """Nobody listens from now on."""
        if self._early is None:
            self._early = []

    def listen(self) -> None:
        """Tell what came so far, and from now on at once."""
        early, self._early = self._early or [], None
        for tell in early:
            tell()
