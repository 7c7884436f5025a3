"""Lets each claimed call run once on this device, however often it is asked for."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable

from client.tools.journal import Entry, Journal, JournalError, JournalId
from shared.frames import ToolCalled
from shared.ids import ClaimId
from shared.json_types import JsonObject

logger = logging.getLogger(__name__)


class Runs:
    """Runs belong to the device and not to a connection: one that breaks ends none of them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._under_way: dict[ClaimId, asyncio.Task[JsonObject]] = {}
        self._noting: set[asyncio.Task[None]] = set()
        self._without_journal = JournalId(uuid.uuid4().hex)

    async def journal_id(self) -> JournalId:
        """The id of the journal as it is now; while it cannot be opened, one of this program's that no journal has."""
        try:
            return await asyncio.to_thread(self._journal.read_id)
        except JournalError as error:
            logger.warning("this device is announced without its journal: %s", error)
            return self._without_journal

    async def once(
        self, call: ToolCalled, run: Callable[[], Awaitable[JsonObject]], journal_id: JournalId
    ) -> JsonObject:
        """What the call's one run gives, gave before, or is giving now.

        ``journal_id`` is the journal that the call was claimed for: in no other one is it known whether it ran.
        A run that was begun and never ended, as by a crash, is not begun again: the dict says that it may have run.

        Raises:
            JournalReplacedError: if there is another journal now; then it does not run.
            JournalError: if it cannot be noted that it runs; then it does not.
        """
        task = self._under_way.get(call.claim)
        if task is None:
            task = self._under_way[call.claim] = asyncio.create_task(
                self._run(call, run, journal_id), name=f"run {call.name}"
            )
            task.add_done_callback(lambda _: self._under_way.pop(call.claim, None))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End what still runs; it stays noted as begun. What a run has given is noted to its end."""
        under_way = list(self._under_way.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await asyncio.gather(*self._noting)

    async def _run(
        self, call: ToolCalled, run: Callable[[], Awaitable[JsonObject]], journal_id: JournalId
    ) -> JsonObject:
        known = await asyncio.to_thread(self._journal.begin, call.claim, call.name, journal_id)
        if known is not None:
            return _known(call, known)
        result = await run()
        noting = asyncio.create_task(self._note(call, result), name=f"note what {call.name} gave")
        self._noting.add(noting)
        noting.add_done_callback(self._noting.discard)
        # Whoever ends the run from here on ends only the waiting: it ran, and a repeat must be told what it gave.
        await asyncio.shield(noting)
        return result

    async def _note(self, call: ToolCalled, result: JsonObject) -> None:
        try:
            await asyncio.to_thread(self._journal.finish, call.claim, result)
        except JournalError:
            # Whoever asked is told what it gave; only a repeat would be told less.
            logger.exception("the result of %s could not be kept", call.call_id)


def _known(call: ToolCalled, entry: Entry) -> JsonObject:
    logger.warning("the call %s of %s was asked for again; it was not run again", call.call_id, call.name)
    if entry.tool != call.name:
        return {"success": False, "error": f"This device noted another tool, {entry.tool}, under this call's claim."}
    if entry.result is None:
        error = f"{call.name} was begun on this device and it is not known how it ended. It may have run."
        return {"success": False, "error": error}
    return entry.result
