"""The outbox: in order, one at a time, and never in the way of who puts."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from server.tabs.outbox import Outbox
from shared.errors import LinkLostError


async def test_deliveries_are_made_in_the_order_they_were_put_however_long_each_takes() -> None:
    made: list[int] = []
    gates = [asyncio.Event() for _ in range(3)]

    async def deliver(n: int) -> None:
        await gates[n].wait()
        made.append(n)

    outbox = Outbox()
    for n in range(3):
        outbox.put(partial(deliver, n))
    for gate in reversed(gates):
        gate.set()
    await outbox.flush()
    assert made == [0, 1, 2]


async def test_a_delivery_that_finds_the_tab_gone_is_dropped_and_the_next_is_tried() -> None:
    made: list[str] = []

    async def lose() -> None:
        raise LinkLostError("gone")

    async def deliver() -> None:
        made.append("made")

    outbox = Outbox()
    outbox.put(lose)
    outbox.put(deliver)
    await outbox.flush()
    assert made == ["made"]


async def test_a_bug_in_one_delivery_is_logged_and_the_next_is_made(caplog: pytest.LogCaptureFixture) -> None:
    made: list[str] = []

    async def crash() -> None:
        raise ZeroDivisionError("bug-4711")

    async def deliver() -> None:
        made.append("made")

    outbox = Outbox()
    outbox.put(crash)
    outbox.put(deliver)
    await outbox.flush()
    assert made == ["made"]
    assert "bug-4711" in caplog.text


async def test_a_full_outbox_makes_its_callers_wait_until_half_of_it_is_sent() -> None:
    permits = asyncio.Semaphore(0)

    async def deliver() -> None:
        await permits.acquire()

    outbox = Outbox(room_for=4)
    for _ in range(4):
        outbox.put(deliver)
    waiting = asyncio.create_task(outbox.room(asyncio.Event()))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not waiting.done()
    for _ in range(4):
        permits.release()
    async with asyncio.timeout(5):
        await waiting


async def test_an_empty_outbox_is_flushed_and_roomy() -> None:
    outbox = Outbox()
    async with asyncio.timeout(1):
        await outbox.flush()
        await outbox.room(asyncio.Event())


async def test_who_gives_up_does_not_wait_for_room() -> None:
    async def hang() -> None:
        await asyncio.get_running_loop().create_future()

    outbox, give_up = Outbox(room_for=1), asyncio.Event()
    outbox.put(hang)
    waiting = asyncio.create_task(outbox.room(give_up))
    await asyncio.sleep(0)
    give_up.set()
    async with asyncio.timeout(5):
        await waiting


async def test_an_outbox_that_is_closed_delivers_nothing_more_and_keeps_nobody_waiting() -> None:
    made: list[int] = []
    gate = asyncio.Event()

    async def deliver(n: int) -> None:
        await gate.wait()
        made.append(n)

    outbox = Outbox(room_for=2)
    for n in range(3):
        outbox.put(partial(deliver, n))
    await asyncio.sleep(0)
    outbox.close()
    outbox.put(partial(deliver, 3))
    async with asyncio.timeout(5):
        await outbox.room(asyncio.Event())
        gate.set()
        await outbox.flush()
    assert made == [0], "what was under way comes to its end"
