"""When something ends, told by a clock that nobody can set: the monotonic one, which all programs of a boot share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """Now: ``at`` in seconds of the monotonic clock of the machine's boot ``boot``."""

    boot: str
    at: float


@dataclass(frozen=True, slots=True)
class Deadline:
    """Ends ``lasts`` seconds after ``since``."""

    since: Moment
    lasts: float

    def remaining(self, now: Moment) -> float:
        """Seconds left, 0 or less when it is over. After a restart of the machine, the whole time: none ran."""
        return self.lasts - (now.at - self.since.at) if now.boot == self.since.boot else self.lasts
