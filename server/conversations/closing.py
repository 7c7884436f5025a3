"""Brings many conversations to their end at once, within a time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def each_within(seconds: float, works: Iterable[Coroutine[Any, Any, None]]) -> int:
    """Do all of them at once; how many were not done in time. Those are cancelled."""
    tasks = {asyncio.create_task(work) for work in works}
    if not tasks:
        return 0
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    return len(late)
