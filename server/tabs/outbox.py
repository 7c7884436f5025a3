"""What waits to be sent to one tab: put without waiting, sent in order by one task."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from shared.errors import LinkLostError, StorageError

logger = logging.getLogger(__name__)

Delivery = Callable[[], Awaitable[None]]


class Outbox:
    """Deliveries are made one after the other; one that finds the tab gone is dropped."""

    def __init__(self, *, room_for: int = 256) -> None:
        """``room_for`` is how many deliveries may wait before :meth:`room` makes its caller wait."""
        self._room_for = room_for
        self._waiting: deque[Delivery] = deque()
        self._sender: asyncio.Task[None] | None = None
        self._is_closed = False
        self._roomy = asyncio.Event()
        self._roomy.set()

    @property
    def is_empty(self) -> bool:
        """Whether everything put so far is delivered or dropped."""
        return self._sender is None

    @property
    def waiting(self) -> int:
        """How many deliveries wait behind the one under way."""
        return len(self._waiting)

    def put(self, delivery: Delivery) -> None:
        """Have ``delivery`` made after all that were put before; not if it is closed."""
        if self._is_closed:
            return
        self._waiting.append(delivery)
        if len(self._waiting) >= self._room_for:
            self._roomy.clear()
        if self._sender is None:
            self._sender = asyncio.create_task(self._send_all())

    def close(self) -> None:
        """Drop what waits, and what is put from now on."""
        self._is_closed = True
        self._waiting.clear()
        self._roomy.set()

    async def room(self, give_up: asyncio.Event) -> None:
        """Wait while the tab reads too slowly for what is already put, or until ``give_up`` is set."""
        if self._roomy.is_set():
            return
        waits = {asyncio.create_task(event.wait()) for event in (self._roomy, give_up)}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def flush(self, within: float | None = None) -> None:
        """Wait until everything put so far is delivered or dropped, at most ``within`` seconds."""
        if self._sender is not None:
            await asyncio.wait({self._sender}, timeout=within)

    async def made(self) -> None:
        """Wait until what was put so far is made or dropped, and not for what is put meanwhile."""
        if self._is_closed:
            return
        made = asyncio.Event()

        async def note() -> None:
            made.set()

        self.put(note)
        await made.wait()

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                await self._make(self._waiting.popleft())
                if len(self._waiting) < self._room_for // 2:
                    self._roomy.set()
        finally:
            # A task that is kept keeps the context that it began in, and with it a turn that is long over.
            self._sender = None

    async def _make(self, delivery: Delivery) -> None:
        try:
            await delivery()
        except LinkLostError:
            logger.debug("a delivery had no tab to go to")
        except StorageError as error:
            logger.warning("what could not be stored is not told: %s", error)
        except Exception:
            logger.exception("a bug lost a delivery; the next ones are made")
