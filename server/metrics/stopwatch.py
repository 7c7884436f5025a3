"""Times one turn, from its start to its end."""

from __future__ import annotations

import time

from server.metrics.measures import Count, Measures, Timing
from shared.frames import Problem


class Stopwatch:
    """Started when it is made."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures
        self._begun = time.perf_counter()
        self._has_spoken = False

    def bound(self) -> None:
        """The turn's context is bound."""
        self._measures.time(Timing.BIND, time.perf_counter() - self._begun)

    def spoken(self) -> None:
        """The agent gave an update; only the first one is timed."""
        if not self._has_spoken:
            self._has_spoken = True
            self._measures.time(Timing.FIRST_WORD, time.perf_counter() - self._begun)

    def over(self, problem: Problem | None, *, is_cancelled: bool) -> None:
        """The turn ended."""
        outcome = "cancelled" if is_cancelled else "end_turn" if problem is None else "failed"
        self._measures.count(Count.TURNS, outcome=outcome)
        self._measures.time(Timing.TURN, time.perf_counter() - self._begun)
