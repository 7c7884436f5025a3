"""The two clocks the screen reads, in one place so that a test can hold them still."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


def _local_time() -> datetime:
    return datetime.now().astimezone()


@dataclass(frozen=True, slots=True)
class Clocks:
    """``monotonic`` gives seconds that only grow; ``wall`` the time of day where the person is."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], datetime] = _local_time
