"""Planted bugs in how a server keeps what happens and goes on with it; each is put in by its name."""

from __future__ import annotations

import asyncio
import importlib
import time
import uuid
from collections.abc import Callable
from typing import Any

from tests.plants import granted, misled, open_door


def acknowledge_before_commit() -> None:
    """A message and its updates are told as soon as they are put; they are written a little later."""
    ledger = importlib.import_module("server.storage.ledger").SqlLedger
    honest = ledger.put_update

    def put_update(self: Any, *args: Any) -> asyncio.Future[None]:
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        told.set_result(None)
        asyncio.get_running_loop().call_later(0.2, honest, self, *args)
        return told

    ledger.put_update = put_update


def run_for_each_answer() -> None:
    """Each answer that allows a call has it run, whoever it comes from and whatever was answered before."""
    asking = importlib.import_module("server.tabs.asking").Asking
    frames = importlib.import_module("shared.frames")
    honest = asking._answered
    answered_before: set[str] = set()
    running: set[asyncio.Task[Any]] = set()

    def answered(self: Any, seat: Any, call: Any, asked_at: float, answer: Any) -> None:
        if answer is not None and answer.choice is not None and answer.choice.allows:
            if call.call_id in answered_before:
                claim = str(uuid.uuid4())
                again = frames.ToolCalled(self._session_id, call.call_id, call.name, call.arguments, claim)
                running.add(asyncio.ensure_future(self.seat.tab.call_tool(again)))
            answered_before.add(call.call_id)
        honest(self, seat, call, asked_at, answer)

    asking._answered = answered


def claim_each_time() -> None:
    """A call that was under way is simply run again when the turn goes on, under a new claim."""
    desk = importlib.import_module("server.core.desk")

    def claimed_before(self: Any, call_id: Any, call: Any) -> list[Any]:
        if call.is_frontend and not self.device:
            return []
        call.claim, call.is_under_way = str(uuid.uuid4()), True
        return [desk.Run(call_id)]

    desk.Desk._claimed_before = claimed_before


def result_not_stored() -> None:
    """What a tool gave is handed to the model before it is written."""
    approvals = importlib.import_module("server.tabs.approvals")

    async def settle(self: Any, call_id: Any, result: Any, *, failed: bool) -> None:
        finished = approvals.Finished(call_id, result, failed)
        asyncio.get_running_loop().call_later(0.3, self._put, finished)

    approvals.Approvals.settle = settle


def resume_from_the_wrong_update() -> None:
    """The replay begins one update too late."""
    telling = importlib.import_module("server.conversations.telling").Telling
    honest = telling._replay

    async def replay(self: Any, seat: Any, ledger: Any, after: int, *rest: Any) -> None:
        await honest(self, seat, ledger, after + 1, *rest)

    telling._replay = replay


def expiry_by_the_wall_clock() -> None:
    """What tells when a question ends is a clock that can be set."""
    moment = importlib.import_module("server.core.deadline").Moment
    clock = importlib.import_module("server.process.clock")
    vars(clock)["now"] = lambda: moment("a boot", time.time())


def approvals_forgotten() -> None:
    """What was asked before the server stopped is not asked again."""
    approvals = importlib.import_module("server.tabs.approvals").Approvals
    approvals.restore = lambda self, *_: None
    desk = importlib.import_module("server.core.desk").Desk
    desk._seated = lambda self: []


def held_up_by_a_half_open_connection() -> None:
    """A call waits in the connection that it was sent to, until somebody notices that it is dead."""
    importlib.import_module("server.tabs.delegate").FrontendToolDelegate.close = lambda self, reason: None


def asked_twice() -> None:
    """A question that is being stored while the seat changes is asked by both."""
    asking = importlib.import_module("server.tabs.asking").Asking
    honest = asking.ask

    def ask(self: Any, call: Any) -> None:
        self._asked.clear()
        honest(self, call)

    asking.ask = ask


def lost_when_away() -> None:
    """What cannot be written now is given up, and told as if it were written."""
    commits = importlib.import_module("server.storage.group_commit")

    async def commit(self: Any, batch: list[Any]) -> None:
        try:
            done = await self._write([one.job for one in batch])
        except Exception:  # noqa: BLE001
            done = [True] * len(batch)
        for one, has_done in zip(batch, done, strict=True):
            if not one.future.done():
                one.resolve(has_done)

    commits.GroupCommit._commit = commit


def stall() -> None:
    """Something blocks the event loop now and then."""
    history = importlib.import_module("server.agent.history").WindowedHistory
    honest = history.append_event

    def append_event(self: Any, *args: Any, **kwargs: Any) -> Any:
        time.sleep(0.3)
        return honest(self, *args, **kwargs)

    history.append_event = append_event


def every_row_read() -> None:
    """Each look for what is overdue, and each answer, reads all calls there are."""
    approvals = importlib.import_module("server.tabs.approvals").Approvals
    reading = importlib.import_module("server.storage.ledger_reading")
    honest = approvals._take

    async def take(self: Any, event: Any) -> None:
        query = reading.sa.select(reading.CALL)
        await self._books._ledger()._read(
            lambda connection: [reading.call_of(r) for r in connection.execute(query).mappings()]
        )
        await honest(self, event)

    approvals._take = take


PLANTS: dict[str, Callable[[], None]] = {
    plant.__name__: plant
    for plant in (
        acknowledge_before_commit,
        run_for_each_answer,
        claim_each_time,
        result_not_stored,
        resume_from_the_wrong_update,
        expiry_by_the_wall_clock,
        approvals_forgotten,
        held_up_by_a_half_open_connection,
        asked_twice,
        lost_when_away,
        stall,
        every_row_read,
        *misled.PLANTS,
        *granted.PLANTS,
        *open_door.PLANTS,
    )
}
