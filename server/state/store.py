"""The port to where shared state is kept: a few steps, out of which all operations are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from server.core.identity import Identity


@dataclass(frozen=True, slots=True)
class Stored:
    """What is kept under one key. ``document`` is JSON; ``version`` grows with each change and is never used twice.

    ``document`` is ``None`` where something was and is no more: deleted, or past its time.
    """

    document: str | None
    version: int
    expires_at: float | None = None


NOTHING = Stored(None, 0)
"""What is found under a key that never was there."""

TRACE_KEPT = 86_400.0
"""How long the trace of something deleted is kept, in seconds: longer than anybody else may remember its version."""


class StateStore(Protocol):
    """Times are seconds since 1970 in UTC. Every method raises ``StateError`` if the store failed."""

    async def read(self, owner: Identity, key: str) -> Stored:
        """What is kept under ``key``; ``NOTHING`` if nothing ever was."""
        ...

    async def swap(
        self, owner: Identity, key: str, found: Stored, document: str | None, expires_at: float | None = None
    ) -> bool:
        """Keep ``document`` if ``found`` is still what is there; ``None`` deletes. Whether it was done.

        The version is then the one after ``found.version``.
        """
        ...

    async def keys(self, owner: Identity) -> list[str]:
        """The keys that something is kept under, in any order."""
        ...

    async def clear(self, owner: Identity) -> list[str]:
        """Delete everything of one person; the keys that something was kept under."""
        ...

    async def purge(self) -> int:
        """Take away the traces of what was deleted, or past its time, long ago; how many rows."""
        ...
