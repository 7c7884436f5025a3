"""What is waited for about each call until it is decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.core.verdict import Verdict
from shared.ids import ToolCallId

MAX_OPEN = 64
"""How many calls of one conversation may be open at once. What a person is asked about, they must be able to read."""


class Verdicts:
    """One for each open call at most; it holds those for which somebody waits."""

    def __init__(self) -> None:
        self._waiting: dict[ToolCallId, asyncio.Future[Verdict]] = {}

    @property
    def is_full(self) -> bool:
        """Whether as many are waited for as may be at once."""
        return len(self._waiting) >= MAX_OPEN

    def __contains__(self, call_id: ToolCallId) -> bool:
        return call_id in self._waiting

    async def about(self, call_id: ToolCallId, ask: Callable[[], None]) -> Verdict:
        """Have it asked for, and wait for what is decided."""
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = verdict
        try:
            ask()
            return await verdict
        finally:
            del self._waiting[call_id]

    def decide(self, call_id: ToolCallId, verdict: Verdict) -> None:
        """It is decided; nothing happens if nobody waits for it."""
        waiting = self._waiting.get(call_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(verdict)
