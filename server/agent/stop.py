"""Stops a turn of ADK's: not before the results of the calls that ended are stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from google.adk.events.event import Event

LANDING_TIME = 0.05
"""How long a cancelled turn waits, in seconds, for the results of its ended calls to be stored."""
TAKING_UP_TIME = 2.0
"""The same for a turn that was cancelled before it goes on: ADK must read it first, and ask for its calls again."""


class Stop:
    """Passes ``abort`` on to ADK once the results of the ended calls are stored, or after the time for that."""

    def __init__(self, abort: asyncio.Event, stored: Iterable[Event] = ()) -> None:
        """``stored`` are the events of the turn before it goes on."""
        self.signal = asyncio.Event()
        self._abort = abort
        self._open: set[str] = set()
        self._landed = asyncio.Event()
        self._landed.set()
        for event in stored:
            self._follow(event)

    def see(self, event: Event) -> None:
        """Notice which calls an event opens and which it ends."""
        if event.partial:
            return
        self._follow(event)
        if self._landed.is_set() and self._abort.is_set():
            self.signal.set()

    async def watch(self) -> None:
        """Wait for ``abort``, and pass it on."""
        within = TAKING_UP_TIME if self._abort.is_set() else LANDING_TIME
        await self._abort.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._landed.wait()
        self.signal.set()

    def _follow(self, event: Event) -> None:
        self._open.update(call.id for call in event.get_function_calls() if call.id)
        self._open.difference_update(answer.id for answer in event.get_function_responses() if answer.id)
        if self._open:
            self._landed.clear()
        else:
            self._landed.set()
