"""Stops a turn of ADK's: not before the results of the calls that ended are stored."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from google.adk.events.event import Event

LANDING_TIME = 0.05
"""How long a cancelled turn waits, in seconds, for the results of its ended calls to be stored."""


class Stop:
    """Passes ``abort`` on to ADK once the results of the ended calls are stored, or after :data:`LANDING_TIME`."""

    def __init__(self, abort: asyncio.Event) -> None:
        self.signal = asyncio.Event()
        self._abort = abort
        self._open: set[str] = set()
        self._landed = asyncio.Event()
        self._landed.set()

    def see(self, event: Event) -> None:
        """Notice which calls an event opens and which it ends."""
        if event.partial:
            return
        self._open.update(call.id for call in event.get_function_calls() if call.id)
        self._open.difference_update(answer.id for answer in event.get_function_responses() if answer.id)
        if self._open:
            self._landed.clear()
            return
        self._landed.set()
        if self._abort.is_set():
            self.signal.set()

    async def watch(self) -> None:
        """Wait for ``abort``, and pass it on."""
        await self._abort.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(LANDING_TIME):
                await self._landed.wait()
        self.signal.set()
