"""Everything is looked through while no turn runs, or seldom; the young are collected as ever."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from server.process import garbage


class Knot:
    """Only the collector can clear it up."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "LOOK_EVERY", 0.001)


@asynccontextmanager
async def collecting(is_quiet: Callable[[], bool]) -> AsyncIterator[None]:
    task = asyncio.create_task(garbage.collect_when_quiet(is_quiet))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def old_knot() -> weakref.ref[Knot]:
    """Garbage of the oldest generation, with so much done since that it is worth a look."""
    knot = Knot()
    found = weakref.ref(knot)
    gc.collect()
    del knot
    for _ in range(gc.get_threshold()[1] + 20):
        gc.collect(1)
    return found


async def gone(found: weakref.ref[Knot], within: float = 5.0) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            while found() is not None:
                await asyncio.sleep(0.001)
    return found() is None


async def test_what_is_old_is_collected_once_no_turn_runs() -> None:
    is_quiet = False
    async with collecting(lambda: is_quiet):
        found = old_knot()
        assert not await gone(found, within=0.05)
        is_quiet = True
        assert await gone(found)


async def test_a_server_that_is_never_quiet_collects_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "AT_LEAST_EVERY", 0.0)
    async with collecting(lambda: False):
        assert await gone(old_knot())


async def test_a_server_that_is_never_quiet_collects_when_there_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "AT_MOST", 1)
    async with collecting(lambda: False):
        assert await gone(old_knot())


async def test_python_never_does_it_by_itself_meanwhile_and_does_again_afterwards() -> None:
    before = gc.get_threshold()
    async with collecting(lambda: False):
        young, middle, old = gc.get_threshold()
        assert (young, middle) == before[:2]
        assert old > 10**9
    assert gc.get_threshold() == before


def test_what_is_loaded_is_kept_and_looked_at_no_more() -> None:
    frozen = gc.get_freeze_count()
    try:
        garbage.keep_what_is_loaded()
        assert gc.get_freeze_count() > frozen
    finally:
        gc.unfreeze()
