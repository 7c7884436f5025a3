"""How long to wait before connecting again: longer each time, and never the same for two tabs."""

from __future__ import annotations

from collections.abc import Callable
from random import random

FIRST = 0.1
LONGEST = 5.0
_DOUBLINGS = 16


def delay(attempt: int, chance: Callable[[], float] = random) -> float:
    """Seconds to wait before the ``attempt``-th try, from 1. ``chance`` gives numbers from 0 up to 1.

    The first tries after ``FIRST``, each further one after twice as long up to ``LONGEST``, less up to half of it:
    many tabs that lost one server must not come back at one moment.
    """
    whole = min(LONGEST, FIRST * (1 << min(attempt - 1, _DOUBLINGS)))
    return whole * (1 - chance() / 2)
