"""Work that is waited for: what it gives, and whose cancellation it is when there is none to give."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar

import pytest

from server.agent.cancellation import EndedItselfError, unless_cancelled
from shared.json_types import JsonObject

WAIT = 5.0
CANCELLED: JsonObject = {"success": False, "error": "The user cancelled the turn. The tool may have run."}


class Work:
    """Waits until it is cancelled, or does what the test says first."""

    def __init__(self, first: Callable[[asyncio.Task[object]], object] = lambda _: None) -> None:
        self.begun, self.stopped = asyncio.Event(), asyncio.Event()
        self._first = first

    async def __call__(self) -> JsonObject:
        self.begun.set()
        task = asyncio.current_task()
        assert task is not None
        try:
            self._first(task)
            await asyncio.get_running_loop().create_future()
        finally:
            self.stopped.set()
        return {}


def raise_that_it_was(_: object) -> None:
    raise asyncio.CancelledError


async def test_what_the_work_gives_is_given() -> None:
    async def work() -> JsonObject:
        return {"a": 1}

    assert await unless_cancelled(work(), asyncio.Event()) == {"a": 1}


async def test_what_the_work_raises_is_raised() -> None:
    async def work() -> JsonObject:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await unless_cancelled(work(), asyncio.Event())


async def test_once_the_person_cancels_it_is_refused_and_the_work_is_stopped() -> None:
    work, abort = Work(), asyncio.Event()
    waiting = asyncio.create_task(unless_cancelled(work(), abort))
    async with asyncio.timeout(WAIT):
        await work.begun.wait()
        abort.set()
        assert await waiting == CANCELLED
        await work.stopped.wait()


@pytest.mark.parametrize("first", [asyncio.Task.cancel, raise_that_it_was], ids=["cancels itself", "says it was"])
async def test_work_that_cancels_itself_is_told_from_being_cancelled(first: Callable[[object], object]) -> None:
    work = Work(first)
    async with asyncio.timeout(WAIT):
        with pytest.raises(EndedItselfError) as caught:
            await unless_cancelled(work(), asyncio.Event())
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)


@pytest.mark.parametrize("is_over", [True, False], ids=["over already", "under way"])
async def test_cancelling_whoever_waits_stops_the_work_and_stays_a_cancellation(*, is_over: bool) -> None:
    work = Work(raise_that_it_was if is_over else lambda _: None)
    waiting = asyncio.create_task(unless_cancelled(work(), asyncio.Event()))
    async with asyncio.timeout(WAIT):
        await (work.stopped if is_over else work.begun).wait()
        waiting.cancel()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        await work.stopped.wait()


async def test_the_work_sees_the_context_of_whoever_waits() -> None:
    whose: ContextVar[str] = ContextVar("whose")
    whose.set("ada")

    async def work() -> JsonObject:
        return {"whose": whose.get()}

    assert await unless_cancelled(work(), asyncio.Event()) == {"whose": "ada"}
