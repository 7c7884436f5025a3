"""Lets each claimed call run once on this device, however often it is asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from client.tools.journal import Entry, Journal, JournalError
from shared.frames import ToolCalled
from shared.ids import ClaimId
from shared.json_types import JsonObject

logger = logging.getLogger(__name__)


class Runs:
    """Runs belong to the device and not to a connection: one that breaks ends none of them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._under_way: dict[ClaimId, asyncio.Task[JsonObject]] = {}

    async def once(self, call: ToolCalled, run: Callable[[], Awaitable[JsonObject]]) -> JsonObject:
        """What the call's one run gives, gave before, or is giving now.

        A run that was begun and never ended, as by a crash, is not begun again: the dict says that it may have run.

        Raises:
            JournalError: if it cannot be noted that it runs; then it does not.
        """
        task = self._under_way.get(call.claim)
        if task is None:
            task = self._under_way[call.claim] = asyncio.create_task(self._run(call, run), name=f"run {call.name}")
            task.add_done_callback(lambda _: self._under_way.pop(call.claim, None))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End what still runs; it stays noted as begun."""
        under_way = list(self._under_way.values())
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)

    async def _run(self, call: ToolCalled, run: Callable[[], Awaitable[JsonObject]]) -> JsonObject:
        known = await asyncio.to_thread(self._journal.begin, call.claim, call.name)
        if known is not None:
            return _known(call, known)
        result = await run()
        try:
            await asyncio.to_thread(self._journal.finish, call.claim, result)
        except JournalError:
            # It ran, and whoever asked is told what it gave; only a repeat would be told less.
            logger.exception("the result of %s could not be kept", call.call_id)
        return result


def _known(call: ToolCalled, entry: Entry) -> JsonObject:
    logger.warning("the call %s of %s was asked for again; it was not run again", call.call_id, call.name)
    if entry.tool != call.name:
        return {"success": False, "error": f"This device noted another tool, {entry.tool}, under this call's claim."}
    if entry.result is None:
        error = f"{call.name} was begun on this device and it is not known how it ended. It may have run."
        return {"success": False, "error": error}
    return entry.result
