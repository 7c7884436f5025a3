"""Shared state for tools that are plain functions and run in threads: the same operations, without ``await``."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from server.state.shared_state import SharedState
from shared.errors import StateError
from shared.json_types import JsonObject, JsonValue

Result = TypeVar("Result")

TIME_LIMIT = 30.0
"""How long an operation may take before it is given up, in seconds."""
STOPPED = "The shared state cannot be reached any more: the server has stopped."


class SyncSharedState:
    """Each operation is done on the event loop of the turn while the calling thread waits.

    All raise ``StateError``: as the async ones do, if the time limit passes, and if called on the loop's own thread,
    where waiting would stop everything.
    """

    def __init__(self, state: SharedState, loop: asyncio.AbstractEventLoop, *, time_limit: float = TIME_LIMIT) -> None:
        """``time_limit`` is in seconds, for each operation."""
        self._state = state
        self._loop = loop
        self._time_limit = time_limit

    def upsert_state(self, key: str, data: JsonObject, *, ttl: float | None = None) -> bool:
        """Keep ``data`` under ``key`` in place of what was there; gone after ``ttl`` seconds, if given."""
        return self._done(self._state.upsert(key, data, ttl=ttl))

    def get_state(self, key: str) -> JsonObject | None:
        """What is kept under ``key``."""
        return self._done(self._state.get(key))

    def get_field(self, key: str, field: str) -> JsonValue:
        """One field of what is kept under ``key``; ``None`` if there is none."""
        return self._done(self._state.get_field(key, field))

    def update_field(self, key: str, field: str, value: JsonValue) -> bool:
        """Keep ``value`` in one field and leave the others as they are."""
        return self._done(self._state.update_field(key, field, value))

    def delete_field(self, key: str, field: str) -> int:
        """Take one field away; how many were there: 0 or 1."""
        return self._done(self._state.delete_field(key, field))

    def delete_state(self, key: str) -> int:
        """Take away what is kept under ``key``; how much was there: 0 or 1."""
        return self._done(self._state.delete(key))

    def state_exists(self, key: str) -> bool:
        """Whether something is kept under ``key``."""
        return self._done(self._state.exists(key))

    def list_states(self) -> list[str]:
        """The keys, sorted."""
        return self._done(self._state.list_states())

    def clear_all_states(self) -> int:
        """Take everything away; how many keys there were."""
        return self._done(self._state.clear_all_states())

    def _done(self, operation: Coroutine[Any, Any, Result]) -> Result:
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self._loop:
            operation.close()
            raise StateError("This would wait for itself: on the event loop, use `await self.ss.…` in `_arun` instead.")
        try:
            doing = asyncio.run_coroutine_threadsafe(operation, self._loop)
        except RuntimeError:
            operation.close()
            raise StateError(STOPPED) from None
        try:
            return doing.result(self._time_limit)
        except TimeoutError:
            doing.cancel()
            raise StateError(
                f"The shared state did not answer within {self._time_limit:g} seconds. "
                "A change may have been made or not."
            ) from None
        except CancelledError:
            raise StateError(STOPPED) from None
