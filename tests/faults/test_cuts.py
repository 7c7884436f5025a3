"""A connection that is cut, reset or stalled in the middle misses nothing, doubles nothing and keeps the order."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.durable_tab import Address, DurableTab
from tests.faults.household import Household, household, notify
from tests.faults.nursery import Nursery
from tests.faults.proxy import Direction, Line, Proxy, behind, proxy_to

NAMES = ("PC", "laptop", "phone", "tablet")
WAYS = ("cut to the tab", "cut to the server", "reset", "stall", "half-open")
LATEST = {Direction.TO_CLIENT: 9_000, Direction.TO_SERVER: 5_000}
"""How many bytes pass at most before the fault: fewer than a connection passes otherwise."""
NOTICED = 0.05
"""Seconds after which a tab gives a stalled line up."""
WORDS = 60
"""Of one answer."""
ENOUGH = 0.9
"""The share of the cuts that must have had something to recover."""


@dataclass
class Tally:
    """What a series of cuts saw."""

    ways: Counter[str] = field(default_factory=Counter)
    with_something: int = 0
    wrongs: list[str] = field(default_factory=list)

    @property
    def cuts(self) -> int:
        return sum(self.ways.values())


async def spoil(line: Line, way: str, dice: random.Random, tab: DurableTab) -> None:
    """Do it to one connection, after some bytes."""
    if way.startswith("cut"):
        direction = Direction.TO_SERVER if way.endswith("server") else Direction.TO_CLIENT
        line.cut(line.passed(direction) % 7 + dice.randrange(400, LATEST[direction]), direction)
        return
    least = dice.randrange(1_500, LATEST[Direction.TO_CLIENT])
    while line.is_open and line.passed(Direction.TO_CLIENT) < least:
        await asyncio.sleep(0.001)
    if way == "reset":
        line.reset()
    elif line.is_open:
        line.stall()
        try:
            await asyncio.sleep(NOTICED)
        finally:
            tab.break_off()
            if way == "stall":
                line.close()


async def be_busy(tab: DurableTab, number: int, dice: random.Random) -> None:
    """Have so much said that the line never is idle."""
    texts = (f"/stream {WORDS}", f"/stream {WORDS}", f"/tool {notify(f'{tab.name} {number}')}", f"hello {number}")
    for part, text in enumerate(dice.sample(texts, len(texts))):
        tab.say(f"{number}.{part}", text)
    await tab.until(lambda: set(tab.said) == set(tab.ended), 60)


async def cut_again_and_again(tab: DurableTab, proxy: Proxy, dice: random.Random, count: int, tally: Tally) -> None:
    """Spoil one connection of the tab after the other, while it is told much."""
    number, spoiled = 0, 0
    while spoiled < count:
        number += 1
        busy = asyncio.create_task(be_busy(tab, number, dice))
        try:
            while spoiled < count and not busy.done():
                lines = [line for line in proxy.lines if line.is_open]
                if tab.visit is None or not lines:
                    await asyncio.sleep(0.002)
                    continue
                visit, seq, way = tab.visits, tab.seen.seq, dice.choice(WAYS)
                spoiling = asyncio.create_task(spoil(lines[-1], way, dice, tab))
                await asyncio.wait({busy, asyncio.create_task(gone(tab, visit))}, return_when=asyncio.FIRST_COMPLETED)
                spoiling.cancel()
                await asyncio.wait({spoiling})
                if tab.visits == visit and tab.visit is not None:
                    # The turns were over before the fault came.
                    continue
                spoiled += 1
                tally.ways[way] += 1
                tally.with_something += any(name not in tab.ended for name in tab.said)
                assert tab.seen.seq >= seq
        finally:
            await busy


async def gone(tab: DurableTab, visit: int) -> None:
    """Wait until that visit is over."""
    while tab.visits == visit and tab.visit is not None:
        await asyncio.sleep(0.002)


async def check(nursery: Nursery, home: Path, *, count: int, seed: int, plant: str | None = None) -> Tally:
    dice, tally = random.Random(seed), Tally()
    begun = time.monotonic()
    async with household(nursery, home) as house:
        house.plant = plant
        assert await house.start()
        house.tabs = [DurableTab(name, home, Address()) for name in NAMES]
        each = -(-count // len(NAMES))
        await asyncio.gather(*(spoil_tab(house, tab, dice, each, tally) for tab in house.tabs))
        tally.wrongs += house.wrongs()
    print(
        f"seed {seed}: {tally.cuts} cuts, {tally.with_something} with something to recover, "
        f"{time.monotonic() - begun:.0f} s; {dict(tally.ways)}"
    )
    return tally


async def spoil_tab(house: Household, tab: DurableTab, dice: random.Random, count: int, tally: Tally) -> None:
    async with proxy_to(behind(house.where.url)) as proxy:
        tab.where.url, tab.where.token = proxy.url, house.where.token
        keeping = asyncio.create_task(tab.keep())
        try:
            await cut_again_and_again(tab, proxy, dice, count, tally)
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})


async def test_a_cut_in_the_middle_misses_and_doubles_nothing(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=60, seed=9)
    assert tally.wrongs == []
    assert tally.with_something >= ENOUGH * tally.cuts


async def test_a_tab_that_knows_more_than_the_server_is_told_so(nursery: Nursery, tmp_path: Path) -> None:
    async with household(nursery, tmp_path, "PC") as house:
        (tab,) = house.tabs
        assert await house.start()
        tab.say("m", "hello")
        await tab.until(lambda: tab.ended)
        tab.seen.seq += 1
        tab.break_off()
        await tab.until(lambda: tab.wrongs)
        assert tab.wrongs == ["the server has less than this tab was told"]


@pytest.mark.stress
@pytest.mark.timeout(1800)
async def test_a_thousand_cuts_miss_and_double_nothing(nursery: Nursery, tmp_path: Path) -> None:
    tally = await check(nursery, tmp_path, count=1000, seed=random.randrange(10**6))
    assert tally.wrongs == []
    assert tally.with_something >= ENOUGH * tally.cuts
