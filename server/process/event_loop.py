"""Runs the server's event loop, and leaves it without waiting for what does not end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

LAST_WORD = 1.0
"""How long tasks that are left at the end may take to be cancelled, in seconds."""


def run(main: Coroutine[None, None, None]) -> None:
    """Run ``main`` to its end. What tools left running then is cancelled and not waited for much longer.

    ``asyncio.run`` would wait for it without a limit: for tasks that take no cancelling, and for the threads of
    ``asyncio.to_thread``. For the same reason the loop is not closed; the process is expected to end.
    """
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=LAST_WORD))
