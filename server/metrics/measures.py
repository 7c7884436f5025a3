"""What is counted and timed in a server: said here by whoever knows, kept by whoever shows it.

OpenTelemetry takes longer to load than all that is needed to listen, so it comes later and gets what was said before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Protocol

Gauge = tuple[str, str, Callable[[], float]]
"""A name, what it means, and how to read it now."""


class Count(Enum):
    """What is counted: a name and what it means."""

    TURNS = ("turns", "Turns that ended, by how")
    TOOL_CALLS = ("tool_calls", "Tool calls that ended, by how")
    APPROVALS = ("approvals", "Approvals that were asked for, by what came of them")
    TOKENS = ("tokens", "Tokens used, by kind")

    def __init__(self, label: str, meaning: str) -> None:
        self.label = label
        self.meaning = meaning


class Timing(Enum):
    """What is timed, in seconds: a name and what it means."""

    TURN = ("turn.duration", "From a turn's start to its end, the person's thinking included")
    FIRST_WORD = ("turn.first_update", "From a turn's start to the agent's first update")
    APPROVAL = ("approval.duration", "From the question to its answer or end")
    BIND = ("context.bind", "From a turn's start until its context is bound")
    SESSION_AGE = ("session.age", "Of a conversation that leaves memory, since it came in")

    def __init__(self, label: str, meaning: str) -> None:
        self.label = label
        self.meaning = meaning


class Meter(Protocol):
    """Keeps what is said."""

    def count(self, what: Count, amount: int, labels: Mapping[str, str]) -> None:
        """Count ``amount`` more."""
        ...

    def time(self, what: Timing, seconds: float, labels: Mapping[str, str]) -> None:
        """One more took so long."""
        ...


class EarlyMeter:
    """Keeps the latest of what is said until there is a meter to tell."""

    def __init__(self, *, at_most: int = 10_000) -> None:
        self._counted: deque[tuple[Count, int, Mapping[str, str]]] = deque(maxlen=at_most)
        self._timed: deque[tuple[Timing, float, Mapping[str, str]]] = deque(maxlen=at_most)

    def count(self, what: Count, amount: int, labels: Mapping[str, str]) -> None:
        """Keep it."""
        self._counted.append((what, amount, labels))

    def time(self, what: Timing, seconds: float, labels: Mapping[str, str]) -> None:
        """Keep it."""
        self._timed.append((what, seconds, labels))

    def hand_over(self, meter: Meter) -> None:
        """Tell ``meter`` everything."""
        for counted in self._counted:
            meter.count(*counted)
        for timed in self._timed:
            meter.time(*timed)


class Measures:
    """One for each server. Labels are words of few kinds, never a person's or a session's name."""

    def __init__(self) -> None:
        self._early = EarlyMeter()
        self._meter: Meter = self._early

    def count(self, what: Count, amount: int = 1, **labels: str) -> None:
        """Count ``amount`` more."""
        self._meter.count(what, amount, labels)

    def time(self, what: Timing, seconds: float, **labels: str) -> None:
        """One more took so many seconds."""
        self._meter.time(what, seconds, labels)

    def connect(self, meter: Meter) -> None:
        """Tell ``meter`` from now on, and what was said before."""
        self._early.hand_over(meter)
        self._meter = meter
