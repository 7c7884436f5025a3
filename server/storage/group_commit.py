"""Writes what many ask for in as few transactions as the database needs, in order, and as often as it takes.

Whoever puts something goes on at once. One writer takes all that waits, commits it in one transaction, and says so.
What is put without awaiting anything in between (a *stretch*) always is in one transaction, since the writer takes
what waits between two stretches.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.storage.outage import is_outage
from shared.errors import StorageError

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
"""How long after a vain attempt it is tried again, in seconds; doubled each time up to the longest."""

SHARED = 0.01
"""How long a job that may wait does so for others that share its commit, in seconds."""

TOLD_AT_ONCE = 8
"""Of how many jobs it is told in one round of the event loop that they are committed: a hundred tabs that all go on in
the same round would hold up everybody else for a quarter of a second."""

AWAY = "Nothing can be saved now, so what happens is shown late: the database is locked or full. It is tried again."
BACK = "The database can be written again, and all that waited is saved."
LOST = "The database failed. See that it runs and has room, then try again."
CLOSED = "The server stops, and this could not be saved any more."

Job = TypeVar("Job")


@dataclass(frozen=True, slots=True)
class Waiting(Generic[Job]):
    """A job, its future and how that is resolved, and the stretch that it was put in."""

    job: Job
    future: asyncio.Future[bool] | asyncio.Future[None]
    resolve: Callable[[bool], None]
    stretch: object


class GroupCommit(Generic[Job]):
    """``write`` commits jobs in one transaction, and gives for each whether it did anything.

    ``notice`` is told one sentence when the database cannot be written, and one when it can be again.
    """

    def __init__(self, write: Callable[[list[Job]], Awaitable[list[bool]]], notice: Callable[[str], None]) -> None:
        self._write = write
        self._notice = notice
        self._waiting: list[Waiting[Job]] = []
        self._taken: list[Waiting[Job]] = []
        self._writer: asyncio.Task[None] | None = None
        self._round: object = None
        self._hurry = asyncio.Event()
        self._committed_at = -SHARED
        self._is_away = False
        self._is_closed = False

    def decide(self, job: Job) -> asyncio.Future[bool]:
        """Have ``job`` committed. The future of whether it did anything; cancelled in time, it is left out.

        The future ends in ``StorageError`` if the database refused what was put in this stretch.
        """
        self._hurry.set()
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._put(job, future, future.set_result)
        return future

    def keep(self, job: Job, *, may_wait: bool = False) -> asyncio.Future[None]:
        """As :meth:`decide`, for a job that always does something; one that ``may_wait`` shares its commit with others.

        It waits for at most :data:`SHARED` since the commit before, and not for that either if another job comes.
        """
        if not may_wait:
            self._hurry.set()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put(job, future, lambda _: future.set_result(None))
        return future

    async def settled(self) -> None:
        """Wait until all that was put until now is written or refused."""
        self._hurry.set()
        futures = {one.future for one in (*self._taken, *self._waiting)}
        if futures:
            await asyncio.wait(futures)

    async def close(self, within: float) -> None:
        """Write what waits, for at most ``within`` seconds; the rest, and what is put from now on, is refused."""
        self._is_closed = True
        self._hurry.set()
        writer = self._writer
        if writer is not None:
            await asyncio.wait({writer}, timeout=within)
            writer.cancel()
            await asyncio.wait({writer})
        for left in (*self._taken, *self._waiting):
            _fail(left, CLOSED)

    # --- putting ------------------------------------------------------------------------------------------

    def _put(
        self, job: Job, future: asyncio.Future[bool] | asyncio.Future[None], resolve: Callable[[bool], None]
    ) -> None:
        waiting = Waiting(job, future, resolve, (self._this_round(), asyncio.current_task()))
        if self._is_closed:
            _fail(waiting, CLOSED)
            return
        self._waiting.append(waiting)
        if self._writer is None:
            # In a context of its own: it is nobody's turn.
            self._writer = asyncio.create_task(self._write_all(), name="ledger", context=contextvars.Context())

    def _this_round(self) -> object:
        # A task runs once in a round of the event loop: round and task together are its stretch.
        if self._round is None:
            self._round = object()
            asyncio.get_running_loop().call_soon(self._end_round)
        return self._round

    def _end_round(self) -> None:
        self._round = None

    # --- writing ------------------------------------------------------------------------------------------

    async def _write_all(self) -> None:
        try:
            clock = asyncio.get_running_loop().time
            while self._waiting:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(self._committed_at + SHARED):
                        await self._hurry.wait()
                self._hurry.clear()
                self._taken, self._waiting = self._waiting, []
                await self._commit(self._taken)
                self._taken, self._committed_at = [], clock()
        finally:
            self._writer = None

    async def _commit(self, batch: list[Waiting[Job]]) -> None:
        pause = FIRST_PAUSE
        while batch := [one for one in batch if not one.future.done()]:
            try:
                done = await self._write([one.job for one in batch])
            except Exception as error:  # noqa: BLE001  (told to whom it concerns; the others are written)
                if not is_outage(error):
                    await self._commit_apart(batch, error)
                    return
                self._lose(error)
            else:
                self._recover()
                await _tell(batch, done)
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _commit_apart(self, batch: list[Waiting[Job]], error: Exception) -> None:
        # One stretch is guilty; the others shall not suffer for it.
        stretches: dict[object, list[Waiting[Job]]] = {}
        for one in batch:
            stretches.setdefault(one.stretch, []).append(one)
        if len(stretches) == 1:
            logger.error("the database refused what was to be written", exc_info=error)
            for one in batch:
                _fail(one, LOST, error)
            return
        for stretch in stretches.values():
            await self._commit(stretch)

    def _lose(self, error: Exception) -> None:
        if not self._is_away:
            self._is_away = True
            logger.warning("the database cannot be written: %s", error)
            self._notice(AWAY)

    def _recover(self) -> None:
        if self._is_away:
            self._is_away = False
            logger.warning("the database can be written again")
            self._notice(BACK)


async def _tell(batch: list[Waiting[Job]], done: list[bool]) -> None:
    left = deque(zip(batch, done, strict=True))
    try:
        while left:
            for _ in range(min(TOLD_AT_ONCE, len(left))):
                _resolve(*left.popleft())
            # Those who were told go on first.
            await asyncio.sleep(0)
    finally:
        for one, has_done in left:
            _resolve(one, has_done)


def _resolve(one: Waiting[Job], has_done: bool) -> None:  # noqa: FBT001  (a result, as it comes)
    if not one.future.done():
        one.resolve(has_done)


def _fail(waiting: Waiting[Job], sentence: str, cause: Exception | None = None) -> None:
    if not waiting.future.done():
        error = StorageError(sentence)
        error.__cause__ = cause
        waiting.future.set_exception(error)
