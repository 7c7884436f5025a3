"""The clock that nobody can set: seconds of the machine's boot, the same for all of its programs."""

from __future__ import annotations

import functools
import time
import uuid
from pathlib import Path

from server.core.deadline import Moment

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def now() -> Moment:
    """The present moment. Where the system does not name its boots, each program counts as a boot of its own."""
    return Moment(_boot(), time.monotonic())


@functools.cache
def _boot() -> str:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return str(uuid.uuid4())
