"""Lets the server have as many open files and sockets as the system allows it."""

from __future__ import annotations

import contextlib
import resource

ENOUGH = 8_192
"""More than a server on one processor can serve; each takes memory before it is known whose it is."""


def allow_many() -> None:
    """Raise the process's own limit as far as it may go, and no further than :data:`ENOUGH`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < most:
        # Some systems allow less than they say; what was allowed before is still so.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
