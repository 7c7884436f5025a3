"""Shared state in memory, gone with the process: for tests, and the floor in benchmarks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from server.core.identity import Identity
from server.state.store import NOTHING, TRACE_KEPT, Stored


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept under one key, and when that was written."""

    stored: Stored
    changed_at: float


class MemoryState:
    """Satisfies ``server.state.store.StateStore``."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._kept: dict[Identity, dict[str, Row]] = {}

    async def read(self, owner: Identity, key: str) -> Stored:
        """What is kept under ``key``."""
        row = self._kept.get(owner, {}).get(key)
        return NOTHING if row is None else self._alive(row.stored)

    async def swap(
        self, owner: Identity, key: str, found: Stored, document: str | None, expires_at: float | None = None
    ) -> bool:
        """Keep ``document`` if ``found`` is still what is there."""
        mine = self._kept.setdefault(owner, {})
        version = mine[key].stored.version if key in mine else NOTHING.version
        if version != found.version:
            return False
        mine[key] = Row(Stored(document, version + 1, expires_at), self._now())
        return True

    async def keys(self, owner: Identity) -> list[str]:
        """The keys that something is kept under."""
        mine = self._kept.get(owner, {})
        return [key for key, row in mine.items() if self._alive(row.stored).document is not None]

    async def clear(self, owner: Identity) -> list[str]:
        """Delete everything of one person."""
        cleared = await self.keys(owner)
        mine = self._kept.get(owner, {})
        for key in cleared:
            mine[key] = Row(Stored(None, mine[key].stored.version + 1), self._now())
        return cleared

    async def purge(self) -> int:
        """Take away the traces of what was deleted, or past its time, long ago."""
        long_ago = self._now() - TRACE_KEPT
        gone = [
            (mine, key)
            for mine in self._kept.values()
            for key, row in mine.items()
            if row.changed_at < long_ago and _is_over(row.stored, long_ago)
        ]
        for mine, key in gone:
            del mine[key]
        return len(gone)

    def _alive(self, stored: Stored) -> Stored:
        return Stored(None, stored.version) if _is_past(stored, self._now()) else stored


def _is_over(stored: Stored, long_ago: float) -> bool:
    return stored.document is None or _is_past(stored, long_ago)


def _is_past(stored: Stored, now: float) -> bool:
    return stored.expires_at is not None and stored.expires_at <= now
