"""How fast somebody may go on: at a steady pace for long, and with some haste now and then."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Pace:
    """``per_second`` steps for long; as many as ``at_once`` may come without a pause.

    A bucket that fills at that pace: each step takes one, and one that finds it empty waits.
    """

    per_second: float
    at_once: float
    _left: float = field(init=False)
    _at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """The bucket is full at first."""
        self._left = self.at_once

    def step(self, now: float, weight: float = 1.0) -> float:
        """Take a step at ``now``, in seconds of a clock that never jumps: how long it must wait before it counts.

        One that is more work than others has a ``weight`` above 1.
        """
        self._left = min(self.at_once, self._left + max(0.0, now - self._at) * self.per_second) - weight
        self._at = now
        return max(0.0, -self._left / self.per_second)
