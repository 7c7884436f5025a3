"""How the conversations of a server came and went since it started."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class SessionCounts:
    """New ones, those found in memory, woken from storage, put to sleep, left with their connection; and resets."""

    opened: int = 0
    reused: int = 0
    reloaded: int = 0
    cleaned: int = 0
    left: int = 0
    reset: int = 0
