"""Redis in front of the database that keeps the shared state; implements ``server.state.store.StateStore``.

The database decides and keeps; Redis only answers reads sooner. So nothing is lost with it::

    read    Redis, else the database, whose answer goes to Redis
    swap    the database, then Redis; if it is unknown what the database did, Redis is told to forget
    clear   the database, then Redis forgets the person
    away    all goes to the database
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
import time
import uuid
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

from server.core.identity import Identity
from server.core.redis_address import redis_address
from server.core.state_values import escape
from server.state.store import StateStore, Stored
from server.storage.redis_away import RedisAwayError
from server.storage.redis_entries import FILL, LIFE, PUT, READ, entry_of, floor_at
from server.storage.redis_presence import AT_LEISURE, Pace, RedisPresence
from server.unbroken import Unbroken
from shared.errors import StartError

if TYPE_CHECKING:
    from server.storage.redis_process import RedisProcess

LAST_WRITES = 5.0
"""How long writes that were begun may take when the store is closed, in seconds."""


async def open_redis_state(url: str, inner: StateStore, notice: Callable[[str], None]) -> RedisState:
    """A store with Redis in front of ``inner``. It is there at once, and Redis used as soon as that answers.

    ``notice`` is told one sentence whenever Redis is away, and one when it is back.

    Raises:
        UsageError: if ``url`` is no address of a Redis.
        StartError: if the package for Redis is not installed.
    """
    address = redis_address(url)
    if importlib.util.find_spec("redis") is None:
        raise StartError("To use Redis, install Ringback with it: pip install 'ringback[redis]'.")
    # Loaded late: only now it is sure that the package is there.
    room = await asyncio.to_thread(importlib.import_module, "server.storage.redis_process")
    return RedisState(inner, lambda: cast("RedisProcess", room.RedisProcess(address)), notice)


class RedisState:
    """To be closed at the end. Made on the event loop that it is used on."""

    def __init__(
        self,
        inner: StateStore,
        connect: Callable[[], RedisProcess],
        notice: Callable[[str], None],
        *,
        now: Callable[[], float] = time.time,
        pace: Pace = AT_LEISURE,
    ) -> None:
        """``connect`` makes what talks to Redis, and opens nothing yet. ``now`` gives seconds since 1970 in UTC."""
        self._inner = inner
        self._now = now
        self._presence = RedisPresence(inner, connect, notice, pace)
        self._writing = Unbroken()

    async def settled(self) -> None:
        """Wait until it is known for the first time whether Redis is there."""
        await self._presence.settled.wait()

    async def close(self) -> None:
        """Let what is being written come to its end, and close all connections. ``inner`` stays open."""
        await self._writing.ended(LAST_WRITES)
        await self._presence.close()

    # --- the port -----------------------------------------------------------------------------------------

    async def read(self, owner: Identity, key: str) -> Stored:
        """What is kept under ``key``."""
        process = self._presence.process
        if process is None:
            return await self._inner.read(owner, key)
        person, field = self._presence.names.person(owner), escape(key)
        try:
            names = self._presence.names
            told = await process.run(READ, (names.generation, person), uuid.uuid4().hex, field, LIFE)
            token, known = process.understood(told)
        except RedisAwayError:
            return await self._inner.read(owner, key)
        if known is not None:
            return self._alive(known)
        found = await self._inner.read(owner, key)
        with contextlib.suppress(RedisAwayError):
            await process.run(FILL, (person,), token, field, entry_of(found))
        return found

    async def swap(
        self, owner: Identity, key: str, found: Stored, document: str | None, expires_at: float | None = None
    ) -> bool:
        """Keep ``document`` if ``found`` is still what is there: the database decides."""
        wanted = Stored(document, found.version + 1, expires_at)
        # Cancelled between the database and Redis, it would leave something old in Redis.
        return await self._writing.finish(self._swap(owner, key, found, wanted))

    async def keys(self, owner: Identity) -> list[str]:
        """The keys that something is kept under."""
        return await self._inner.keys(owner)

    async def clear(self, owner: Identity) -> list[str]:
        """Delete everything of one person."""
        return await self._writing.finish(self._clear(owner))

    async def purge(self) -> int:
        """Take away the traces of what was deleted, or past its time, long ago. What is in Redis goes by itself."""
        return await self._inner.purge()

    # --- writing ------------------------------------------------------------------------------------------

    async def _swap(self, owner: Identity, key: str, found: Stored, wanted: Stored) -> bool:
        entry = floor_at(wanted.version)
        try:
            is_done = await self._inner.swap(owner, key, found, wanted.document, wanted.expires_at)
            if is_done:
                entry = entry_of(wanted)
        finally:
            # If it was not done, somebody else wrote; and if it failed, nobody knows.
            await self._say(lambda process: process.run(PUT, (self._presence.names.person(owner),), escape(key), entry))
        return is_done

    async def _clear(self, owner: Identity) -> list[str]:
        try:
            return await self._inner.clear(owner)
        finally:
            await self._say(lambda process: process.command("DEL", self._presence.names.person(owner)))

    async def _say(self, what: Callable[[RedisProcess], Coroutine[Any, Any, object]]) -> None:
        process = self._presence.process
        if process is None:
            self._presence.missed += 1
            return
        # Where this fails, the process is lost, and a new generation begins before there is another one.
        with contextlib.suppress(RedisAwayError):
            await what(process)

    def _alive(self, stored: Stored) -> Stored:
        is_over = stored.expires_at is not None and stored.expires_at <= self._now()
        return Stored(None, stored.version) if is_over else stored
