"""The real tables and statements on a SQLite in memory: each transaction takes the virtual time that it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from server.storage.tables import METADATA


class Shim:
    """An ``AsyncConnection`` to the storage's code."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    async def run_sync(self, work: Callable[[sa.Connection], Any]) -> Any:
        return work(self._connection)

    async def execute(self, *args: Any) -> Any:
        return self._connection.execute(*args)


class QuickEngine:
    """An ``AsyncEngine`` to the storage's code. Committed is what a whole block did; nothing else outlives a crash.

    ``delay`` gives how long the next step takes, in seconds; ``committed`` is called right after each commit.
    """

    def __init__(self, database: sa.Engine, delay: Callable[[], float], committed: Callable[[], None]) -> None:
        self._database = database
        self._delay = delay
        self._committed = committed
        self.dialect = database.dialect
        self.is_dead = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Shim]:
        await self._pause()
        with self._database.begin() as connection:
            yield Shim(connection)
        self._committed()
        # Committed, and nobody knows it yet.
        await self._pause()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Shim]:
        await self._pause()
        with self._database.connect() as connection:
            yield Shim(connection)

    async def _pause(self) -> None:
        await asyncio.sleep(self._delay())
        if self.is_dead:
            raise asyncio.CancelledError


@cache
def _database() -> sa.Engine:
    return sa.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})


def empty_database() -> sa.Engine:
    """A database with our tables and nothing in them: the same for each who asks, one after the other."""
    database = _database()
    with database.begin() as connection:
        METADATA.create_all(connection)
        for table in reversed(METADATA.sorted_tables):
            connection.execute(sa.delete(table))
    return database
