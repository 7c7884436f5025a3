"""Lets work that was begun come to its end although whoever asked for it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class Unbroken:
    """Owns the tasks of such work until they end."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()

    async def finish(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of ``work``, done in a task of its own; cancelling the caller does not cancel it."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def ended(self, within: float) -> None:
        """Wait until all that is under way now has ended, for at most ``within`` seconds."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=within)
